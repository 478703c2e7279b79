"""The chart of PSNR against seconds, drawn by bokeh.

Colours of text and lines are set by the page, which knows whether it is light or dark. A column `row` holds
the row's number on its board, by which the page hides rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bokeh.models import ColumnDataSource, HoverTool

from priorbench.ranking.boards import Board, Row
from priorbench.rendering.board.numbers import seconds_text
from priorbench.rendering.columns import rank
from priorbench.rendering.markers import Marker
from priorbench.report.plots import FAINT, INK, as_json, empty_figure, range_around, row_view
from priorbench.report.text import readable
from priorbench.report.trajectories import MeanCurve, pareto_front
from priorbench.words import number

_HEIGHT = 440


def speed_chart(
    board: Board, curves: Mapping[int, MeanCurve], looks: Mapping[str, Marker]
) -> dict[str, Any] | None:
    """Return the chart of PSNR against seconds as bokeh's JSON; None where no row has both.

    Parameters
    ----------
    board : Board
        the board.
    curves : Mapping[int, tuple[ndarray, ndarray]]
        number of a row -> its seconds and PSNR in dB.
    looks : Mapping[str, Marker]
        by name of a row.
    """
    points = [
        (row.seconds, row.psnr, place)
        for place, row in enumerate(board.rows)
        if row.seconds is not None and row.psnr is not None
    ]
    if not points:
        return None
    lowest = min([at for at, _, _ in points] + [float(curve[0][0]) for curve in curves.values()])
    highest = max([at for at, _, _ in points] + [float(curve[0][-1]) for curve in curves.values()])
    plot = empty_figure(
        height=_HEIGHT,
        x_axis_type="log",
        x_range=(lowest / 2.5, highest * 2.5),
        x_axis_label="seconds for one image (logarithmic)",
        y_range=range_around([psnr for _, psnr, _ in points], *(curve[1] for curve in curves.values())),
        y_axis_label="mean PSNR, dB",
    )
    front = pareto_front(point for point in points if board.rows[point[2]].rank is not None)
    ends = [at for at, _, _ in front] + [highest * 2.5], [best for _, best, _ in front]
    if front:
        plot.step(ends[0], [*ends[1], ends[1][-1]], mode="after", line_dash="dashed")
        plot.renderers[-1].glyph.tags = FAINT
    _draw_curves(plot, board, curves, looks)
    _draw_points(plot, board, points, looks)
    _draw_names(plot, board, points, front)
    return as_json(plot)


def _draw_curves(
    plot: Any, board: Board, curves: Mapping[int, MeanCurve], looks: Mapping[str, Marker]
) -> None:
    rows = [board.rows[place] for place in curves]
    source = ColumnDataSource(
        {
            "xs": [at for at, _ in curves.values()],
            "ys": [psnr for _, psnr in curves.values()],
            "colour": [looks[row.name].colour for row in rows],
            "name": [readable(row.shown) for row in rows],
            "row": list(curves),
        },
        name="filtered",
    )
    lines = plot.multi_line(
        "xs", "ys", line_color="colour", line_width=2.5, line_alpha=0.75, source=source, view=row_view()
    )
    plot.add_tools(
        HoverTool(
            renderers=[lines], tooltips=[("", "@name"), ("", "$x{0.[000]} s: $y{0.00} dB")], visible=False
        )
    )


def _draw_points(
    plot: Any, board: Board, points: Sequence[tuple[float, float, int]], looks: Mapping[str, Marker]
) -> None:
    rows = [board.rows[place] for _, _, place in points]
    seconds = seconds_text([row.seconds for row in board.rows])
    source = ColumnDataSource(
        {
            "x": [at for at, _, _ in points],
            "y": [psnr for _, psnr, _ in points],
            "row": [place for _, _, place in points],
            "name": [readable(row.shown) for row in rows],
            "colour": [looks[row.name].colour for row in rows],
            "marker": [looks[row.name].marker for row in rows],
            "alpha": [0.95 if row.rank is not None else 0.0 for row in rows],
            "says": [f"{number(row.psnr, 2)} dB, {seconds(row.seconds)} s" for row in rows],
            "why": [_standing(row) for row in rows],
        },
        name="filtered",
    )
    dots = plot.scatter(
        "x", "y", marker="marker", size=13, fill_color="colour", fill_alpha="alpha", line_color="colour",
        line_width=2, source=source, view=row_view(),
    )  # fmt: skip
    tips = [("", "@name"), ("", "@says"), ("", "@why")]
    plot.add_tools(HoverTool(renderers=[dots], tooltips=tips, visible=False))


def _draw_names(
    plot: Any,
    board: Board,
    points: Sequence[tuple[float, float, int]],
    front: Sequence[tuple[float, float, int]],
) -> None:
    """Give the page the names of the points, those on the front first; it places them where there is room.

    What a name's box may be depends on the window. A name that lies far from its point has a line to it.
    """
    ordered = [*front, *(point for point in points if point not in front)]
    rows = [board.rows[place] for _, _, place in ordered]
    count = len(ordered)
    source = ColumnDataSource(
        {
            "x": [at for at, _, _ in ordered],
            "y": [psnr for _, psnr, _ in ordered],
            "full": [readable(row.shown) for row in rows],
            "row": [place for _, _, place in ordered],
            "must": [number < len(front) for number in range(count)],
            # what the page fills in
            "name": [""] * count,
            "right": [0.0] * count,
            "down": [0.0] * count,
            "end_x": [at for at, _, _ in ordered],
            "end_y": [psnr for _, psnr, _ in ordered],
        },
        name="names",
    )
    plot.segment("x", "y", "end_x", "end_y", line_width=1, source=source)
    plot.renderers[-1].glyph.tags = FAINT
    plot.renderers[-1].level = "underlay"
    plot.text(
        "x", "y", "name", text_font_size="12px", text_align="left", text_baseline="top",
        x_offset="right", y_offset="down", source=source,
    )  # fmt: skip
    plot.renderers[-1].glyph.tags = INK


def _standing(row: Row) -> str:
    return f"rank {rank(row)}" if row.rank else f"not ranked: {row.unranked}"

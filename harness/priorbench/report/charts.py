"""The charts, drawn by bokeh: PSNR against seconds, and differences to the reference image by image.

Colours of text and lines are set by the page, which knows whether it is light or dark. A column `row` holds
the row's number on its board, by which the page hides rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bokeh.embed import json_item
from bokeh.models import (
    BooleanFilter,
    CDSView,
    ColumnDataSource,
    HoverTool,
    Model,
    NumeralTickFormatter,
)
from bokeh.models.annotations import LabelSet, Span
from bokeh.plotting import figure
from bokeh.transform import linear_cmap
from numpy.typing import NDArray

from priorbench.ranking.boards import Board, Row
from priorbench.rendering.columns import rank
from priorbench.rendering.markers import Marker
from priorbench.report.text import readable
from priorbench.report.trajectories import pareto_front
from priorbench.words import number, seconds

MeanCurve = tuple[NDArray[np.float32], NDArray[np.float32]]

_HEIGHT = 440
_STRIP = 44  #: pixels for each row of the chart of differences
_SPREAD = 0.36  #: of a strip, over which its images are spread
_GOLDEN = 0.6180339887498949
#: tag of what gets the colour of text, or of a faint line, from the page
_INK, _FAINT = ["ink"], ["faint"]


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
    plot = _figure(
        height=_HEIGHT,
        x_axis_type="log",
        x_range=(lowest / 2.5, highest * 2.5),
        x_axis_label="seconds for one image (logarithmic)",
        y_range=_range([psnr for _, psnr, _ in points], *(curve[1] for curve in curves.values())),
        y_axis_label="mean PSNR, dB",
    )
    front = pareto_front(point for point in points if board.rows[point[2]].rank is not None)
    ends = [at for at, _, _ in front] + [highest * 2.5], [best for _, best, _ in front]
    if front:
        plot.step(ends[0], [*ends[1], ends[1][-1]], mode="after", line_dash="dashed")
        plot.renderers[-1].glyph.tags = _FAINT
    _draw_curves(plot, board, curves, looks)
    _draw_points(plot, board, points, looks)
    _draw_names(plot, board, points, front)
    return _as_json(plot)


def _draw_curves(
    plot: Any, board: Board, curves: Mapping[int, MeanCurve], looks: Mapping[str, Marker]
) -> None:
    names = [board.rows[place].name for place in curves]
    source = ColumnDataSource(
        {
            "xs": [at for at, _ in curves.values()],
            "ys": [psnr for _, psnr in curves.values()],
            "colour": [looks[name].colour for name in names],
            "name": [readable(name) for name in names],
            "row": list(curves),
        },
        name="filtered",
    )
    lines = plot.multi_line(
        "xs", "ys", line_color="colour", line_width=2.5, line_alpha=0.75, source=source, view=_view()
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
    source = ColumnDataSource(
        {
            "x": [at for at, _, _ in points],
            "y": [psnr for _, psnr, _ in points],
            "row": [place for _, _, place in points],
            "name": [readable(row.name) for row in rows],
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
        line_width=2, source=source, view=_view(),
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
            "full": [readable(row.name) for row in rows],
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
    plot.renderers[-1].glyph.tags = _FAINT
    plot.renderers[-1].level = "underlay"
    plot.text(
        "x", "y", "name", text_font_size="12px", text_align="left", text_baseline="top",
        x_offset="right", y_offset="down", source=source,
    )  # fmt: skip
    plot.renderers[-1].glyph.tags = _INK


def _standing(row: Row) -> str:
    return f"rank {rank(row)}" if row.rank else f"not ranked: {row.unranked}"


def difference_chart(
    board: Board, difference: NDArray[np.float64] | None, looks: Mapping[str, Marker]
) -> dict[str, Any] | None:
    """Return the chart of PSNR minus the reference's as bokeh's JSON; None where nothing can be compared.

    Parameters
    ----------
    board : Board
        the board.
    difference : ndarray of float64 or None
        (rows, images) in dB, NaN where there is none.
    looks : Mapping[str, Marker]
        by name of a row.
    """
    shown = [place for place, row in enumerate(board.rows) if row.difference is not None]
    if difference is None or not shown:
        return None
    plot = _figure(
        height=90 + _STRIP * len(shown),
        x_axis_label=readable(f"PSNR minus that of {board.reference}, dB"),
        x_range=_range([0.0], difference[shown][np.isfinite(difference[shown])]),
        y_range=(len(shown) - 0.35, -0.75),
    )
    plot.yaxis.visible = False
    plot.ygrid.visible = False
    zero = Span(location=0, dimension="height", line_width=1.5, tags=_FAINT)
    plot.add_layout(zero)
    _draw_images(plot, board, difference, shown, looks)
    _draw_means(plot, board, shown, looks)
    _draw_titles(plot, board, shown)
    return _as_json(plot)


def _draw_images(
    plot: Any,
    board: Board,
    difference: NDArray[np.float64],
    shown: Sequence[int],
    looks: Mapping[str, Marker],
) -> None:
    strip, image = np.nonzero(np.isfinite(difference[shown]))
    source = ColumnDataSource(
        {
            "x": difference[shown][strip, image].astype(np.float32),
            # The same image lies equally far down in every strip; golden-ratio steps leave no gaps.
            "y": (strip + ((image * _GOLDEN) % 1 - 0.5) * _SPREAD).astype(np.float32),
            "row": np.array(shown, dtype=np.int16)[strip],
            "image": image.astype(np.int32),  # the page puts names in the place of the numbers
        },
        name="filtered",
    )
    palette = [looks[row.name].colour for row in board.rows]
    colour = linear_cmap("row", palette, -0.5, len(palette) - 0.5)
    dots = plot.scatter(
        "x", "y", size=5, fill_color=colour, line_color=None, fill_alpha=0.45, source=source, view=_view()
    )
    plot.add_tools(
        HoverTool(renderers=[dots], tooltips=[("", "@image"), ("", "@x{+0.00} dB")], visible=False)
    )


def _draw_means(plot: Any, board: Board, shown: Sequence[int], looks: Mapping[str, Marker]) -> None:
    rows = [board.rows[place] for place in shown]
    apart = [row.difference for row in rows if row.difference is not None]
    source = ColumnDataSource(
        {
            "x": [item.mean for item in apart],
            "low": [item.interval.low if item.interval else item.mean for item in apart],
            "high": [item.interval.high if item.interval else item.mean for item in apart],
            "y": list(range(len(shown))),
            "row": list(shown),
            "colour": [looks[row.name].colour for row in rows],
            "marker": [looks[row.name].marker for row in rows],
        },
        name="filtered",
    )
    view = _view()
    plot.segment("low", "y", "high", "y", line_width=3, source=source, view=view)
    plot.renderers[-1].glyph.tags = _INK
    plot.scatter(
        "x", "y", marker="marker", size=11, fill_color="colour", line_width=1.5, source=source, view=view
    )
    plot.renderers[-1].glyph.tags = _INK


def _draw_titles(plot: Any, board: Board, shown: Sequence[int]) -> None:
    """Write each row's name above its strip: a phone has no room beside it."""
    source = ColumnDataSource(
        {
            "x": [6] * len(shown),
            "y": [strip - 0.28 for strip in range(len(shown))],
            "name": [_title(board.rows[place]) for place in shown],
            "row": list(shown),
        }
    )
    plot.add_layout(
        LabelSet(
            x="x", y="y", x_units="screen", text="name", text_font_size="12px", text_baseline="bottom",
            source=source, tags=[*_INK, "titles"],
        )
    )  # fmt: skip


def _title(row: Row) -> str:
    mean = "" if row.difference is None else f"   {number(row.difference.mean, 2, sign=True)} dB"
    return str(readable(f"{row.name}{mean}"))


def _figure(**options: Any) -> Any:
    """Return an empty plot that is as wide as the page, and that a finger can scroll past."""
    plot = figure(
        sizing_mode="stretch_width",
        tools="pan,box_zoom,wheel_zoom,reset,save",
        active_drag=None,
        active_scroll=None,
        toolbar_location="above",
        min_border_left=10,
        background_fill_color=None,  # the page's own shows through
        border_fill_color=None,
        **options,
    )
    plot.toolbar.logo = None
    plot.toolbar.autohide = False
    if options.get("x_axis_type") == "log":
        plot.xaxis.formatter = NumeralTickFormatter(format="0.[000000]")
    return plot


def _range(*values: Sequence[float] | NDArray[np.generic]) -> tuple[float, float]:
    """Return a range around all values, with room for names."""
    together = np.concatenate([np.asarray(part, dtype=np.float64) for part in values])
    low, high = float(together.min()), float(together.max())
    margin = 0.1 * (high - low) or 0.5
    return low - margin, high + margin


def _view() -> CDSView:
    return CDSView(filter=BooleanFilter())


def _as_json(plot: Model) -> dict[str, Any]:
    item: dict[str, Any] = dict(json_item(plot))
    return item

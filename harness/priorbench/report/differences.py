"""The chart of differences to the reference, image by image, drawn by bokeh.

A column `row` holds the row's number on its board, by which the page hides rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, HoverTool
from bokeh.models.annotations import LabelSet, Span
from bokeh.transform import linear_cmap
from numpy.typing import NDArray

from priorbench.ranking.boards import Board, Row
from priorbench.rendering.board.numbers import difference_digits
from priorbench.rendering.markers import Marker
from priorbench.report.plots import FAINT, INK, as_json, empty_figure, range_around, row_view
from priorbench.report.text import readable
from priorbench.words import number

_STRIP = 44  #: pixels for each row
_SPREAD = 0.36  #: of a strip, over which its images are spread
_GOLDEN = 0.6180339887498949


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
    plot = empty_figure(
        height=90 + _STRIP * len(shown),
        x_axis_label=readable(f"PSNR minus that of {board.reference_shown}, dB"),
        x_range=range_around([0.0], difference[shown][np.isfinite(difference[shown])]),
        y_range=(len(shown) - 0.35, -0.75),
    )
    plot.yaxis.visible = False
    plot.ygrid.visible = False
    zero = Span(location=0, dimension="height", line_width=1.5, tags=FAINT)
    plot.add_layout(zero)
    _draw_images(plot, board, difference, shown, looks)
    _draw_means(plot, board, shown, looks)
    _draw_titles(plot, board, shown)
    return as_json(plot)


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
        "x", "y", size=5, fill_color=colour, line_color=None, fill_alpha=0.45, source=source, view=row_view()
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
    view = row_view()
    plot.segment("low", "y", "high", "y", line_width=3, source=source, view=view)
    plot.renderers[-1].glyph.tags = INK
    plot.scatter(
        "x", "y", marker="marker", size=11, fill_color="colour", line_width=1.5, source=source, view=view
    )
    plot.renderers[-1].glyph.tags = INK


def _draw_titles(plot: Any, board: Board, shown: Sequence[int]) -> None:
    """Write each row's name above its strip: a phone has no room beside it."""
    digits = difference_digits(row.difference for row in board.rows)
    source = ColumnDataSource(
        {
            "x": [6] * len(shown),
            "y": [strip - 0.28 for strip in range(len(shown))],
            "name": [_title(board.rows[place], digits) for place in shown],
            "row": list(shown),
        }
    )
    plot.add_layout(
        LabelSet(
            x="x", y="y", x_units="screen", text="name", text_font_size="12px", text_baseline="bottom",
            source=source, tags=[*INK, "titles"],
        )
    )  # fmt: skip


def _title(row: Row, digits: int) -> str:
    mean = "" if row.difference is None else f"   {number(row.difference.mean, digits, sign=True)} dB"
    return str(readable(f"{row.shown}{mean}"))

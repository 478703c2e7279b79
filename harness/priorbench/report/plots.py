"""What the charts of the page share: empty plots, ranges, and tags by which the page finds what to colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.embed import json_item
from bokeh.models import BooleanFilter, CDSView, Model, NumeralTickFormatter
from bokeh.plotting import figure
from numpy.typing import NDArray

#: tag of what gets the colour of text, or of a faint line, from the page
INK, FAINT = ["ink"], ["faint"]


def empty_figure(**options: Any) -> Any:
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


def range_around(*values: Sequence[float] | NDArray[np.generic]) -> tuple[float, float]:
    """Return a range around all values, with room for names."""
    together = np.concatenate([np.asarray(part, dtype=np.float64) for part in values])
    low, high = float(together.min()), float(together.max())
    margin = 0.1 * (high - low) or 0.5
    return low - margin, high + margin


def row_view() -> CDSView:
    """Return a view that shows every row, until the page hides some."""
    return CDSView(filter=BooleanFilter())


def as_json(plot: Model) -> dict[str, Any]:
    """Return a plot as bokeh's JSON."""
    item: dict[str, Any] = dict(json_item(plot))
    return item

"""Figures and tables as data: what they show, not how they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: how a line is drawn
Style = Literal["line", "dashes", "points", "steps"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One curve of a chart.

    Attributes
    ----------
    name : str
        for the legend; lines of one name have one colour in all panels of a figure.
    x, y : sequence of float
        of equal length; what is not finite is left out.
    low, high : sequence of float, default ()
        a band around it, of the same length.
    style : {'line', 'dashes', 'points', 'steps'}, default 'line'
        how it is drawn.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    style: Style = "line"


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """Curves in one pair of axes.

    Attributes
    ----------
    title, x_label, y_label : str
        with units.
    lines : sequence of Line
        the curves.
    log_x, log_y : bool, default False
        logarithmic axes.
    x_limits, y_limits : (float, float) or None, optional
        the paper's own axes; None = what fits.
    """

    title: str
    x_label: str
    y_label: str
    lines: Sequence[Line]
    log_x: bool = False
    log_y: bool = False
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatMap:
    """Values on a grid, with lines over it.

    Attributes
    ----------
    title, x_label, y_label, value_label : str
        with units.
    x, y : sequence of float
        the grid, rising.
    values : sequence of sequence of float
        one row for each of `y`; not a number where there is none.
    value_limits : (float, float), default (0, 1)
        what the ends of the colours mean.
    lines : sequence of Line, default ()
        curves over the map, in the units of its axes.
    """

    title: str
    x_label: str
    y_label: str
    value_label: str
    x: Sequence[float]
    y: Sequence[float]
    values: Sequence[Sequence[float]]
    value_limits: tuple[float, float] = (0.0, 1.0)
    lines: Sequence[Line] = ()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Picture:
    """One picture with its caption.

    Attributes
    ----------
    caption : str
        for example ``"DIP, 29.2 dB"``.
    pixels : bytes or ndarray
        a PNG file, or values on the 0..1 scale: (height, width) or (3, height, width).
    """

    caption: str
    pixels: bytes | NDArray[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pictures:
    """Pictures side by side.

    Attributes
    ----------
    title : str
        of the row.
    pictures : sequence of Picture
        from left to right.
    """

    title: str
    pictures: Sequence[Picture]


Panel = Chart | HeatMap | Pictures


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """Panels in the places that they have in the paper.

    Attributes
    ----------
    panels : sequence of Panel
        row by row.
    columns : int, default 2
        panels in a row; `Pictures` have a row of their own.
    """

    panels: Sequence[Panel]
    columns: int = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows of numbers and texts, such as per-image results beside the published ones.

    Attributes
    ----------
    title : str
        what it shows.
    header : sequence of str
        one for each column, with units.
    rows : sequence of sequence of (str or float or int or None)
        None = there is none.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str | float | int | None]]

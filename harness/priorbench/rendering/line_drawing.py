"""Draws lines with bands over a logarithmic axis as SVG, their names below, so that no labels overlap."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from rich.cells import cell_len

from priorbench.rendering.svg import (
    CHARACTER,
    LINE,
    colour_of,
    dark_style,
    folded,
    opening,
    plain,
    text_element,
)

_WIDE = 720  #: width of a file
_MARGIN = 12
_LEFT, _TOP = 52, 24  #: of the axes
_TICK = 56  #: pixels between ticks of the horizontal axis, at least
_SWATCH = 30  #: width of a sample of a line before its name
#: patterns of lines of one colour
DASHES = ("", "7 3", "2 3", "9 3 2 3")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line, or a single point.

    Attributes
    ----------
    name, label : str
        what is below the chart, and the label of the method, by which a page hides it.
    colour, dash, mark : str
        as #rrggbb, one of `DASHES`, and a character at its last point.
    at, value : tuple of float
        along the two axes.
    low, high : tuple of float, default ()
        ends of the band.
    steps : bool, default False
        values hold until the next point, from zero on.
    """

    name: str
    label: str
    colour: str
    dash: str = ""
    mark: str = "●"
    at: tuple[float, ...]
    value: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    steps: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """Lines, what the axes are, and a description in words.

    Attributes
    ----------
    heading, caption : str
        what is above and below.
    across, up : str
        names of the axes.
    lines : tuple of Line
        at least one.
    span : tuple[float, float]
        ends of the vertical axis; what is beyond is cut off.
    level : tuple[str, float] or None, optional
        name and height of a dashed line.
    """

    heading: str
    caption: str
    across: str
    up: str
    lines: tuple[Line, ...]
    span: tuple[float, float]
    level: tuple[str, float] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Frame:
    """Where the axes are, in pixels, and what they span."""

    right: float
    bottom: float
    begin: float
    end: float
    span: tuple[float, float]

    def x(self, value: float) -> float:
        share = math.log(value / self.begin) / math.log(self.end / self.begin)
        return _LEFT + share * (self.right - _LEFT)

    def y(self, value: float) -> float:
        low, high = self.span
        return self.bottom - (value - low) / (high - low) * (self.bottom - _TOP)


def charts_file(charts: Sequence[Chart]) -> str:
    """Return charts, one below the other with their headings and captions, as one SVG file."""
    parts, y = [], float(_MARGIN)
    for chart in charts:
        for line in folded(chart.heading, _WIDE - 2 * _MARGIN, most=9):
            y += LINE + 2
            parts.append(text_element(_MARGIN, y, line, "ink", bold=True))
        y += LINE / 2
        body, height = _body(chart, _WIDE)
        parts.append(f'<g transform="translate(0 {y:g})">{body}</g>')
        y += height
        for line in folded(chart.caption, _WIDE - 2 * _MARGIN, most=9):
            y += LINE
            parts.append(text_element(_MARGIN, y, line, "quiet"))
        y += 2 * LINE
    page = f'<rect {colour_of("page")} width="{_WIDE}" height="{y:g}"/>'
    return f"{opening(_WIDE, y)}{dark_style()}{page}{''.join(parts)}</svg>\n"


def chart_element(chart: Chart, width: int) -> str:
    """Return a chart as an element of a page, which sets the colours of text and axes."""
    body, height = _body(chart, width)
    name, said = escape(plain(chart.heading)), escape(plain(chart.caption))
    about = f"<title>{name}</title><desc>{said}</desc>"
    return opening(width, height, f' role="img" aria-label="{name}"') + about + body + "</svg>"


def _body(chart: Chart, width: float) -> tuple[str, float]:
    """Return the shapes of a chart, and its height."""
    frame = _frame(chart, width)
    lines = [*_lines(chart, frame)]
    names, height = _names(chart, width, frame.bottom + 3 * LINE + 6)
    inside = (
        f'<svg x="{_LEFT}" y="{_TOP}" width="{frame.right - _LEFT:g}" height="{frame.bottom - _TOP:g}"'
        f' viewBox="{_LEFT} {_TOP} {frame.right - _LEFT:g} {frame.bottom - _TOP:g}">'
    )
    parts = [*_axes(chart, frame), inside, *lines, "</svg>", *names]
    return "".join(parts), height


def _frame(chart: Chart, width: float) -> _Frame:
    at = [value for line in chart.lines for value in line.at]
    begin, end = min(at), max(at)
    room = (end / begin) ** 0.04 * 1.05
    return _Frame(
        right=width - _MARGIN,
        bottom=_TOP + (320 if width > 500 else 240),
        begin=begin / room,
        end=end * room,
        span=chart.span,
    )


def _axes(chart: Chart, frame: _Frame) -> Iterator[str]:
    yield text_element(2, 14, chart.up, "quiet")
    for value in _round_values(*frame.span):
        y = frame.y(value)
        yield f'<path {colour_of("grid")} d="M{_LEFT} {y:.1f}H{frame.right:g}"/>'
        label = f"{100 * value:.0f} %" if frame.span == (0.0, 1.0) else f"{value:g}"
        yield text_element(_LEFT - 6, y + 4, label, "quiet", anchor="end")
    for value in _decades(frame):
        x = frame.x(value)
        yield f'<path {colour_of("grid")} d="M{x:.1f} {_TOP}V{frame.bottom:g}"/>'
        yield text_element(x, frame.bottom + LINE, f"{value:g}", "quiet", anchor="middle")
    middle = (_LEFT + frame.right) / 2
    yield text_element(middle, frame.bottom + 2 * LINE + 2, chart.across, "quiet", anchor="middle")


def _round_values(low: float, high: float) -> Iterator[float]:
    """Yield five or so round values of the vertical axis."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    for number in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1):
        yield round(number * step, 9)


def _decades(frame: _Frame) -> Iterator[float]:
    """Yield values of the horizontal axis: powers of ten, or 1, 2 and 5 of each where there is room."""
    first, last = math.floor(math.log10(frame.begin)), math.ceil(math.log10(frame.end))
    every = [(1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)]
    for factors in every:
        values = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
        inside = [value for value in values if frame.begin <= value <= frame.end]
        if len(inside) < 2 or _apart(frame, inside) >= _TICK:
            break
    step = max(1, math.ceil(_TICK / _apart(frame, inside))) if len(inside) > 1 else 1
    yield from inside[::step]


def _apart(frame: _Frame, values: Sequence[float]) -> float:
    places = [frame.x(value) for value in values]
    return min(two - one for one, two in pairwise(places))


def _lines(chart: Chart, frame: _Frame) -> Iterator[str]:
    if chart.level is not None:
        y = frame.y(chart.level[1])
        yield f'<path {colour_of("group")} stroke-dasharray="3 4" d="M{_LEFT} {y:.1f}H{frame.right:g}"/>'
    for line in chart.lines:
        yield f'<g data-method="{escape(plain(line.label))}"><title>{escape(plain(line.name))}</title>'
        yield from _shapes(line, frame)
        yield "</g>"


def _shapes(line: Line, frame: _Frame) -> Iterator[str]:
    """Yield the band, the line and the mark at its end."""
    points = [(frame.x(at), frame.y(value)) for at, value in zip(line.at, line.value, strict=True)]
    if line.low and len(points) > 1:
        xs = [x for x, _ in points]
        upper = [f"{x:.1f} {frame.y(value):.1f}" for x, value in zip(xs, line.high, strict=True)]
        lower = [f"{x:.1f} {frame.y(value):.1f}" for x, value in zip(xs, line.low, strict=True)]
        path = "M" + "L".join([*upper, *reversed(lower)]) + "Z"
        yield f'<path fill="{line.colour}" fill-opacity="0.13" d="{path}"/>'
    elif line.low:
        x, low, high = points[0][0], frame.y(line.low[0]), frame.y(line.high[0])
        yield f'<path stroke="{line.colour}" stroke-width="2" d="M{x:.1f} {low:.1f}V{high:.1f}"/>'
    if line.steps:
        moves = "".join(f"H{x:.1f}V{y:.1f}" for x, y in points)
        start = f"M{points[0][0]:.1f} {frame.y(0):.1f}"
        yield _stroke(line, f"{start}{moves}H{frame.right:g}")
    elif len(points) > 1:
        yield _stroke(line, "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points))
    x, y = points[-1]
    yield _mark(line, x, y)


def _stroke(line: Line, path: str) -> str:
    dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
    return f'<path fill="none" stroke="{line.colour}" stroke-width="2"{dash} d="{path}"/>'


def _mark(line: Line, x: float, y: float) -> str:
    return f'<text fill="{line.colour}" x="{x:.1f}" y="{y + 4.5:.1f}" text-anchor="middle">{line.mark}</text>'


def _names(chart: Chart, width: float, top: float) -> tuple[list[str], float]:
    """Return the names of lines, beside each other as far as there is room, and the height."""
    parts: list[str] = []
    x, y = float(_MARGIN), top
    entries = [(line, line.name) for line in chart.lines]
    for line, name in [*entries, *([(None, chart.level[0])] if chart.level else [])]:
        rows = folded(name, width - 2 * _MARGIN - _SWATCH, most=3)
        need = _SWATCH + CHARACTER * max(map(cell_len, rows)) + 14
        if x > _MARGIN and x + need > width:
            x, y = float(_MARGIN), y + LINE + 4
        sample = f"M{x:g} {y - 4:g}h22"
        if line is None:
            parts.append(f'<path {colour_of("group")} stroke-dasharray="3 4" d="{sample}"/>')
        else:
            single = len(line.at) == 1 and not line.steps
            drawn = ("" if single else _stroke(line, sample)) + _mark(line, x + 11, y - 4)
            parts.append(f'<g data-method="{escape(plain(line.label))}">{drawn}')
        for number, row in enumerate(rows):
            parts.append(text_element(x + _SWATCH, y + number * LINE, row, "ink"))
        parts.append("" if line is None else "</g>")
        x += need
        if len(rows) > 1:
            x, y = float(_MARGIN), y + LINE * len(rows) + 4
    return parts, y + (LINE if x > _MARGIN else 0)

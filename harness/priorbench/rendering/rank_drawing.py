"""Draws pictures of ranks as SVG: plain shapes and text, nothing that has to be fetched or run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from rich.cells import cell_len

from priorbench.rendering.rank_picture import Bar, Picture
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
_BAR = 10  #: height of a bar
_ROW = 24  #: height of a row, at least
_STEP = 16  #: between brackets
_MARGIN = 12
_MOSTLINES = 3  #: of a label; of a longer one the middle is left out
_LABELS = 0.4  #: share of the width that labels have, at most
_NARROW = 560  #: in a narrower picture labels stand above their bars


@dataclass(frozen=True, kw_only=True, slots=True)
class _Frame:
    """Where things are: labels from the margin, ranks between `left` and `right`, brackets behind."""

    left: float
    right: float
    ranks: int
    above: bool

    def x(self, rank: float) -> float:
        return self.left + (rank - 1) / max(1, self.ranks - 1) * (self.right - self.left)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    """A row of the picture: the lines of its label, its top, the middle of its bar, and its end."""

    bar: Bar
    label: Sequence[str]
    top: float
    middle: float
    end: float


def svg_file(pictures: Sequence[Picture]) -> str:
    """Return pictures, one below the other with their headings and captions, as one SVG file."""
    parts, y = [], float(_MARGIN)
    for picture in pictures:
        for line in folded(picture.heading, _WIDE - 2 * _MARGIN, most=9):
            y += LINE + 2
            parts.append(text_element(_MARGIN, y, line, "ink", bold=True))
        y += LINE / 2
        if len(picture.bars) > 1:
            body, height = _body(picture, _WIDE)
            parts.append(f'<g transform="translate(0 {y:g})">{body}</g>')
            y += height
        for line in folded(picture.caption, _WIDE - 2 * _MARGIN, most=9):
            y += LINE
            parts.append(text_element(_MARGIN, y, line, "quiet"))
        y += 2 * LINE
    page = f'<rect {colour_of("page")} width="{_WIDE}" height="{y:g}"/>'
    return f"{opening(_WIDE, y)}{dark_style()}{page}{''.join(parts)}</svg>\n"


def svg_element(picture: Picture, width: int) -> str:
    """Return a picture as an element of a page, which has heading and caption and sets the colours."""
    body, height = _body(picture, width)
    name = escape(plain(f"{picture.heading}. {picture.caption}"))
    return opening(width, height, f' role="img" aria-label="{name}"') + body + "</svg>"


def _body(picture: Picture, width: float) -> tuple[str, float]:
    """Return the shapes of a picture, and its height."""
    frame = _frame(picture, width)
    lines = list(_lines(picture, frame, width))
    bottom = lines[-1].end + 4
    parts = [*_axis(frame, picture.axis, bottom), *map(_row(frame), lines), *_brackets(picture, frame, lines)]
    return "".join(parts), bottom + 2 * LINE + 8


def _frame(picture: Picture, width: float) -> _Frame:
    right = width - _MARGIN - 8 - _STEP * len(picture.brackets)
    ranks = len(picture.bars)
    if width < _NARROW:
        return _Frame(left=_MARGIN + 8, right=right, ranks=ranks, above=True)
    longest = max(cell_len(plain(bar.label)) for bar in picture.bars) * CHARACTER
    left = _MARGIN + min(longest, _LABELS * width) + 20
    return _Frame(left=left, right=right, ranks=ranks, above=False)


def _lines(picture: Picture, frame: _Frame, width: float) -> Iterator[_Line]:
    top = float(LINE / 2)
    room = width - 2 * _MARGIN if frame.above else frame.left - _MARGIN - 12
    for bar in picture.bars:
        label = folded(bar.label, room, most=_MOSTLINES)
        text = LINE * len(label)
        height = text + _BAR + 12 if frame.above else max(_ROW, text + 6)
        middle = top + text + 4 + _BAR / 2 if frame.above else top + height / 2
        yield _Line(bar=bar, label=label, top=top, middle=middle, end=top + height)
        top += height


def _axis(frame: _Frame, name: str, bottom: float) -> Iterator[str]:
    """Yield lines at some ranks, as many as there is room for, with their numbers below."""
    room = max(1.0, (frame.right - frame.left) / 28)
    step = next(
        step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if frame.ranks / step <= room or step == 1000
    )
    odd = step <= 2
    for rank in [*([] if odd else [1]), *range(1 if odd else step, frame.ranks + 1, step)]:
        x = frame.x(rank)
        yield f'<path {colour_of("grid")} d="M{x:.1f} 4V{bottom:g}"/>'
        yield text_element(x, bottom + LINE, str(rank), "quiet", anchor="middle")
    yield text_element((frame.left + frame.right) / 2, bottom + 2 * LINE, name, "quiet", anchor="middle")


def _row(frame: _Frame) -> Callable[[_Line], str]:
    """Return what draws a row."""

    def drawn(line: _Line) -> str:
        bar, half = line.bar, _BAR / 2
        low, high, dot = (frame.x(rank) for rank in (bar.low, bar.high, bar.dot))
        first = line.top + 12 if frame.above else line.middle - LINE * len(line.label) / 2 + 12
        label = [
            text_element(_MARGIN if frame.above else frame.left - 14, first + LINE * number, text, "ink",
                  anchor="start" if frame.above else "end")
            for number, text in enumerate(line.label)
        ]  # fmt: skip
        ranks = f"{_number(bar.low)} to {_number(bar.high)}" if bar.low < bar.high else _number(bar.low)
        said = escape(plain(f"{bar.label}: {ranks}, place {_number(bar.dot)}"))
        return (
            f'<g data-method="{escape(plain(bar.method))}"><title>{said}</title>{"".join(label)}'
            f'<rect {colour_of("bar")} x="{low - half:.1f}" y="{line.middle - half:.1f}"'
            f' width="{high - low + _BAR:.1f}" height="{_BAR}" rx="{half:g}"/>'
            f'<circle {colour_of("ink")} cx="{dot:.1f}" cy="{line.middle:.1f}" r="3.5"/></g>'
        )

    return drawn


def _number(rank: float) -> str:
    return f"{round(rank, 2):g}"


def _brackets(picture: Picture, frame: _Frame, lines: Sequence[_Line]) -> Iterator[str]:
    """Yield a line at the right for each group: full between neighbours, dashed past others."""
    for number, bracket in enumerate(picture.brackets):
        x = frame.right + 8 + _STEP * (number + 0.75)
        middles = [lines[member].middle for member in bracket.members]
        yield f"<g><title>{bracket.letter}: not told apart</title>"
        for (one, next_one), (y, end) in zip(pairwise(bracket.members), pairwise(middles), strict=True):
            look = 'stroke-width="3"' if next_one == one + 1 else 'stroke-dasharray="2 3"'
            yield f'<path {colour_of("group")} {look} d="M{x:g} {y:.1f}V{end:.1f}"/>'
        for y in middles:
            yield f'<path {colour_of("group")} stroke-width="3" d="M{x - 4:g} {y:.1f}h8"/>'
        yield text_element(x, middles[0] - 7, bracket.letter, "quiet", anchor="middle") + "</g>"

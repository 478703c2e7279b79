"""Tables that fit: names are shortened, text is wrapped, and columns are left out at last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import zip_longest

from rich.cells import cell_len

from priorbench.rendering.terminal.names import fewest, shortened
from priorbench.rendering.terminal.wrapping import longest_piece, longest_word, wrapped

#: characters between columns
GAP = 2
#: characters that a name has at least: beside its marks while a column can be left out, and after that
_NAME = (16, 6, 6)
#: likewise text, which is wrapped; the longest word, or part of one, counts for as many at most
_TEXT, _WORD = (12, 8, 8), (20, 20, 8)
#: titles of columns, the least needed first; those of a tuple go together
Dispensable = Sequence[str | tuple[str, ...]]
#: text gets as many before names are shown whole
_ENOUGH = 16


class Kind(Enum):
    """What becomes of the cells of a column that is too wide."""

    NAME = auto()  #: shortened
    TEXT = auto()  #: wrapped
    NUMBER = auto()  #: nothing; aligned at the right
    WHOLE = auto()  #: nothing; aligned at the left


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    heading : str
        its title; empty in a table without a head.
    cells : Sequence[str]
        of each row, without line breaks.
    kind : Kind, default Kind.NUMBER
        what may be done to it.
    """

    heading: str
    cells: Sequence[str]
    kind: Kind = Kind.NUMBER

    @property
    def natural(self) -> int:
        """The width at which nothing has to be done."""
        return max(map(cell_len, (self.heading, *self.cells)))

    def least(self, need: int) -> int:
        """Return the width that it takes.

        Parameters
        ----------
        need : int
            0 while a column can be left out; 1 where words must be broken behind hyphens and signs; 2 where
            parts of words must be cut.
        """
        if self.kind is Kind.NAME:
            enough = _NAME[need] if need else fewest(self.cells, _NAME[need])
            return min(self.natural, max(enough, fewest(self.cells), self._head(need)))
        if self.kind is Kind.TEXT:
            words = max(map(longest_piece if need else longest_word, (self.heading, *self.cells)))
            return min(self.natural, max(_TEXT[need], min(words, _WORD[need])))
        return max(self._head(need), *map(cell_len, self.cells), 0)

    def _head(self, need: int) -> int:
        return longest_piece(self.heading) if need else cell_len(self.heading)


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """A table as lines.

    Attributes
    ----------
    shown, hidden : tuple of str
        headings of the columns that there is room for, and of those that there is none for.
    head : tuple of str
        lines of the head; none where no column has a title.
    rows : tuple of tuple of str
        the lines of each row.
    names_shortened : bool
        whether a name is not shown whole.
    """

    shown: tuple[str, ...]
    hidden: tuple[str, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names_shortened: bool

    def notes(self, whole: str) -> list[str]:
        """Return what a reader must know of what is not shown; `whole` says what shows all."""
        lines = []
        if self.names_shortened:
            lines.append(f"…: shortened ({whole} has it whole)")
        if self.hidden:
            lines.append(f"no room here for: {', '.join(self.hidden)} ({whole} has all)")
        return lines


def arranged(
    columns: Sequence[Column], width: int | None, dispensable: Dispensable = (), *, rule: bool = False
) -> Grid:
    """Return a table that is no wider than this.

    Names are shortened and text is wrapped before a column is left out. Where nothing may be left out any
    more, titles are wrapped, names and text get less, and at last the columns at the right are left out.

    Parameters
    ----------
    columns : Sequence[Column]
        the columns.
    width : int or None
        in characters; None for a table of any width.
    dispensable : Sequence[str or tuple of str], default ()
        titles of columns that a narrow table goes without, the least needed first; those of a tuple together.
    rule : bool, default False
        whether there is a line below the head.
    """
    places = list(range(len(columns)))
    sizes = [column.natural for column in columns]
    if width is not None and _sum(sizes) > width:
        places, least = _fitting(columns, width, dispensable)
        sizes = _grown([columns[place] for place in places], least, width)
    shown = [columns[place] for place in places]
    cells = [_cells(column, size) for column, size in zip(shown, sizes, strict=True)]
    whole = all(
        column.kind is not Kind.NAME or column.natural <= size
        for column, size in zip(shown, sizes, strict=True)
    )
    return Grid(
        shown=tuple(column.heading for column in shown),
        hidden=_hidden([column.heading for column in columns], places, dispensable),
        head=tuple(_head(shown, sizes, rule)),
        rows=tuple(tuple(_lines(row, shown, sizes)) for row in zip(*cells, strict=True)),
        names_shortened=not whole,
    )


def _hidden(headings: Sequence[str], places: Sequence[int], dispensable: Dispensable) -> tuple[str, ...]:
    """Return the columns that are not shown, the least needed first."""
    left_out = [heading for place, heading in enumerate(headings) if place not in places]
    least = [name for names in dispensable for name in _together(names) if name in left_out]
    return (*least, *(name for name in left_out if name not in least))


def _together(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def _fitting(columns: Sequence[Column], width: int, dispensable: Dispensable) -> tuple[list[int], list[int]]:
    """Return the places of the columns that there is room for, and the least width of each."""
    least = [column.least(0) for column in columns]
    places = list(range(len(columns)))

    def too_wide() -> bool:
        return _sum([least[place] for place in places]) > width

    for names in dispensable:
        if too_wide():
            places = [place for place in places if columns[place].heading not in _together(names)]
    for need in (1, 2):
        if too_wide():
            least = [column.least(need) for column in columns]
    while too_wide() and len(places) > 1:
        places.pop()
    return places, [min(least[place], width) for place in places]


def _grown(columns: Sequence[Column], least: Sequence[int], width: int) -> list[int]:
    """Give the room that is left to the longest text until it has enough, to names, and then to all text."""
    sizes = list(least)
    spare = width - _sum(sizes)
    natural = [column.natural for column in columns]
    texts = [place for place, column in enumerate(columns) if column.kind is Kind.TEXT]
    others = [place for place in range(len(columns)) if place not in texts]
    longest = max(texts, key=natural.__getitem__, default=None)
    for place in ([] if longest is None else [longest]) + others:
        enough = min(natural[place], _ENOUGH) if place == longest else natural[place]
        more = max(min(spare, enough - sizes[place]), 0)
        sizes[place] += more
        spare -= more
    for _ in range(spare):  # to the text that makes the most lines
        place = max(texts, key=lambda one: natural[one] / sizes[one], default=-1)
        if place < 0 or natural[place] <= sizes[place]:
            break
        sizes[place] += 1
    return sizes


def _sum(sizes: Sequence[int]) -> int:
    return sum(sizes) + GAP * (len(sizes) - 1)


def _head(columns: Sequence[Column], sizes: Sequence[int], rule: bool) -> Iterator[str]:
    """Yield the lines of the head; none where no column has a title."""
    if any(column.heading for column in columns):
        titles = [wrapped(column.heading, size) for column, size in zip(columns, sizes, strict=True)]
        yield from _lines(titles, columns, sizes)
        if rule:
            yield (" " * GAP).join("─" * size for size in sizes)


def _cells(column: Column, size: int) -> list[list[str]]:
    """Return the lines of each cell."""
    if column.kind is Kind.NAME:
        short = shortened(column.cells, size)
        return [[short[cell]] for cell in column.cells]
    return [wrapped(cell, size) for cell in column.cells]


def _lines(cells: Sequence[Sequence[str]], columns: Sequence[Column], sizes: Sequence[int]) -> Iterator[str]:
    """Yield the lines of a row."""
    for parts in zip_longest(*cells, fillvalue=""):
        padded = [
            " " * (size - cell_len(part)) + part
            if column.kind is Kind.NUMBER
            else part + " " * (size - cell_len(part))
            for part, column, size in zip(parts, columns, sizes, strict=True)
        ]
        yield (" " * GAP).join(padded).rstrip()

"""Pictures of ranks as elements of the page, and the board across boards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from priorbench.ranking.boards import Board
from priorbench.ranking.overall import Overall, OverallRow, overall
from priorbench.rendering.across import overall_columns, overall_footnotes, overall_title
from priorbench.rendering.rank_drawing import svg_element
from priorbench.rendering.rank_picture import Picture, board_picture, overall_picture
from priorbench.report.table import Cell

#: widths of the two drawings of a picture, in pixels: the page shows the one that fits
_WIDE, NARROW = 760, 340
_WORDS = ("method", "stopping")


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """A picture of ranks for wide and for narrow windows, and what is below it."""

    wide: Markup
    narrow: Markup
    caption: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A row of the board across boards: its cells, the label of its method, and whether it is ranked."""

    cells: tuple[Cell, ...]
    label: str
    ranked: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Across:
    """A board across boards: its heading, columns as (name, holds words), lines, notes and picture."""

    title: str
    columns: tuple[tuple[str, bool], ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    picture: Drawn | None


def rank_picture(board: Board) -> Drawn | None:
    """Return the picture of a board's ranks; None where fewer than two methods are ranked."""
    return _drawn(board_picture(board))


def across(boards: Sequence[Board]) -> list[Across]:
    """Return the boards across boards, one for each protocol that has one."""
    return [_across(board) for board in overall(boards)]


def _drawn(picture: Picture) -> Drawn | None:
    if len(picture.bars) < 2:
        return None
    wide, narrow = (Markup(svg_element(picture, width)) for width in (_WIDE, NARROW))
    return Drawn(wide=wide, narrow=narrow, caption=picture.caption)


def _across(board: Overall) -> Across:
    shown = overall_columns(board)
    return Across(
        title=overall_title(board),
        columns=tuple((name, name in _WORDS) for name in shown),
        lines=tuple(
            Line(
                cells=tuple(
                    Cell(text=cells[number], order=_order(name, row), word=name in _WORDS)
                    for name, cells in shown.items()
                ),
                label=row.denoiser,
                ranked=row.mean_rank is not None,
            )
            for number, row in enumerate(board.rows)
        ),
        notes=tuple(overall_footnotes(board)),
        picture=_drawn(overall_picture(board)),
    )


def _order(column: str, row: OverallRow) -> float | None:
    """Return what a cell is sorted by; None for a column of words, and for a cell without a value."""
    if column == "boards":
        return row.ranked_on
    if row.mean_rank is None or row.interval is None:
        return None
    values = {"mean rank": row.mean_rank, "interval": row.interval.low, "first": row.first, "won": row.won}
    return values.get(column)

"""The leaderboard as an HTML table: its cells, and what each column is sorted by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from priorbench.ranking.boards import Board, Row
from priorbench.rendering.board.headings import difference_column, metric_heading
from priorbench.rendering.board.notes import footnotes
from priorbench.rendering.columns import columns, title
from priorbench.rendering.markers import Marker

#: column -> what it is sorted by; the rest is sorted by its text
_SORTED_BY: Mapping[str, Callable[[Row], Any]] = {
    "rank": lambda row: row.rank,
    "PSNR dB": lambda row: row.psnr,
    "interval": lambda row: row.psnr_interval and row.psnr_interval.low,
    "gain dB": lambda row: row.gain,
    "p": lambda row: row.difference and row.difference.p_adjusted,
    "wins": lambda row: row.difference and row.difference.win_rate,
    "SSIM": lambda row: row.ssim,
    "s/image": lambda row: row.seconds,
    "× time": lambda row: row.time_ratio and row.time_ratio.value,
    "memory": lambda row: row.memory_bytes,
    "images": lambda row: row.images,
    "failed": lambda row: sum(row.failures.values()),
}
_WORDS = ("method", "stopping")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """Text, what it is sorted by (None = by the text), and whether it is a word or a number."""

    text: str
    order: float | None
    word: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class TableRow:
    """A row of the table: its cells, its method's label, rule and look, and whether it is the reference."""

    cells: tuple[Cell, ...]
    label: str
    rule: str
    look: Marker
    ranked: bool
    reference: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """A table: its heading, its columns as (name, holds words), its lines, and notes.

    `least_first` names the columns in which the least value is the best, so that sorting begins with it.
    """

    title: str
    columns: tuple[tuple[str, bool], ...]
    least_first: frozenset[str]
    lines: tuple[TableRow, ...]
    notes: tuple[str, ...]


def ranking(board: Board, looks: Mapping[str, Marker]) -> Ranking:
    """Return the ranking of a board."""
    shown = columns(board)
    return Ranking(
        title=title(board),
        columns=tuple((name, name in _WORDS) for name in shown),
        least_first=frozenset(
            metric_heading(board, name) for name, higher in board.higher_is_better.items() if not higher
        ),
        lines=tuple(
            TableRow(
                cells=tuple(
                    Cell(text=cell(row), order=_order(board, name, row), word=name in _WORDS)
                    for name, cell in shown.items()
                ),
                label=row.denoiser,
                rule=row.stopping_rule or "",
                look=looks[row.name],
                ranked=row.rank is not None,
                reference=row.name == board.reference,
            )
            for row in board.rows
        ),
        notes=tuple(footnotes(board, shown)),
    )


def _order(board: Board, name: str, row: Row) -> float | None:
    """Return what a cell is sorted by; None for a column that is sorted by its text."""
    if name in _WORDS:
        return None
    if name in _SORTED_BY:
        return _SORTED_BY[name](row)  # type: ignore[no-any-return]
    for metric, value in row.metrics.items():
        if name == metric_heading(board, metric):
            return value
    if name == difference_column(board):
        return row.difference.mean if row.difference else 0.0
    return None

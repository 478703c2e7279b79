"""Quality against time as parts of the page: charts of trajectories, tables of targets and of rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from priorbench.ranking.boards import Board
from priorbench.ranking.rules import RulesBoard
from priorbench.ranking.targets import TargetBoard
from priorbench.rendering.curves import charts
from priorbench.rendering.line_drawing import chart_element
from priorbench.rendering.markers import Marker
from priorbench.rendering.rules import rules_columns
from priorbench.rendering.rules_notes import rules_footnotes
from priorbench.rendering.targets import sections
from priorbench.report.ranks import NARROW, Drawn
from priorbench.report.table import Cell

#: width of a drawing for wide windows, two of which stand side by side
_WIDE = 620
_WORDS = ("method", "stopping", "best so far (oracle)", "for", "machine")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A row of a table: its cells, and the label of its method, empty where it has none."""

    cells: tuple[Cell, ...]
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table with its heading, columns as (name, holds words), rows and notes."""

    title: str
    columns: tuple[tuple[str, bool], ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Quality:
    """Quality against time on one board."""

    charts: tuple[Drawn, ...]
    tables: tuple[Table, ...]


def quality(
    board: Board, found: TargetBoard | None, rules: RulesBoard | None, looks: Mapping[str, Marker]
) -> Quality:
    """Return the charts and tables of a board.

    Parameters
    ----------
    board : Board
        of the ranking; what its notes say is not said again.
    found : TargetBoard or None
        of the same setting; None where there is no fit.
    rules : RulesBoard or None
        of the same setting; None where there is no stopping rule.
    looks : Mapping[str, Marker]
        by name, of the target board's methods, too.
    """
    told = () if rules is None else (_rules(board, rules),)
    if found is None:
        return Quality(charts=(), tables=told)
    drawn = tuple(
        Drawn(
            wide=Markup(chart_element(chart, _WIDE)),
            narrow=Markup(chart_element(chart, NARROW)),
            caption=chart.caption,
        )
        for chart in charts(found, looks)
    )
    tables = tuple(
        text_table(
            part.title, part.columns, part.labels, [one for one in part.notes if one not in board.notes]
        )
        for part in sections(found)
    )
    return Quality(charts=drawn, tables=(*tables, *told))


def _rules(board: Board, found: RulesBoard) -> Table:
    notes = [one for one in rules_footnotes(found) if one not in board.notes]
    return text_table("stopping rules", rules_columns(found), [row.denoiser for row in found.rows], notes)


def text_table(
    title: str, columns: Mapping[str, Sequence[str]], labels: Sequence[str], notes: Sequence[str]
) -> Table:
    """Return a table of texts, of which those of numbers are sorted by the first number in them."""
    return Table(
        title=title,
        columns=tuple((name, name in _WORDS) for name in columns),
        lines=tuple(
            Line(
                cells=tuple(
                    Cell(
                        text=text, order=None if name in _WORDS else _first_number(text), word=name in _WORDS
                    )
                    for name, text in zip(columns, cells, strict=True)
                ),
                label=label,
            )
            for cells, label in zip(zip(*columns.values(), strict=True), labels, strict=True)
        ),
        notes=tuple(notes),
    )


def _cell(name: str, text: str) -> Cell:
    word = name in _WORDS
    return Cell(text=text, order=None if word else _first_number(text), word=word)


def _first_number(text: str) -> float | None:
    found = _NUMBER.search(text)
    return float(found.group()) if found else None

"""Boards of rules as text, Markdown, LaTeX, CSV and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console

from priorbench.ranking.rules import RuleRow, RulesBoard
from priorbench.rendering.board.numbers import difference_digits, seconds_text
from priorbench.rendering.columns import difference, probability
from priorbench.rendering.latex import HEAD, latex_table
from priorbench.rendering.rules_notes import (
    BOUND,
    EARLIER,
    FEWER,
    difference_column,
    failed_column,
    rules_footnotes,
    rules_short_notes,
)
from priorbench.rendering.tables import (
    DIFFERENCE,
    board_grid,
    csv_table,
    markdown_table,
    nested,
    print_grid,
)
from priorbench.words import number, percent, plural

__all__ = [
    "rules_columns",
    "rules_csv",
    "rules_footnotes",
    "rules_latex",
    "rules_markdown",
    "rules_table",
    "rules_title",
]

#: columns that a narrow table goes without, the least needed first
_DISPENSABLE = (
    *("wins", "p", "images", "refused", "bad fits", "chosen", "PSNR dB", "stopped", "gap 95 %", "vs"),
    *("s/image", "not fired"),
)


def rules_table(boards: Sequence[RulesBoard], console: Console) -> None:
    """Print the boards for a person; what says nothing, or does not fit, is left out."""
    for board in boards:
        versus = difference_column(board)
        dispensable = [versus if name == "vs" else name for name in _DISPENSABLE]
        grid = board_grid(_cells(board), board.rows, console.width, dispensable)
        dim = [bool(row.unranked) for row in board.rows]
        print_grid(console, rules_title(board), grid, dim, rules_footnotes(board, grid.shown))


def rules_markdown(boards: Sequence[RulesBoard]) -> str:
    """Return the boards as Markdown."""
    return "\n".join(
        markdown_table(rules_title(board), rules_columns(board), rules_footnotes(board)) for board in boards
    )


def rules_latex(boards: Sequence[RulesBoard]) -> str:
    """Return one ``table`` for each board; of each method the rules with the smallest median gap are bold."""
    tables = []
    for board in boards:
        best: dict[str, float] = {}
        for row in board.rows:
            if not row.unranked and not row.short_bound and row.gap_median is not None:
                best[row.method] = min(row.gap_median, best.get(row.method, row.gap_median))
        bold = [not row.unranked and row.gap_median == best.get(row.method) for row in board.rows]
        shown = rules_columns(board)
        below = ["bold: least median gap of a method", *rules_short_notes(board, shown)]
        bolds = dict.fromkeys(shown, bold)
        tables.append(latex_table(rules_title(board), shown, bolds, below, rules_footnotes(board)))
    return HEAD + "\n" + "\n".join(tables)


def rules_csv(boards: Sequence[RulesBoard]) -> str:
    """Return the boards as one CSV table."""
    return csv_table([_flat(board, row) for board in boards for row in board.rows])


def rules_title(board: RulesBoard) -> str:
    """Return a board's heading."""
    return f"{board.setting}: stopping rules, {plural(board.images, 'image')}"


def rules_columns(board: RulesBoard) -> dict[str, list[str]]:
    """Return the columns that say something on this board, in order, each as its cells."""
    return {name: [cell(row) for row in board.rows] for name, cell in _cells(board).items()}


def _cells(board: RulesBoard) -> dict[str, Callable[[RuleRow], str]]:
    """Return heading -> cell of a row, without columns that are empty."""
    reference = "best" if board.against is None else "reference"
    digits = difference_digits(row.difference for row in board.rows)
    seconds = seconds_text([row.seconds for row in board.rows])
    every: Mapping[str, Callable[[RuleRow], str]] = {
        "method": lambda row: f"{row.method} (!)" if row.failed_fits else row.method,
        "stopping": _stopping,
        "gap dB": _gap,
        "gap 95 %": lambda row: number(row.gap_95, 2),
        failed_column(board): lambda row: percent(row.over_gap),
        "not fired": lambda row: percent(row.never_fired),
        "stopped": lambda row: number(row.stopped_at, 0),
        "chosen": lambda row: number(row.iterations, 0),
        "s/image": lambda row: seconds(row.seconds) + ("*" if row.tainted and row.seconds else ""),
        "PSNR dB": lambda row: number(row.psnr, 2) + (f" (+{row.infinite} exact)" if row.infinite else ""),
        difference_column(board): lambda row: (
            reference if _is_reference(row) else difference(row.difference, digits)
        ),
        "p": lambda row: "" if row.difference is None else probability(row.difference.p_adjusted),
        "wins": lambda row: "" if row.difference is None else percent(row.difference.win_rate),
        "images": lambda row: str(row.images),
        "bad fits": lambda row: str(row.failed_fits or ""),
        "refused": lambda row: str(row.failures.get("refused", 0) or ""),
        "failed": lambda row: str(_failed(row) or ""),
    }
    alike = all(row.images in (0, board.images) for row in board.rows)
    quiet = {"images"} if alike else set()
    return {
        name: cell
        for name, cell in every.items()
        if name not in quiet and any(cell(row) not in ("", "reference", "best") for row in board.rows)
    }


def _is_reference(row: RuleRow) -> bool:
    return row.difference is None and row.stopping_rule == row.against


def _stopping(row: RuleRow) -> str:
    """Return a rule's label; one that sees the clean image is called an oracle whatever its label is."""
    silent = row.oracle and "oracle" not in row.stopping_rule.lower()
    return f"{row.stopping_rule} (oracle)" if silent else row.stopping_rule


def _gap(row: RuleRow) -> str:
    """Return the median gap, marked where it is too small, or over fewer images than the row."""
    marks = [
        (EARLIER, row.short_bound),
        (BOUND, row.full_bound < row.gap_images and not row.short_bound),
        (FEWER, row.gap_images < row.images),
    ]
    text = number(row.gap_median, 2)
    return text + "".join(mark for mark, there in marks if text and there)


def _failed(row: RuleRow) -> int:
    """Return the trials that failed and were not refused."""
    return sum(count for status, count in row.failures.items() if status != "refused")


def _flat(board: RulesBoard, row: RuleRow) -> dict[str, Any]:
    """Return a row with its board's names and without nested records."""
    flat: dict[str, Any] = {"protocol": board.protocol, **asdict(board.setting), "gap": board.gap}
    for name in RuleRow.__dataclass_fields__:
        value = getattr(row, name)
        if name == "difference":
            flat |= nested(name, value, DIFFERENCE)
        elif name in ("conditions", "trained_on"):
            flat[name] = " ".join(value)
        else:
            flat[name] = json.dumps(value) if isinstance(value, dict) else value
    return flat

"""The board across boards as text, Markdown, LaTeX, CSV and JSON."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console

from priorbench.ranking.overall import Overall, OverallRow
from priorbench.rendering.board.notes import doubts, odd_outputs
from priorbench.rendering.columns import interval, method
from priorbench.rendering.latex import latex_table
from priorbench.rendering.plain import json_text
from priorbench.rendering.tables import column, csv_table, markdown_table, print_grid
from priorbench.rendering.terminal.grid import arranged
from priorbench.words import number, percent, plural

#: columns that a narrow table goes without, the least needed first
_DISPENSABLE = ("won", "first", "interval", "boards")


def overall_table(found: Sequence[Overall], console: Console) -> None:
    """Print the boards across boards for a person."""
    for board in found:
        columns = [column(name, cells) for name, cells in overall_columns(board).items()]
        grid = arranged(columns, console.width, _DISPENSABLE, rule=True)
        dim = [row.mean_rank is None for row in board.rows]
        print_grid(console, overall_title(board), grid, dim, overall_footnotes(board))


def overall_markdown(found: Sequence[Overall]) -> str:
    """Return the boards across boards as Markdown."""
    return "\n".join(
        markdown_table(overall_title(board), overall_columns(board), overall_footnotes(board))
        for board in found
    )


def overall_latex(found: Sequence[Overall]) -> str:
    """Return one ``table`` for each board across boards; what has the first mean rank is bold."""
    tables = []
    for board in found:
        shown, first = overall_columns(board), board.rows[0].mean_rank
        bold = [row.mean_rank is not None and row.mean_rank == first for row in board.rows]
        every = dict.fromkeys(shown, bold)
        below = ["bold: best", *_short_notes(board, shown)]
        ranked = [row.mean_rank is not None for row in board.rows]
        notes = overall_footnotes(board)
        tables.append(latex_table(overall_title(board), shown, every, below, notes, ranked=ranked))
    return "\n".join(tables)


def overall_csv(found: Sequence[Overall]) -> str:
    """Return the boards across boards as one CSV table."""
    return csv_table(overall_rows(found))


def overall_rows(found: Sequence[Overall]) -> list[dict[str, Any]]:
    """Return the rows of boards across boards without nested records."""
    return [_flat(board, row) for board in found for row in board.rows]


def overall_json(found: Sequence[Overall]) -> str:
    """Return the boards across boards as JSON: a list with one for each protocol."""
    told = []
    for board in found:
        fields = asdict(board)
        fields["boards"] = fields.pop("settings")
        told.append(fields)
    return json_text(told) + "\n"


def overall_title(board: Overall) -> str:
    """Return the heading: over how many boards, and of which methods."""
    return f"overall: {plural(len(board.settings), 'board')}, {plural(board.methods, 'method')}"


def overall_columns(board: Overall) -> dict[str, list[str]]:
    """Return the columns that say something, each with its cells."""
    rows = board.rows
    complete = all(row.mean_rank is not None for row in rows)
    every = {
        "mean rank": ["–" if row.mean_rank is None else number(row.mean_rank, 2) for row in rows],
        "interval": [interval(row.interval, 2) for row in rows],
        "method": [method(row) for row in rows],
        "stopping": [row.stopping_rule or "" for row in rows],
        "first": [_ranked(row, percent(row.first)) for row in rows],
        "won": [_ranked(row, str(row.won)) for row in rows],
        "boards": [] if complete else [str(row.ranked_on) for row in rows],
    }
    return {name: cells for name, cells in every.items() if any(cells)}


def _ranked(row: OverallRow, text: str) -> str:
    return "" if row.mean_rank is None else text


def overall_footnotes(board: Overall) -> list[str]:
    """Return what a reader must know."""
    return list(_footnotes(board))


def _footnotes(board: Overall) -> Iterator[str]:
    boards = plural(len(board.settings), "board")
    yield f"over: {'; '.join(str(setting) for setting in board.settings)}"
    yield (
        f"mean rank: mean over the {boards} of a method's place among these {board.methods} by mean PSNR;"
        " another method in the list may change it"
    )
    yield (
        "interval: means of the best and of the worst ranks that are possible; all of them together hold at"
        f" {board.claims.percent}, because each board speaks at {100 * board.board_level:.4g} %"
    )
    yield f"first: share of the {boards} on which it has the highest mean; equal ones share it"
    yield f"won: boards, of {len(board.settings)}, on which it is shown to be better than each of the others"
    yield "no dB is averaged over boards: a dB under one noise is not a dB under another"
    reasons: dict[str, list[str]] = {}
    for row in board.rows:
        if row.unranked:
            reasons.setdefault(row.unranked, []).append(row.shown)
    for reason, names in reasons.items():
        yield f"no mean rank: {', '.join(names)}: {reason}"
    yield from doubts(board.rows)
    yield from odd_outputs(board.rows)
    yield from board.notes


def _short_notes(board: Overall, shown: Container[str]) -> Iterator[str]:
    """Yield what a reader of a paper's table must know; all of it stands in its comments."""
    boards = plural(len(board.settings), "board")
    yield f"mean rank: over {boards}, by mean PSNR"
    if "interval" in shown:
        yield f"interval: of the ranks that are possible, {board.claims.percent}"
    if "first" in shown:
        yield "first: boards with the highest mean"
    if "won" in shown:
        yield "won: boards on which it is shown to be better than each other method"
    if any(row.unranked for row in board.rows):
        yield "–: not ranked on all boards"
    yield from (line for line in (*doubts(board.rows), *odd_outputs(board.rows)) if " is a " not in line)


def _flat(board: Overall, row: OverallRow) -> dict[str, Any]:
    """Return a row without nested records."""
    found = row.interval
    return {
        "protocol": board.protocol,
        "boards": len(board.settings),
        "methods": board.methods,
        "name": row.name,
        "denoiser": row.denoiser,
        "stopping_rule": row.stopping_rule,
        "device": row.device,
        "threads": row.threads,
        "mean_rank": row.mean_rank,
        "mean_rank_low": None if found is None else found.low,
        "mean_rank_high": None if found is None else found.high,
        "first": None if row.mean_rank is None else row.first,
        "won": None if row.mean_rank is None else row.won,
        "ranked_on": row.ranked_on,
        "unranked": row.unranked,
        "flags": "; ".join(row.flags),
        "remarks": json.dumps(dict(row.remarks)),
    }

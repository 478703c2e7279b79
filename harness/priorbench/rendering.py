"""Leaderboards as text: a table for people, Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from priorbench.leaderboard import Board, Row

COLUMNS: Mapping[str, Callable[[Row], str]] = {
    "rank": lambda row: "–" if row.rank is None else str(row.rank),
    "method": lambda row: row.denoiser,
    "stopping": lambda row: row.stopping_rule or "",
    "PSNR dB": lambda row: _number(row.psnr, 2) + (f" (+{row.infinite} exact)" if row.infinite else ""),
    "gain dB": lambda row: _number(row.gain, 2, sign=True),
    "SSIM": lambda row: _number(row.ssim, 4),
    "s/image": lambda row: seconds(row.seconds) + ("*" if row.tainted else ""),
    "memory": lambda row: memory(row.memory_bytes),
    "images": lambda row: str(row.images),
    "failed": lambda row: str(sum(row.failures.values()) or ""),
}


def table(boards: Sequence[Board], console: Console) -> None:
    """Print the boards for a person; columns that say nothing on any row are left out."""
    for board in boards:
        columns = _telling(board)
        view = Table(
            title=Text(title(board)),
            title_justify="left",
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            padding=(0, 1, 0, 0),
        )
        for name in columns:
            if name == "method":
                view.add_column(name, overflow="fold", min_width=12)
            else:
                view.add_column(name, justify="left" if name == "stopping" else "right", no_wrap=True)
        for row in board.rows:
            cells = [Text(cell(row)) for cell in columns.values()]
            view.add_row(*cells, style="dim" if row.unranked else None)
        console.print(view)
        for line in footnotes(board):
            console.print(Text(f"  {line}"), style="dim", highlight=False)
        console.print()


def _telling(board: Board) -> dict[str, Callable[[Row], str]]:
    """Return the columns that a reader of this board needs."""
    quiet = (
        {"images", "failed"}
        if all(row.images == board.images and not row.failures for row in board.rows)
        else set()
    )
    empty = {name for name, cell in COLUMNS.items() if not any(cell(row) for row in board.rows)}
    return {name: cell for name, cell in COLUMNS.items() if name not in quiet | empty}


def markdown(boards: Sequence[Board]) -> str:
    """Return the boards as Markdown."""
    parts = []
    for board in boards:
        rows = [[cell(row).replace("|", "\\|") for cell in COLUMNS.values()] for row in board.rows]
        lines = [
            list(COLUMNS),
            ["---" if name in ("method", "stopping") else "---:" for name in COLUMNS],
            *rows,
        ]
        text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        notes = "\n".join(f"- {line}" for line in footnotes(board))
        parts.append(f"### {title(board)}\n\n{text}\n\n{notes}\n")
    return "\n".join(parts)


def comma_separated(boards: Sequence[Board]) -> str:
    """Return the boards as one CSV table; a cell that a spreadsheet would run gets an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    fields = [name for name in Row.__dataclass_fields__ if name != "trained_on"]
    writer.writerow(["protocol", "image_set", "noise", "noisy_psnr", *fields])
    for board in boards:
        for row in board.rows:
            head = [board.protocol, board.image_set, board.noise, board.noisy_psnr]
            values = [
                json.dumps(value) if isinstance(value, dict) else value for value in _values(row, fields)
            ]
            writer.writerow([_harmless(value) for value in [*head, *values]])
    return out.getvalue()


def as_json(boards: Sequence[Board]) -> str:
    """Return the boards as JSON."""
    return json.dumps([asdict(board) for board in boards], indent=1, allow_nan=False) + "\n"


def title(board: Board) -> str:
    """Return a board's heading."""
    plural = "" if board.images == 1 else "s"
    noisy = "" if board.noisy_psnr is None else f", noisy {board.noisy_psnr:.2f} dB"
    return f"{board.image_set}, {board.noise}: {board.images} image{plural}{noisy}"


def footnotes(board: Board) -> list[str]:
    """Return what a reader of a board must know."""
    reasons: dict[str, list[str]] = {}
    for row in board.rows:
        if row.unranked:
            reasons.setdefault(row.unranked, []).append(_name(row))
    lines = [f"not ranked: {', '.join(names)}: {reason}" for reason, names in reasons.items()]
    if any(row.tainted for row in board.rows):
        lines.append("* some of these timings are marked: something else was running; the quality counts")
    if any(row.seconds is None and row.images for row in board.rows):
        lines.append("a time is left out where its trials ran in unlike environments")
    return lines + list(board.notes)


def seconds(value: float | None) -> str:
    """Return a duration with three significant figures."""
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}" if value >= 0.001 else f"{value:.1e}"


def memory(value: int | None) -> str:
    """Return a size in MiB or GiB."""
    if value is None:
        return ""
    mebibytes = value / 2**20
    return f"{mebibytes:.0f} MiB" if mebibytes < 1024 else f"{mebibytes / 1024:.1f} GiB"


def _name(row: Row) -> str:
    return f"{row.denoiser} ({row.stopping_rule})" if row.stopping_rule else row.denoiser


def _number(value: float | None, digits: int, sign: bool = False) -> str:
    return "" if value is None else f"{value:{'+' if sign else ''}.{digits}f}"


def _values(row: Row, fields: Sequence[str]) -> list[Any]:
    return [getattr(row, name) for name in fields]


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value

"""Leaderboards as text: a table for people, Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeVar

from rich.console import Console
from rich.text import Text

from priorbench.ranking.boards import Board, Interval, Row
from priorbench.rendering.board.headings import difference_column
from priorbench.rendering.board.notes import footnotes
from priorbench.rendering.board.numbers import below_each_other
from priorbench.rendering.columns import columns, letters, mean_difference, title, whole_name
from priorbench.rendering.terminal.grid import Column, Grid, Kind, arranged
from priorbench.rendering.terminal.wrapping import wrapped
from priorbench.words import seconds, visible

__all__ = ["comma_separated", "footnotes", "markdown", "seconds", "table", "title"]

AnyRow = TypeVar("AnyRow")

#: columns of names; numbers are aligned at the right
_WORDS = ("method", "stopping")
#: columns of numbers of unlike size
_TIMES = ("s/image", "× time")
#: columns that a narrow table goes without, the least needed first
_DISPENSABLE = (
    *("wins", "p", "interval", "memory", "images", "group", "gain dB", "× time", "SSIM"),
    *("s/image", "vs", "failed"),
)
#: what differences go without before their column goes
_INTERVALS = "intervals of differences"
#: what shows all columns and whole names
_ALL = "--format markdown"
#: fields of a difference, and what they are called beside those of its row
DIFFERENCE = {
    "mean": "difference",
    "p": "p",
    "p_adjusted": "p_adjusted",
    "win_rate": "win_rate",
    "verdict": "verdict",
}
_TIME_RATIO = {"value": "time_ratio", "occasions": "time_ratio_occasions"}


def table(boards: Sequence[Board], console: Console, wanted: Sequence[str] = ()) -> None:
    """Print the boards for a person; what says nothing, or does not fit, is left out.

    `wanted` has names of columns, see `priorbench.rendering.columns.columns`: of these the last are left out
    first.
    """
    for board in boards:
        cells = columns(board, wanted)
        dispensable = (
            [name for name in reversed(cells) if name not in _WORDS] if wanted else _dispensable(board)
        )
        grid = _with_differences(board, cells, console.width, dispensable)
        if "stopping" in grid.hidden:  # then rows must not look alike
            told = {name: cell for name, cell in cells.items() if name != "stopping"}
            told["method"] = whole_name
            grid = _with_differences(board, told, console.width, dispensable)
        dim = [bool(row.unranked) for row in board.rows]
        notes = footnotes(board, grid.shown, brief=_INTERVALS in grid.hidden)
        print_grid(console, title(board), grid, dim, notes)


def _with_differences(
    board: Board, cells: Mapping[str, Callable[[Row], str]], width: int, dispensable: Sequence[str]
) -> Grid:
    """Return the table of a board; differences for which there is no room stand without their intervals."""
    grid, versus = board_grid(cells, board.rows, width, dispensable), difference_column(board)
    if versus not in grid.hidden:
        return grid
    brief = board_grid({**cells, versus: mean_difference(board)}, board.rows, width, dispensable)
    return replace(brief, hidden=(*brief.hidden, _INTERVALS)) if versus in brief.shown else brief


def _dispensable(board: Board) -> list[str]:
    versus = difference_column(board)
    return [versus if name == "vs" else name for name in _DISPENSABLE]


def print_grid(console: Console, heading: str, grid: Grid, dim: Sequence[bool], notes: Sequence[str]) -> None:
    """Print a table with its heading and notes; `dim` says of each row whether it is printed faintly."""
    console.print(Text("\n".join(wrapped(visible(heading), console.width))), style="italic")
    console.print(_drawn(grid, dim), overflow="ignore", no_wrap=True, crop=False)
    for line in (*notes, *grid.notes(_ALL)):
        lines = wrapped(visible(line), console.width, first="  ", rest="  ")
        console.print(Text("\n".join(lines)), style="dim", overflow="ignore", no_wrap=True, crop=False)
    console.print()


def board_grid(
    cells: Mapping[str, Callable[[AnyRow], str]],
    rows: Sequence[AnyRow],
    width: int,
    dispensable: Sequence[str],
) -> Grid:
    """Return a table of rows; the points of times stand below each other where that costs no column or name.

    Parameters
    ----------
    cells, rows : Mapping[str, Callable[[AnyRow], str]] or Sequence[AnyRow]
        of each heading what writes a row's cell, and the rows.
    width, dispensable : int or Sequence[str]
        characters, and the columns that a narrow table goes without; see `arranged`.
    """
    texts = {name: [cell(row) for row in rows] for name, cell in cells.items()}
    plain = arranged([column(name, own) for name, own in texts.items()], width, dispensable, rule=True)
    texts |= {name: below_each_other(own) for name, own in texts.items() if name in _TIMES}
    pointed = arranged([column(name, own) for name, own in texts.items()], width, dispensable, rule=True)
    as_much = pointed.hidden == plain.hidden and pointed.names_shortened == plain.names_shortened
    return pointed if as_much else plain


def column(heading: str, cells: Sequence[str], names: Container[str] = _WORDS) -> Column:
    """Return a column; `names` are the headings of those that hold names, all others hold numbers."""
    return Column(
        heading=visible(heading),
        cells=[visible(cell) for cell in cells],
        kind=Kind.NAME if heading in names else Kind.NUMBER,
    )


def _drawn(grid: Grid, dim: Sequence[bool]) -> Text:
    """Return the lines of a table with their styles; a table of rich takes long."""
    lines = Text()
    *titles, rule = grid.head
    for line in titles:
        lines.append(line + "\n", style="bold")
    lines.append(rule + "\n")
    for row, faint in zip(grid.rows, dim, strict=True):
        lines.append("\n".join(row) + "\n", style="dim" if faint else "")
    lines.right_crop(1)
    return lines


def markdown(boards: Sequence[Board], wanted: Sequence[str] = ()) -> str:
    """Return the boards as Markdown, with all columns or those that are wanted."""
    parts = []
    for board in boards:
        shown = {name: [cell(row) for row in board.rows] for name, cell in columns(board, wanted).items()}
        parts.append(markdown_table(title(board), shown, footnotes(board, shown)))
    return "\n".join(parts)


def markdown_table(heading: str, shown: Mapping[str, Sequence[str]], notes: Sequence[str]) -> str:
    """Return one table with its heading and notes as Markdown."""
    lines = [
        [_plain(name) for name in shown],
        ["---" if name in _WORDS else "---:" for name in shown],
        *([_plain(cell) for cell in cells] for cells in zip(*shown.values(), strict=True)),
    ]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    below = "\n".join(f"- {_plain(line)}" for line in notes)
    return f"### {_plain(heading)}\n\n{text}\n\n{below}\n"


#: what would be markup, a link or an image in Markdown, and how it is written to be none
_MARKDOWN = {"|": "\\|", "<": "&lt;", "](": "]\\(", "![": "\\![", "://": ":\\//", "www.": "www\\."}


def _plain(cell: str) -> str:
    """Return text as one line that Markdown shows as it is."""
    text = visible(" ".join(cell.split()))
    for sign, escaped in _MARKDOWN.items():
        text = text.replace(sign, escaped)
    return text


def comma_separated(boards: Sequence[Board]) -> str:
    """Return the boards as one CSV table.

    A cell that a spreadsheet would run gets an apostrophe, and codes for a terminal are spelt out.
    """
    return csv_table(flat_rows(boards))


def flat_rows(boards: Sequence[Board]) -> list[dict[str, Any]]:
    """Return the rows of boards, each with its board's names and without nested records."""
    return [_flat(board, row) for board in boards for row in board.rows]


def csv_table(lines: Sequence[Mapping[str, Any]]) -> str:
    """Return lines of the same names as CSV, harmless in a spreadsheet and in a terminal."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(_harmless, lines[0]) if lines else [])
    for line in lines:
        writer.writerow([_harmless(value) for value in line.values()])
    return out.getvalue()


def _flat(board: Board, row: Row) -> dict[str, Any]:
    """Return a row with its board's names and without nested records."""
    flat: dict[str, Any] = {
        "protocol": board.protocol,
        **asdict(board.setting),
        "noisy_psnr": board.noisy_psnr,
        "reference": board.reference,
    }
    for name in Row.__dataclass_fields__:
        value = getattr(row, name)
        if name == "psnr_interval":
            flat |= _ends("psnr", value)
        elif name == "difference":
            flat |= nested(name, value, DIFFERENCE)
        elif name == "time_ratio":
            flat |= nested(name, value, _TIME_RATIO)
        elif name == "groups":
            flat[name] = letters(value)
        elif name in ("conditions", "flags"):
            flat[name] = (" " if name == "conditions" else "; ").join(value)
        elif name != "trained_on":
            flat[name] = json.dumps(value) if isinstance(value, dict) else value
    flat["higher_is_better"] = json.dumps(dict(board.higher_is_better))
    return flat


def nested(prefix: str, value: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a comparison under their own names, its interval's ends and its images."""
    flat = {name: getattr(value, field, None) for field, name in names.items()}
    return (
        flat
        | _ends(prefix, getattr(value, "interval", None))
        | {f"{prefix}_images": getattr(value, "images", None)}
    )


def _ends(prefix: str, interval: Interval | None) -> dict[str, float | None]:
    return {f"{prefix}_{end}": getattr(interval, end, None) for end in ("low", "high")}


def _harmless(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return f"'{visible(value)}" if value[:1] in "=+-@\t\r" and value else visible(value)

"""Leaderboards as text: a table for people, Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from itertools import zip_longest
from textwrap import wrap
from typing import Any, TypeVar

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from priorbench.ranking.boards import Board, Interval, Row
from priorbench.rendering.columns import columns, footnotes, letters, title
from priorbench.words import seconds, visible

__all__ = ["as_json", "comma_separated", "footnotes", "markdown", "seconds", "table", "title"]

AnyRow = TypeVar("AnyRow")

#: columns of words; numbers are aligned at the right
_WORDS = ("method", "stopping")
#: columns that a narrow table goes without, the least needed first
_DISPENSABLE = ("wins", "p", "interval", "memory", "images", "group", "gain dB", "× time", "SSIM")
#: a long label is folded to this many characters in a narrow table
_LABEL_WIDTH = 16
_GAP = 2  #: between columns
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

    `wanted` has names of columns, see `priorbench.rendering.columns.columns`: of these none is left out.
    """
    for board in boards:
        shown, hidden = _fitting(board, console.width, wanted)
        narrow = [f"no room here for: {', '.join(hidden)} (--format markdown has all)"] if hidden else []
        dim = [bool(row.unranked) for row in board.rows]
        print_grid(console, title(board), shown, dim, [*footnotes(board, shown), *narrow])


def print_grid(
    console: Console,
    heading: str,
    shown: Mapping[str, Sequence[str]],
    dim: Sequence[bool],
    notes: Sequence[str],
) -> None:
    """Print a table with its heading and notes; `dim` says of each row whether it is printed faintly."""
    console.print(Text(visible(heading)), style="italic")
    console.print(_grid(shown, dim, console.width), overflow="ignore", no_wrap=True, crop=False)
    for line in notes:
        indented = wrap(
            visible(line),
            console.width,
            initial_indent="  ",
            subsequent_indent="  ",
            break_on_hyphens=False,
        )
        console.print(Text("\n".join(indented)), style="dim")
    console.print()


def _fitting(board: Board, width: int, wanted: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    return fitting(columns(board, wanted), board.rows, width, () if wanted else _DISPENSABLE)


def fitting(
    cells: Mapping[str, Callable[[AnyRow], str]],
    rows: Sequence[AnyRow],
    width: int,
    dispensable: Sequence[str],
) -> tuple[dict[str, list[str]], list[str]]:
    """Return the columns that fit in a width, each as its cells, and the names of those that do not.

    Parameters
    ----------
    cells : Mapping[str, Callable]
        heading -> the cell of a row.
    rows : Sequence
        the rows.
    width : int
        in characters.
    dispensable : Sequence[str]
        columns that a narrow table goes without, the least needed first.
    """
    shown = {visible(name): [visible(cell(row)) for row in rows] for name, cell in cells.items()}
    needed = {name: _GAP + _width(name, column) for name, column in shown.items()}
    for name in set(_WORDS) & set(needed):
        needed[name] = min(needed[name], _GAP + _LABEL_WIDTH)
    hidden = []
    for name in dispensable:
        if name in shown and sum(needed[name] for name in shown) - _GAP > width:
            del shown[name]
            hidden.append(name)
    return shown, hidden


def _width(name: str, cells: Sequence[str]) -> int:
    return max(map(cell_len, [name, *cells]))


def _grid(shown: Mapping[str, Sequence[str]], dim: Sequence[bool], width: int) -> Text:
    """Return the columns side by side; drawn here, because a table of rich takes long."""
    widths = {name: _width(name, cells) for name, cells in shown.items()}
    for name in _WORDS:  # labels alone are folded, that of the method first
        if name in widths:
            spare = width - sum(_GAP + size for other, size in widths.items() if other != name)
            widths[name] = min(widths[name], max(spare, _LABEL_WIDTH))
    lines = Text()
    lines.append(_line(list(shown), widths) + "\n", style="bold")
    lines.append(_line(["─" * size for size in widths.values()], widths) + "\n")
    for number, faint in enumerate(dim):
        cells = [column[number] for column in shown.values()]
        lines.append(_line(cells, widths) + "\n", style="dim" if faint else "")
    lines.right_crop(1)
    return lines


def _line(cells: Sequence[str], widths: Mapping[str, int]) -> str:
    """Return a row; a cell that is too long (only a label ever is) goes on in the next line."""
    folded = [chop_cells(cell, size) or [""] for cell, size in zip(cells, widths.values(), strict=True)]
    lines = []
    for parts in zip_longest(*folded, fillvalue=""):
        padded = (
            part + " " * (size - cell_len(part)) if name in _WORDS else " " * (size - cell_len(part)) + part
            for part, (name, size) in zip(parts, widths.items(), strict=True)
        )
        lines.append((" " * _GAP).join(padded).rstrip())
    return "\n".join(lines)


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


def as_json(boards: Sequence[Board]) -> str:
    """Return the boards as JSON."""
    flat = ({"protocol": board.protocol, **asdict(board.setting), **asdict(board)} for board in boards)
    told = [
        {name: value for name, value in board.items() if name not in ("setting", "labels")} for board in flat
    ]
    return json.dumps(told, indent=1, allow_nan=False) + "\n"


def _harmless(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return f"'{visible(value)}" if value[:1] in "=+-@\t\r" and value else visible(value)

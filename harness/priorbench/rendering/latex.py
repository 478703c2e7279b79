"""Leaderboards as LaTeX tables, for the package booktabs."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence

from priorbench.ranking.boards import Board, Row
from priorbench.rendering.board.headings import metric_heading
from priorbench.rendering.board.notes import board_notes
from priorbench.rendering.columns import columns, title
from priorbench.words import one_line

#: what LaTeX would take for a command, and characters that older fonts lack
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "×": r"$\times$",
    "–": "--",
    "‡": r"$^{\ddagger}$",
    "†": r"$^{\dagger}$",
    "°": r"$^{\circ}$",
    "≈": r"$\approx$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
}
_NUMBER = re.compile(r"(?<![\w.])[+-]\d+(?:\.\d+)?")
#: first line of a file of tables
HEAD = r"% needs \usepackage{booktabs}"
#: what bold cells mean, below a table and in its comments
BOLD = "bold: best"
BOLD_EXPLAINED = (
    "bold: names, ranks and PSNR of every method that no other method is shown to beat; in other columns the"
    " best value of a ranked method"
)
#: columns of what a method costs; a method that is shown to be worse than all others is cheap to no purpose
_COSTS = ("s/image", "memory")
#: heading -> the field that its values are of, and 1 where a higher one is better, -1 where a lower one is
_BEST = {
    "gain dB": ("gain", 1),
    "SSIM": ("ssim", 1),
    "s/image": ("seconds", -1),
    "memory": ("memory_bytes", -1),
}
#: columns that a page has no room for
_OMITTED = ("interval", "gain dB", "memory", "images")


def latex(boards: Sequence[Board], wanted: Sequence[str] = ()) -> str:
    """Return one ``table`` for each board; the best of each column is bold, see `BOLD`.

    `wanted` has names of columns, see `priorbench.rendering.columns.columns`; default is what a page has room
    for.
    """
    return HEAD + "\n" + "\n".join(_table(board, wanted) for board in boards)


def escape(text: str) -> str:
    """Return text that LaTeX prints as it is; signed numbers are set as mathematics."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    parts, end = [], 0
    for found in _NUMBER.finditer(plain):
        parts += [_escaped(plain[end : found.start()]), f"${found.group()}$"]
        end = found.end()
    return "".join([*parts, _escaped(plain[end:])])


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(char, char) for char in text)


def _table(board: Board, wanted: Sequence[str]) -> str:
    omitted = () if wanted else _OMITTED
    shown = {name: cell for name, cell in columns(board, wanted).items() if name not in omitted}
    cells = {name: [cell(row) for row in board.rows] for name, cell in shown.items()}
    best = {name: _best(board, name, column) for name, column in cells.items()}
    notes = board_notes(board, shown)
    below, comments = [note.short for note in notes if note.short], [note.text for note in notes]
    if any(map(any, best.values())):
        bold = [name for name, which in best.items() if any(which)]
        below = [BOLD + _without_last(board, bold), *below]
        comments = [BOLD_EXPLAINED + _without_last(board, shown), *comments]
    ranked = [row.rank is not None for row in board.rows]
    return latex_table(title(board), cells, best, below, comments, ranked=ranked)


def _last(board: Board) -> Row | None:
    """Return the row that is shown to be worse than all other ranked ones; None where there is none."""
    ranked = [row for row in board.rows if row.rank is not None]
    return next((row for row in ranked if len(ranked) > 1 and row.rank == len(ranked)), None)


def _without_last(board: Board, among: Container[str]) -> str:
    """Say which method's time and memory are not bold, of the columns that are `among` some."""
    last, seen = _last(board), [name for name in _COSTS if name in among]
    if last is None or not seen:
        return ""
    return f"; {' and '.join(seen)} without {last.shown}, shown to be worse than all others"


def _best(board: Board, name: str, cells: Sequence[str]) -> list[bool]:
    """Say which cells of a column are bold: what is equal as it is printed is equally good."""
    rows = board.rows
    last = _last(board) if name in _COSTS else None
    ranked = [row.rank is not None and row is not last for row in rows]
    if name in ("rank", "method", "stopping", "PSNR dB"):
        return [row.rank == 1 for row in rows]
    values, sign = _values(board, name)
    known = [
        sign * value
        for value, is_ranked in zip(values, ranked, strict=True)
        if is_ranked and value is not None
    ]
    if not known or (last is not None and len(known) == 1):  # the best of one says nothing
        return [False] * len(rows)
    first = next(
        cell
        for cell, value, is_ranked in zip(cells, values, ranked, strict=True)
        if is_ranked and value is not None and sign * value == max(known)
    )
    return [
        is_ranked and bool(cell) and cell.rstrip("*‡") == first.rstrip("*‡")
        for cell, is_ranked in zip(cells, ranked, strict=True)
    ]


def _values(board: Board, name: str) -> tuple[Sequence[float | None], int]:
    """Return the values of a column, all None where none is best, and 1 or -1: whether more is better."""
    if name in _BEST:
        field, sign = _BEST[name]
        return [getattr(row, field) for row in board.rows], sign
    for metric, higher in board.higher_is_better.items():
        if name == metric_heading(board, metric):
            return [row.metrics.get(metric) for row in board.rows], 1 if higher else -1
    return [None] * len(board.rows), 1


def latex_table(
    caption: str,
    shown: Mapping[str, Sequence[str]],
    bold: Mapping[str, Sequence[bool]],
    below: Sequence[str],
    comments: Sequence[str],
    ranked: Sequence[bool] = (),
) -> str:
    """Return one ``table`` with its caption.

    Parameters
    ----------
    caption, shown : str or Mapping[str, Sequence[str]]
        the caption, and of each heading the cells.
    bold : Mapping[str, Sequence[bool]]
        of each cell of a column whether it is.
    below, comments : Sequence[str]
        what a reader must know, in few words; and all of it, which stands before the table in comments.
    ranked : Sequence[bool], default ()
        of each row whether it has a rank; a line stands between those that have one and those that have none.
    """
    alignment = "".join("l" if name in ("method", "stopping") else "r" for name in shown)
    told = " ".join(f"{escape(line)}." for line in below)
    under = [rf"  \par\smallskip\footnotesize {told}"] if told else []
    printed = [
        [_cell(cell, best) for cell, best in zip(cells, bold.get(name, [False] * len(cells)), strict=True)]
        for name, cells in shown.items()
    ]
    lines = [rf"    {' & '.join(row)} \\" for row in zip(*printed, strict=True)]
    for place in reversed(range(1, len(ranked))):
        if ranked[place - 1] and not any(ranked[place:]):
            lines.insert(place, r"    \midrule")
    return "\n".join(
        [
            *(f"% {escape(one_line(line))}" for line in comments),
            r"\begin{table}",
            r"  \centering",
            rf"  \caption{{{escape(caption)}}}",
            rf"  \begin{{tabular}}{{{alignment}}}",
            r"    \toprule",
            rf"    {' & '.join(escape(name) for name in shown)} \\",
            r"    \midrule",
            *lines,
            r"    \bottomrule",
            r"  \end{tabular}",
            *under,
            r"\end{table}",
            "",
        ]
    )


def _cell(cell: str, bold: bool) -> str:
    return rf"\textbf{{{escape(cell)}}}" if bold and cell else escape(cell)

"""Leaderboards as LaTeX tables, for the package booktabs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from priorbench.ranking.boards import Board, Row
from priorbench.rendering.columns import columns, footnotes, title

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
}
_NUMBER = re.compile(r"(?<![\w.])[+-]\d+(?:\.\d+)?")
#: first line of a file of tables
HEAD = r"% needs \usepackage{booktabs}"
#: said below a table
BOLD = "bold: methods than which none is told to be better; elsewhere the best value of a ranked method"
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
    best = {name: _best(name, board.rows, column) for name, column in cells.items()}
    notes = [*([BOLD] if any(map(any, best.values())) else []), *footnotes(board, shown)]
    return latex_table(title(board), cells, best, notes)


def _best(name: str, rows: Sequence[Row], cells: Sequence[str]) -> list[bool]:
    """Say which cells of a column are bold: what is equal as it is printed is equally good."""
    ranked = [row.rank is not None for row in rows]
    if name in ("rank", "method", "stopping", "PSNR dB"):
        return [row.rank == 1 for row in rows]
    if name not in _BEST:
        return [False] * len(rows)
    field, sign = _BEST[name]
    values = [getattr(row, field) for row in rows]
    known = [sign * value for value, is_ranked in zip(values, ranked, strict=True) if is_ranked and value]
    if not known:
        return [False] * len(rows)
    first = next(
        cell
        for cell, value, is_ranked in zip(cells, values, ranked, strict=True)
        if is_ranked and value and sign * value == max(known)
    )
    return [
        is_ranked and bool(cell) and cell.rstrip("*‡") == first.rstrip("*‡")
        for cell, is_ranked in zip(cells, ranked, strict=True)
    ]


def latex_table(
    caption: str,
    shown: Mapping[str, Sequence[str]],
    bold: Mapping[str, Sequence[bool]],
    notes: Sequence[str],
) -> str:
    """Return one ``table`` with its caption and notes; `bold` says of each cell of a column whether it is."""
    alignment = "".join("l" if name in ("method", "stopping") else "r" for name in shown)
    below = " ".join(f"{escape(line)}." for line in notes)
    printed = [
        [_cell(cell, best) for cell, best in zip(cells, bold.get(name, [False] * len(cells)), strict=True)]
        for name, cells in shown.items()
    ]
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            rf"  \caption{{{escape(caption)}}}",
            rf"  \begin{{tabular}}{{{alignment}}}",
            r"    \toprule",
            rf"    {' & '.join(escape(name) for name in shown)} \\",
            r"    \midrule",
            *(rf"    {' & '.join(row)} \\" for row in zip(*printed, strict=True)),
            r"    \bottomrule",
            r"  \end{tabular}",
            rf"  \par\smallskip\footnotesize {below}",
            r"\end{table}",
            "",
        ]
    )


def _cell(cell: str, bold: bool) -> str:
    return rf"\textbf{{{escape(cell)}}}" if bold and cell else escape(cell)

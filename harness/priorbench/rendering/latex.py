"""Leaderboards as LaTeX tables, for the package booktabs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from priorbench.ranking.boards import Board, Row
from priorbench.rendering.columns import CellText, columns, footnotes, title

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
}
_NUMBER = re.compile(r"(?<![\w.])[+-]\d+(?:\.\d+)?")
#: columns that a page has no room for
_OMITTED = ("interval", "gain dB", "memory", "images")


def latex(boards: Sequence[Board]) -> str:
    """Return one ``table`` for each board; rows than which none is told to be better are bold."""
    return r"% needs \usepackage{booktabs}" + "\n" + "\n".join(_table(board) for board in boards)


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


def _table(board: Board) -> str:
    shown = {name: cell for name, cell in columns(board).items() if name not in _OMITTED}
    alignment = "".join("l" if name in ("method", "stopping") else "r" for name in shown)
    notes = " ".join(f"{escape(line)}." for line in footnotes(board, shown))
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            rf"  \caption{{{escape(title(board))}}}",
            rf"  \begin{{tabular}}{{{alignment}}}",
            r"    \toprule",
            rf"    {' & '.join(escape(name) for name in shown)} \\",
            r"    \midrule",
            *(f"    {_row(row, shown)}" for row in board.rows),
            r"    \bottomrule",
            r"  \end{tabular}",
            rf"  \par\smallskip\footnotesize {notes}",
            r"\end{table}",
            "",
        ]
    )


def _row(row: Row, shown: dict[str, CellText]) -> str:
    cells = [escape(cell(row)) for cell in shown.values()]
    if row.rank == 1:
        cells = [rf"\textbf{{{cell}}}" if cell else "" for cell in cells]
    return rf"{' & '.join(cells)} \\"

"""Leaderboards as LaTeX tables, for the package booktabs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from priorbench.ranking.boards import Board
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
    cells = {name: [cell(row) for row in board.rows] for name, cell in shown.items()}
    return latex_table(title(board), cells, [row.rank == 1 for row in board.rows], footnotes(board, shown))


def latex_table(
    caption: str, shown: Mapping[str, Sequence[str]], bold: Sequence[bool], notes: Sequence[str]
) -> str:
    """Return one ``table`` with its caption and notes; `bold` says of each row whether it is."""
    alignment = "".join("l" if name in ("method", "stopping") else "r" for name in shown)
    below = " ".join(f"{escape(line)}." for line in notes)
    rows = zip(zip(*shown.values(), strict=True), bold, strict=True)
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            rf"  \caption{{{escape(caption)}}}",
            rf"  \begin{{tabular}}{{{alignment}}}",
            r"    \toprule",
            rf"    {' & '.join(escape(name) for name in shown)} \\",
            r"    \midrule",
            *(f"    {_row(cells, best)}" for cells, best in rows),
            r"    \bottomrule",
            r"  \end{tabular}",
            rf"  \par\smallskip\footnotesize {below}",
            r"\end{table}",
            "",
        ]
    )


def _row(cells: Sequence[str], bold: bool) -> str:
    escaped = [escape(cell) for cell in cells]
    if bold:
        escaped = [rf"\textbf{{{cell}}}" if cell else "" for cell in escaped]
    return rf"{' & '.join(escaped)} \\"

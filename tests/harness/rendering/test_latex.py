"""Leaderboards as LaTeX."""

from __future__ import annotations

import re

from sample_records import columns_of

from priorbench.ranking.leaderboard import leaderboard
from priorbench.rendering import latex


def test_latex_is_escaped_and_balanced():
    label = r"50%_a&b\{x}$y#~^<é>"
    text = latex.latex(leaderboard(columns_of({label: [31.0, 30.0], "b": [29.0, 29.5]})))
    escaped = r"50\%\_a\&b\textbackslash{}\{x\}\$y\#\textasciitilde{}\textasciicircum{}\textless{}é"
    assert escaped in text
    assert r"$-1.2$" in text
    bare = re.sub(r"\\[\\{}$&#%_]", "", text)
    assert bare.count("{") == bare.count("}") and bare.count("$") % 2 == 0
    rows = re.findall(r"^    (?:\\textbf|\d|--).*\\\\$", text, flags=re.MULTILINE)
    columns = len(re.search(r"begin{tabular}{(\w+)}", text).group(1))
    assert len(rows) == 2 and all(len(re.split(r"(?<!\\)&", row)) == columns for row in rows)

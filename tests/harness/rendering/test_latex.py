"""Leaderboards as LaTeX."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from sample_records import columns_of, trial

from priorbench.errors import UnknownNameError
from priorbench.ranking.leaderboard import leaderboard
from priorbench.rendering import latex
from priorbench.rendering.columns import check_columns


def test_bold_and_ranks_are_explained_in_plain_words():
    text = latex.latex(leaderboard(columns_of({"a": [31.0, 30.0], "b": [29.0, 30.5]})))
    assert "every method that no other method is shown to beat" in text
    assert "the data allow each rank from 1 to 2" in text


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


def _cells(text: str) -> list[list[str]]:
    lines = [line.strip().removesuffix(r"\\") for line in text.splitlines() if line.endswith(r"\\")]
    return [[cell.strip() for cell in line.split(" & ")] for line in lines]


def test_the_best_of_each_column_is_bold_and_what_is_not_told_apart_shares_it():
    means = {"good": [31.0 + n / 8 for n in range(9)], "fast": [20.0 + n / 8 for n in range(9)]}
    records = [
        replace(
            one,
            wall_seconds=2.0 if one.denoiser == "good" else 0.5,
            ssim=0.9 if one.denoiser == "good" else 0.5,
        )
        for one in columns_of(means)
    ]
    text = latex.latex(leaderboard(records), ["method", "psnr", "ssim", "seconds"])
    assert _cells(text) == [
        ["method", "PSNR dB", "SSIM", "s/image"],
        [r"\textbf{good}", r"\textbf{31.50}", r"\textbf{0.9000}", "2.0"],
        ["fast", "20.50", "0.5000", "0.5"],  # cheap to no purpose: and the best of one other says nothing
    ]
    two = leaderboard(columns_of({"a": [31.0, 30.0], "b": [29.0, 30.5]}))
    assert [cells[1] for cells in _cells(latex.latex(two, ["method", "psnr"]))[1:]] == [
        r"\textbf{30.50}",
        r"\textbf{29.75}",
    ]  # too few images to tell them apart: none is shown to beat the other


def test_an_oracle_is_never_the_best():
    records = [
        *columns_of({"a": [31.0, 30.0]}),
        *(trial("b", str(n), 40.0, stopping_rule="oracle", oracle=True, ssim=0.99) for n in range(2)),
    ]
    rows = _cells(latex.latex(leaderboard(records), ["method", "stopping", "psnr", "ssim"]))
    assert rows[-1] == ["b", "oracle", "40.00", "0.9900"]


def test_a_line_stands_before_what_is_not_ranked():
    ranked = columns_of({"a": [31.0, 30.0], "b": [29.0, 28.0]})
    bounds = [
        trial(name, str(n), 40.0, stopping_rule="oracle", oracle=True) for name in "cd" for n in range(2)
    ]
    wanted = ["method", "psnr"]
    assert latex.latex(leaderboard(ranked), wanted).count(r"\midrule") == 1
    lines = latex.latex(leaderboard([*ranked, *bounds]), wanted).splitlines()
    assert lines.count(r"    \midrule") == 2
    rest = lines[len(lines) - 1 - lines[::-1].index(r"    \midrule") + 1 :]
    assert [line.split(" ")[4].partition("@")[0] for line in rest[:2]] == ["c", "d"]
    assert rest[2] == r"    \bottomrule"


def test_no_cost_of_a_method_that_is_worse_than_all_others_is_bold():
    means = {
        name: [start + n / 8 for n in range(9)] for name, start in (("good", 31), ("fair", 29), ("none", 9))
    }
    took = {"good": 2.0, "fair": 0.5, "none": 0.001}
    records = [replace(one, wall_seconds=took[one.denoiser]) for one in columns_of(means)]
    text = latex.latex(leaderboard(records), ["method", "seconds"])
    assert [(r"\textbf" in cells[1], cells[0]) for cells in _cells(text)[1:]] == [
        (False, r"\textbf{good}"),
        (True, "fair"),
        (False, "none"),
    ]
    told = "bold: best; s/image without none, shown to be worse than all others"
    assert told in text.partition(r"\footnotesize")[2]
    assert "without none" not in latex.latex(leaderboard(records), ["method", "psnr"])


def test_columns_come_in_the_order_that_is_asked_for_and_unknown_ones_are_an_error():
    boards = leaderboard(columns_of({"a": [31.0, 30.0], "b": [29.0, 29.5]}))
    assert _cells(latex.latex(boards, ["psnr", "method", "images"]))[0] == ["PSNR dB", "method", "images"]
    with pytest.raises(UnknownNameError, match=r"unknown column 'pnsr'.*did you mean 'psnr'"):
        check_columns(boards, ["method", "pnsr"])


def test_latex_takes_the_tables(tmp_path):
    """Every character that is escaped, signs that older fonts lack, and bold cells, through a real LaTeX."""
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("no LaTeX is installed here (Debian: texlive-latex-recommended)")
    label = r"50%_a&b\{x}$y#~^<é> |"
    boards = leaderboard(columns_of({label: [31.0 + n for n in range(9)], "b": [29.0 + n for n in range(9)]}))
    document = "\n".join(
        [
            r"\documentclass{article}\usepackage{booktabs}\usepackage[T1]{fontenc}\begin{document}",
            latex.latex(boards),
            latex.latex(boards, ["rank", "method", "psnr", "difference", "p", "wins"]),
            r"\end{document}",
        ]
    )
    (tmp_path / "board.tex").write_text(document, encoding="utf-8")
    run = subprocess.run(
        [program, "-halt-on-error", "-interaction=nonstopmode", "board.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-2000:]
    assert (tmp_path / "board.pdf").stat().st_size > 1000


def test_a_best_value_of_zero_is_bold():
    means = {"same": [31.0, 29.0], "worse": [28.0, 29.5]}
    records = [replace(one, noisy_psnr=30.0) for one in columns_of(means)]
    gains = [cells[1] for cells in _cells(latex.latex(leaderboard(records), ["method", "gain"]))[1:]]
    assert gains == [r"\textbf{0.00}", "$-1.25$"]

"""Decimals, directions and names of a board: the same in every form of it."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from rich.console import Console
from ruled_records import ruled
from sample_records import columns_of, only, trial

from priorbench.contract.requests import Run
from priorbench.ranking.boards import TimeRatio
from priorbench.ranking.leaderboard import with_directions
from priorbench.rendering import latex
from priorbench.rendering import tables as rendering
from priorbench.rendering.board.numbers import (
    below_each_other,
    decimals,
    memory_text,
    metric_text,
    ratio_text,
    seconds_text,
)
from priorbench.rendering.plain import boards_json
from priorbench.report.table import ranking


def printed(board, width=200, wanted=()):
    out = io.StringIO()
    rendering.table([board], Console(file=out, width=width), wanted)
    return out.getvalue()


def column_of(board, heading):
    """Return the cells of a column, of the Markdown table."""
    header, _, *lines = [line.split(" | ") for line in rendering.markdown([board]).splitlines()[2:]]
    place = [name.strip("| ") for name in header].index(heading)
    return [line[place].strip("| ") for line in lines if len(line) == len(header)]


@pytest.mark.parametrize(
    ("values", "figures", "digits"),
    [
        ([0.3], 4, 1),
        ([0.25, 0.5, None], 4, 2),
        ([0.3, 0.1234], 4, 4),
        ([12.3456, 3.4], 4, 2),
        ([7.0, 8.0], 4, 0),
        ([1234.5, 0.002], 4, 3),
        ([1234.5, 0.0021], 4, 4),
        ([2.0, 0.5], 3, 1),
        ([0.832, 0.0048], 3, 4),
        ([], 3, 0),
        ([0.0], 3, 0),
    ],
)
def test_the_largest_number_has_its_figures_and_the_smallest_two(values, figures, digits):
    assert decimals(values, figures) == digits


def test_all_numbers_of_a_column_have_as_many_decimals():
    text = metric_text([12.3456, 3.4])
    assert [text(12.3456), text(3.4)] == ["12.35", "3.40"]
    seconds = seconds_text([9.832, 0.048, None])
    assert [seconds(9.832), seconds(0.048), seconds(None)] == ["9.832", "0.048", ""]
    memory = memory_text([2**20, 3 * 2**30, None])
    assert [memory(2**20), memory(3 * 2**30), memory(None)] == ["1 MiB", "3072 MiB", ""]
    ratios = [TimeRatio(images=2, value=value, interval=None, occasions=1) for value in (1.5, 12.25)]
    assert list(map(ratio_text(ratios), ratios)) == ["1.50", "12.25"]


def test_times_of_unlike_size_have_three_figures_and_their_points_below_each_other():
    text = seconds_text([116.2, 0.021, 0.00017])
    cells = [text(116.2), text(0.021), text(0.00017)]
    assert cells == ["116", "0.0210", "1.70e-04"]
    shown = [cell.rjust(12) for cell in below_each_other([*cells, "7.61*", ""])]
    points = {line.index(".") for line in shown if "." in line}
    assert len(points) == 1 and shown[0].rstrip().endswith("116") and len(shown[0].rstrip()) in points


def test_differences_of_a_column_have_as_many_decimals():
    means = {
        "a": [32.0 + n / 4 for n in range(8)],
        "b": [31.9 + n / 4 + 0.01 * (n % 2) for n in range(8)],
        "c": [25.0 + n * (n % 3) for n in range(8)],
    }
    cells = column_of(only(columns_of(means)), "vs a dB")[1:]
    assert all(re.fullmatch(r"-\d+\.\d\d \[-\d+\.\d\d, [-+]?\d+\.\d\d\]", cell) for cell in cells), cells


def scored(**metrics):
    """Return records of two methods; the second has 1 more of each metric, and a lower PSNR."""
    return [
        trial(label, str(n), psnr, metrics={name: value + more + n / 8 for name, value in metrics.items()})
        for label, psnr, more in (("a", 31.0, 0.0), ("b", 30.0, 1.0))
        for n in range(2)
    ]


def test_a_board_says_whether_more_or_less_of_a_metric_is_better():
    [board] = with_directions(
        [only(scored(error=2.0, score=4.0, other=1.0))], {"error": False, "score": True}
    )
    text = rendering.markdown([board])
    assert "| error ↓ | other | score ↑ |" in text
    assert "- error ↓: less is better" in text and "- score ↑: more is better" in text
    assert "- other: no installed plugin says whether more or less is better" in text
    assert "error ↓" in printed(board) and "less is better" in printed(board)
    tex = latex.latex([board], ["method", "error", "score", "other"])
    assert r"error $\downarrow$ & score $\uparrow$ & other" in tex
    cells = [line.split(" & ") for line in tex.splitlines() if line.endswith(r"\\")][1:]
    assert [[cell.startswith(r"\textbf") for cell in row[1:3]] for row in cells] == [
        [True, False],
        [False, True],
    ]
    page = ranking(board, {row.name: None for row in board.rows})
    assert page.least_first == {"error ↓"} and "error ↓: less is better" in page.notes
    place = [name for name, _ in page.columns].index("error ↓")
    assert [line.cells[place].order for line in page.lines] == [2.0625, 3.0625]
    assert json.loads(boards_json([board]))[0]["higher_is_better"] == {"error": False, "score": True}
    [line, _] = csv.DictReader(io.StringIO(rendering.comma_separated([board])))
    assert json.loads(line["higher_is_better"]) == {"error": False, "score": True}


def test_columns_of_metrics_are_chosen_by_their_names():
    [board] = with_directions([only(scored(rank=2.0, error=1.0))], {"error": False})
    lines = printed(board, wanted=["method", "error", "rank (metric)"]).splitlines()
    assert re.split(r"\s{2,}", lines[1].strip()) == ["method", "error ↓", "rank (metric)"]


def test_an_empty_cell_of_a_metric_says_why_and_how_to_get_it():
    records = [
        *(trial("a", str(n), 31.0, metrics={"lpips": 0.2}) for n in range(2)),
        *(trial("b", str(n), 30.0) for n in range(2)),
        *(trial("c", str(n), 29.0, metrics={"lpips": None}) for n in range(2)),
        trial("d", "0", 28.0, metrics={"lpips": 0.5}),
        trial("d", "1", 28.0),
    ]
    board = only(records)
    text = rendering.markdown([board])
    assert (
        "lpips: not measured for b; d, run without this metric; 'priorbench run SUITE --metric lpips' adds it"
        in text
    )
    assert "lpips: gave no number for any result of c" in text
    assert {row.denoiser: row.unmeasured for row in board.rows} == {
        "a": {}, "b": {"lpips": 2}, "c": {}, "d": {"lpips": 1},
    }  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(rendering.comma_separated([board]))))
    assert [json.loads(row["unmeasured"]) for row in rows][1] == {"lpips": 2}
    assert "not measured" not in printed(board, wanted=["method", "psnr"])


def several_rules():
    return only(
        [
            *ruled("fixed", [0.1] * 3),
            *ruled("es", [0.2] * 3),
            *(trial("b", str(n), 29.0) for n in range(3)),
        ]
    )


def test_rows_do_not_look_alike_where_rules_are_not_shown():
    board = several_rules()
    for text in (printed(board, wanted=["method", "psnr"]), rendering.markdown([board], ["method", "psnr"])):
        assert "dd@fixed" in text and "dd@es" in text and re.search(r"\bb\b", text) and "b@" not in text
    assert "dd@es" in latex.latex([board], ["method", "psnr"])
    assert "dd@" not in printed(board, wanted=["method", "stopping", "psnr"])


def test_a_terminal_that_has_no_room_for_rules_names_them():
    text = printed(several_rules(), width=20)
    rows = [line for line in text.splitlines() if re.match(r" +1–3", line)]
    assert len(rows) == len(set(rows)) == 3


def paired_board():
    """Return a board with times, whose reference has a name of sixteen letters."""
    means = {
        "reference-method": [31.0 + n / 8 for n in range(9)],
        "other": [29.0 + n / 5 for n in range(9)],
    }
    records = columns_of(means)
    return only([replace(one, wall_seconds=1.5, ssim=0.5, stopping_rule="fixed") for one in records])


@pytest.mark.parametrize("width", [58, 60, 66])
def test_a_narrow_table_keeps_the_difference_longer_than_times(width):
    board = paired_board()
    text = printed(board, width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    assert "difference dB" in lines[1] and "SSIM" not in lines[1]
    assert "difference dB: mean paired difference to reference-method" in " ".join(text.split())
    assert "-1.7" in text


def test_differences_stand_without_intervals_before_they_go():
    board = paired_board()
    wide, narrow = (" ".join(printed(board, width).split()) for width in (200, 56))
    assert "difference to reference-method, 95 % interval" in wide and "no room" not in wide
    assert "reference-method, 95 % interval" not in narrow
    [hidden] = re.findall(r"no room here for: (.*?) \(", narrow)
    assert {"s/image", "SSIM"} < set(hidden.split(", ")) and hidden.endswith("intervals of differences")
    assert not re.search(r"-1\.7\d* \[", narrow)


def test_a_rule_that_never_fired_is_told():
    board = only(
        [
            *ruled("es", [0.2] * 3, fired=False),
            *ruled("dp", [0.3] * 3, fired=True),
            *ruled("some", [0.3] * 2, fired=True),
            trial("dd", "2", 29.0, stopping_rule="some", fired=False),
            *ruled("fixed", [0.1] * 3),
        ]
    )
    assert {row.stopping_rule: row.never_fired for row in board.rows} == {
        "es": 1.0, "dp": 0.0, "some": pytest.approx(1 / 3), "fixed": None,
    }  # fmt: skip
    told = (
        "never fired: dd@es: on no image was the rule's criterion met;"
        " the fits ran to the end of their budget"
    )
    assert f"- {told}" in rendering.markdown([board])
    assert told in ranking(board, {row.name: None for row in board.rows}).notes
    assert "never fired: dd@es." in latex.latex([board])


def test_runs_of_a_store_tell_directions_and_what_is_damaged_tells_nothing():
    from priorbench.cli.common.inventory import told_directions

    def run(moment, options):
        return Run(id=moment, asked_at=moment, options=options)

    runs = [
        run("2", {"higher_is_better": {"error": True}}),
        run("1", {"higher_is_better": {"error": False, "score": True}}),
        run("3", {"higher_is_better": ["error"]}),
        run("4", {"higher_is_better": {"error": "yes"}}),
        run("5", {}),
    ]
    assert told_directions(runs) == {"error": True, "score": True}


def below(tex: str) -> str:
    return next(line for line in tex.splitlines() if r"\footnotesize" in line)


def test_a_table_for_a_paper_has_short_notes_and_all_of_them_as_comments():
    board = only(
        [
            *ruled("es", [0.2 + n / 50 for n in range(8)], fired=False),
            *ruled("oracle", [0.0] * 8),
            *(trial("b", str(n), 31.0 + n + n % 2, wall_seconds=2.0, tainted="x") for n in range(8)),
        ]
    )
    tex = latex.latex([board])
    notes = rendering.footnotes(board, rendering.columns(board))
    comments = [line for line in tex.splitlines() if line.startswith("% ")]
    assert tex.splitlines()[0] == latex.HEAD
    for note in notes:
        if not note.startswith("interval"):
            assert f"% {latex.escape(note)}" in comments, note
    assert len(below(tex)) < sum(map(len, notes)) / 2
    assert "bold: best." in below(tex) and "not ranked: dd@oracle" in below(tex)
    start = tex.index(r"\begin{table}")
    assert all(tex.index(line) < start for line in comments)


def test_a_note_of_several_lines_stays_a_comment():
    tex = latex.latex_table("c", {"method": ["a"]}, {}, [], ["first\nsecond 5 %"])
    assert tex.splitlines()[0] == r"% first second 5 \%" and r"\footnotesize" not in tex

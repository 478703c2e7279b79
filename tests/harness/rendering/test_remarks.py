"""What was odd about outputs that count all the same is marked on every board, and told below it."""

from __future__ import annotations

import csv
import io
import json

import pytest
from rich.console import Console
from sample_records import only, trial

from priorbench.ranking.leaderboard import leaderboard
from priorbench.ranking.overall import overall
from priorbench.rendering import across, latex
from priorbench.rendering import tables as rendering
from priorbench.rendering.plain import boards_json
from priorbench.report.table import ranking

FAR = "values up to {}: about 0 to 1 is expected, and the rest was clipped; divide by 255?"
NOTE = f"(!) far: 3 results, {FAR.format(250)}"
MEANING = "(!) is a remark: such results count as they are, and the row keeps its rank"


def some_records(**changes):
    """Return records of two methods on six images; `far` is remarked on for three, in reversed order."""
    for n in reversed(range(6)):
        remark = FAR.format(250 + n) if n < 3 else None
        yield trial("far", str(n), 12.0 + n, remark=remark, **changes)
        yield trial("near", str(n), 30.0 + n, **changes)


def test_every_format_marks_the_row_and_says_how_often_and_what():
    board = only(some_records())
    out = io.StringIO()
    rendering.table([board], Console(file=out, width=200))
    for text in (out.getvalue(), rendering.markdown([board])):
        assert NOTE in " ".join(text.split()) and MEANING in text
        assert text.count("far (!)") == 1 and "near (!)" not in text
    tex = latex.latex([board])
    assert "far (!)" in tex and NOTE in tex
    page = ranking(board, {row.name: None for row in board.rows})
    assert {NOTE, MEANING} <= set(page.notes)
    assert "far (!)" in [cell.text for line in page.lines for cell in line.cells]


def test_json_and_csv_have_the_remark_with_the_number_of_trials():
    board = only(some_records())
    told = {row["name"]: row["remarks"] for row in json.loads(boards_json([board]))[0]["rows"]}
    assert told == {"far": {FAR.format(250): 3}, "near": {}}
    lines = {line["name"]: line for line in csv.DictReader(io.StringIO(rendering.comma_separated([board])))}
    assert {name: json.loads(line["remarks"]) for name, line in lines.items()} == told


def test_remarks_of_another_kind_are_told_apart():
    records = [trial("far", str(n), 12.0, remark="is upside down" if n else FAR.format(99)) for n in range(4)]
    (row,) = only(records).rows
    assert row.remarks == {FAR.format(99): 1, "is upside down": 3}


def test_a_result_that_failed_is_a_failure_and_no_remark():
    records = [trial("far", "0", None, status="error", error="e", remark="odd"), trial("far", "1", 12.0)]
    assert only(records).rows[0].remarks == {}


def test_a_fit_that_failed_is_remarked_on_and_counts():
    failed = [
        trial("far", str(n), 12.0, fit_failed=n < 2, remark="odd" if n == 0 else None) for n in range(4)
    ]
    unknown = [trial("near", str(n), 30.0) for n in range(4)]
    board = only([*failed, *unknown, trial("gone", "0", None, status="error", fit_failed=True)])
    told = "the fit failed: its result misses the data by more than twice the noise energy"
    remarks = {row.name: row.remarks for row in board.rows}
    assert remarks == {"far": {"odd": 1, told: 2}, "near": {}, "gone": {}}
    assert {row.name: row.psnr for row in board.rows}["far"] == 12.0
    text = rendering.markdown([board])
    assert "far (!)" in text and f"(!) far: 2 results, {told}" in text


@pytest.mark.parametrize("hostile", ["\x1b[2J", "](x)", "<b>"])
def test_a_remark_of_a_strangers_record_does_nothing(hostile):
    board = only([trial("far", "0", 12.0, remark=f"a\nb {hostile} c")])
    text = rendering.markdown([board])
    assert "(!) far: 1 result, a b" in text
    assert hostile not in text


def test_the_board_over_boards_tells_them_with_their_boards():
    (board,) = overall(leaderboard([*some_records(noise="n1"), *some_records(noise="n2")]))
    text = across.overall_markdown([board])
    for noise in ("n1", "n2"):
        assert f"{NOTE} (s, {noise})" in text
    assert "far (!)" in text and "near (!)" not in text
    assert json.loads(across.overall_json([board]))[0]["rows"][1]["remarks"] == {
        f"{FAR.format(250)} (s, {noise})": 3 for noise in ("n1", "n2")
    }
    assert FAR.format(250) in across.overall_csv([board])

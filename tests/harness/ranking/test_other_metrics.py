"""The same results asked for with and without further metrics: values that are there are shown, once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from asked_things import choice, request, results, run_of, told
from sample_records import trial

from priorbench.cli.transfer.flat import flat
from priorbench.contract.requests import request_from_json, request_to_json
from priorbench.ranking.filters import Filter, wanted_records
from priorbench.ranking.leaderboard import leaderboard
from priorbench.ranking.newest import Selection, marked
from priorbench.store.database import Store

PLAIN = request("m", denoiser=choice("m", k=1))
EDGY = replace(PLAIN, metrics=("edgy",), code="code and edgy", bare="code")
END = " (--run or --as-of shows them)"


def outputs(name: str, count: int = 3, *, output: str = "", **changes) -> list:
    """Return records of images 0, 1, ... with a digest of their output each, and an edgy of 0, 1, ..."""
    edgy = changes.pop("edgy", None)
    return [
        replace(
            one,
            output_sha256=f"{number + 1}{output or 0}" + 62 * "0",
            metrics={} if edgy is None else {"edgy": edgy + number},
        )
        for number, one in enumerate(results(name, [30.0 + n for n in range(count)], **changes))
    ]


def the_row(*questions, **options):
    """Return the one row of the one board, and the notes about what was left out."""
    [board] = leaderboard(told(*questions).scores(), **options)
    [row] = board.rows
    return row, [note for note in board.notes if "left out" in note]


def test_nothing_is_left_out_where_the_same_results_are_shown_with_a_metric():
    row, notes = the_row((1, PLAIN, outputs("plain")), (2, EDGY, outputs("edgy", edgy=1.0)))
    assert (row.images, row.metrics, notes) == (3, {"edgy": 2.0}, [])


def test_what_the_newest_run_did_not_measure_is_told_as_that():
    newer = outputs("edgy", 1, edgy=1.0)
    row, notes = the_row((1, PLAIN, outputs("plain")), (2, EDGY, newer))
    assert row.images == 1
    assert notes == [f"2 records without the metrics of the newest run are left out{END}"]
    other = outputs("edgy", output="f", edgy=1.0)
    row, notes = the_row((1, PLAIN, outputs("plain")), (2, EDGY, other))
    assert (row.images, notes) == (3, [f"3 records without the metrics of the newest run are left out{END}"])


def test_a_run_without_the_metric_keeps_the_values_that_are_there():
    row, notes = the_row((1, EDGY, outputs("edgy", edgy=1.0)), (2, PLAIN, outputs("plain")))
    assert (row.images, row.metrics, row.unmeasured, notes) == (3, {"edgy": 2.0}, {}, [])


@pytest.mark.parametrize(
    "earlier",
    [
        (EDGY, outputs("edgy", output="f", edgy=1.0)),
        (replace(EDGY, bare="edited"), outputs("edgy", edgy=1.0)),
        (replace(EDGY, bare=""), outputs("edgy", edgy=1.0)),
        (replace(EDGY, denoiser=choice("m", k=2)), outputs("edgy", edgy=1.0)),
    ],
    ids=["output", "code", "unknown code", "parameters"],
)
def test_values_of_other_results_are_not_shown(earlier):
    row, notes = the_row((1, *earlier), (2, PLAIN, outputs("plain")))
    assert "edgy" not in row.metrics
    assert len(notes) == 1


def test_a_result_without_an_output_is_the_same_as_none():
    def failed(name):
        return [trial("m", "0", None, key=name, status="error", noisy_sha256="noise of 0", image_sha256="0")]

    row, notes = the_row((1, EDGY, failed("edgy")), (2, PLAIN, failed("plain")))
    assert row.failures == {"error": 1}
    assert notes == [f"1 record with other metrics than those of the newest run is left out{END}"]


def test_of_two_runs_with_the_metric_the_last_one_counts():
    first, second = outputs("first", edgy=1.0), outputs("second", 2, edgy=5.0)
    edited = replace(EDGY, code="code and another edgy")
    row, _ = the_row((1, EDGY, first), (2, edited, second), (3, PLAIN, outputs("plain")))
    assert row.metrics == {"edgy": 5.5} and row.unmeasured == {"edgy": 1}


def test_an_earlier_day_shows_what_was_measured_until_then():
    days = [(1, PLAIN, outputs("plain")), (2, EDGY, outputs("edgy", edgy=1.0)), (3, PLAIN, outputs("plain"))]
    assert the_row(*days)[0].metrics == {"edgy": 2.0}
    row, notes = the_row(*days, only=Filter(run=run_of(3).id))
    assert (row.metrics, notes) == ({}, [])


def test_a_store_keeps_what_it_takes(tmp_path):
    days = told((1, EDGY, outputs("edgy", edgy=1.0)), (2, PLAIN, outputs("plain")))
    store = Store(f"sqlite:///{tmp_path}/a.db")
    for run in days.runs:
        store.add_run(run)
    for record in days.records:
        store.add([record], answers=[answer for answer in days.answers if answer[1] == record.key])
    [board] = leaderboard(store.scores())
    assert board.rows[0].metrics == {"edgy": 2.0}
    assert request_from_json(request_to_json(EDGY)) == EDGY
    assert "bare" not in request_to_json(PLAIN)


def test_an_earlier_version_of_the_metric_itself_is_told_as_that():
    edited = replace(EDGY, code="code and another edgy")
    row, notes = the_row((1, EDGY, outputs("first", edgy=1.0)), (2, edited, outputs("second", edgy=5.0)))
    assert row.metrics == {"edgy": 6.0}
    assert notes == [f"3 records of earlier versions or parameters of the same labels are left out{END}"]


def test_what_boards_show_a_metric_of_is_not_older():
    """`forget --older` takes out what boards leave out: it took the values that they show with it."""
    told_all = told((1, EDGY, outputs("edgy", edgy=1.0)), (2, PLAIN, outputs("plain")))
    assert not marked(told_all.scores(), Selection(older=True)).any()
    other = told((1, EDGY, outputs("edgy", output="f", edgy=1.0)), (2, PLAIN, outputs("plain")))
    assert marked(other.scores(), Selection(older=True)).sum() == 3


def test_a_table_of_records_has_the_metrics_that_boards_show():
    scores = told((1, EDGY, outputs("edgy", edgy=1.0)), (2, PLAIN, outputs("plain"))).scores()
    found = wanted_records(scores)
    assert sorted(one.metrics["edgy"] for one in found.values() if one.current) == [1.0, 2.0, 3.0]
    row = flat({"metrics": {}, "environment": {}}, next(one for one in found.values() if one.current))
    assert row["metrics.edgy"] in (1.0, 2.0, 3.0)

"""``priorbench runs``, ``forget`` and ``rename``, ``--run`` and ``--as-of``, ``compare X@previous X``."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
import sqlalchemy as sa
from asked_things import choice, request, results, run_of
from small_runs import HERE, ONE_IMAGE

from priorbench.store.database import Store
from priorbench.store.sharing.ends import State, note_end
from priorbench.store.sharing.owner import own_name
from priorbench.store.tables import CLAIMS

BOARD = ("leaderboard", "--format", "json")


@pytest.fixture
def runs(command):
    """Give a function that runs a method on one image; it returns the id of the run."""

    def run(method: str) -> str:
        done = command("run", *ONE_IMAGE[1:], "--denoiser", method, *HERE)
        assert done.returncode == 0, done.stderr
        return json.loads(command("runs", "--format", "json").stdout)[-1]["id"]

    return run


def methods(command, *more: str) -> list[str]:
    return sorted(
        row["denoiser"] for board in json.loads(command(*BOARD, *more).stdout) for row in board["rows"]
    )


def stopped_at(command, *more: str) -> list[float]:
    """Return the iterations of the rows of the method under rule `fixed`."""
    boards = json.loads(command(*BOARD, *more).stdout)
    return [row["iterations"] for board in boards for row in board["rows"] if row["stopping_rule"] == "fixed"]


def test_the_board_shows_what_was_asked_for_last_and_each_run_can_be_asked_for(command, runs):
    first = runs("approach:label=m,iterations=3")
    second = runs("approach:label=m,iterations=7")
    assert stopped_at(command) == [7]
    third = runs("approach:label=m,iterations=3")
    assert stopped_at(command) == [3]
    assert [stopped_at(command, "--run", run) for run in (first, second, third)] == [[3], [7], [3]]
    [board] = json.loads(command(*BOARD).stdout)
    assert any("record" in note and "--as-of" in note for note in board["notes"])
    asked = {one["id"]: one["asked_at"] for one in json.loads(command("runs", "--format", "json").stdout)}
    assert stopped_at(command, "--as-of", asked[second]) == [7]
    before = command(*BOARD, "--as-of", "2001-01-01")
    assert (before.returncode, "nothing was asked for until 2001" in before.stderr) == (2, True)
    wrong = command(*BOARD, "--run", "none")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
    assert command(*BOARD, "--as-of", "soon").returncode == 2


def test_a_label_is_compared_with_what_it_stood_for_before(command, runs):
    runs("approach:label=m,iterations=3")
    alone = command("compare", "m@previous", "m")
    assert alone.returncode == 2
    runs("approach:label=m,iterations=7")
    done = command("compare", "m@previous@fixed", "m@fixed", "--format", "json")
    assert done.returncode == 0, done.stderr
    [found] = json.loads(done.stdout)["comparisons"]
    assert found["a"].startswith("m@previous")
    assert found["difference"]["mean"] == pytest.approx(found["psnr_a"] - found["psnr_b"])
    assert found["difference"]["mean"] < 0


def test_forgetting_takes_requests_and_records_nobody_asks_for(command, runs, tmp_path):
    runs("mean:label=a")
    runs("mean:label=b")
    assert methods(command) == ["b"]  # the same method, asked for under another name later
    dry = command("forget", "a", "--dry-run")
    assert "1 request and 0 records would be taken out" in dry.stderr
    assert command("forget", "a").returncode == 0
    assert "0 records taken out" not in command("forget", "b").stderr
    store = Store(f"sqlite:///{tmp_path}/priorbench.db", create=False)
    assert (len(store), len(store.asked().requests), store.asked().runs) == (0, 0, ())
    store.close()
    wrong = command("forget", "b")
    assert wrong.returncode == 2
    assert command("forget").returncode == 2


def test_older_versions_can_be_forgotten(command, runs, tmp_path):
    runs("approach:label=m,iterations=3")
    runs("approach:label=m,iterations=7")
    board = json.loads(command(*BOARD).stdout)
    assert command("forget", "--older").returncode == 0
    [after] = json.loads(command(*BOARD).stdout)
    assert after["rows"] == board[0]["rows"]
    assert after["notes"] != board[0]["notes"]


def test_a_label_is_renamed_and_its_records_are_found_under_the_new_one(command, runs):
    runs("mean:label=a")
    assert "would be called" in command("rename", "a", "b", "--dry-run").stderr
    assert methods(command) == ["a"]
    assert command("rename", "a", "b").returncode == 0
    assert methods(command) == ["b"]
    assert command("rename", "ramps:count=1", "slopes", "--kind", "image-set").returncode == 0
    assert json.loads(command(*BOARD).stdout)[0]["image_set"] == "slopes"
    wrong = command("rename", "bb", "c")
    assert (wrong.returncode, "did you mean 'b'" in wrong.stderr) == (2, True)
    for label in ("", "a\tb", "<b>"):
        assert command("rename", "b", label).returncode == 2
    assert command("forget", "b", "--store", "none.db").returncode == 2


@pytest.fixture
def noted(tmp_path, priorbench):
    """Give a function that writes a store of runs that ended so; it returns what `priorbench runs` says."""

    def told(*ends: str | None, source: str = "one", holding: str = "") -> tuple[list[str | None], str, str]:
        place = str(tmp_path / f"{len(list(tmp_path.iterdir()))}.db")
        store = Store(place)
        for number, end in enumerate(ends):
            options = {"threads": 2, "tags": [f"t{number}"], **({} if end is None else {"ended": ""})}
            store.add_run(replace(run_of(number), suite="s", source=source, options=options))
            if end:
                note_end(store, run_of(number).id, State(end))
        if holding:
            row = {"key": "k", "run": holding, "owner": own_name(), "until": time.time() + 60, "remade": 0}
            store.write(lambda connection: connection.execute(sa.insert(CLAIMS), [row]))
        store.close()
        status, out, _ = priorbench("runs", "--store", place, "--format", "json")
        assert status == 0
        states = [one["state"] for one in json.loads(out)]
        assert not any("ended" in one["options"] for one in json.loads(out))
        _, table, remarks = priorbench("runs", "--store", place)
        return states, table, remarks

    return told


def test_runs_that_ended_well_or_of_which_nothing_is_known_are_not_marked(noted):
    states, table, remarks = noted(None, "finished")
    assert states == [None, "finished"]
    assert "state" not in table and remarks == ""


def test_an_interrupted_run_is_marked_and_told_how_to_go_on(noted):
    states, table, remarks = noted("finished", "interrupted")
    assert states == ["finished", "interrupted"]
    assert [line.split()[-1] for line in table.splitlines() if line.startswith(run_of(1).id)] == [
        "interrupted"
    ]
    assert f"{run_of(1).id}: the same 'priorbench run' again goes on" in remarks
    assert run_of(0).id not in remarks and "killed" not in remarks


def test_what_was_run_to_its_end_later_needs_nothing(noted):
    states, table, remarks = noted("interrupted", "finished")
    assert states == ["interrupted", "finished"]
    assert "interrupted" in table and remarks == ""


def test_a_run_that_was_killed_is_unfinished_and_one_that_holds_trials_is_at_work(noted):
    states, _, remarks = noted("", "finished", "")
    assert states == ["unfinished", "finished", "unfinished"]
    assert "unfinished: killed before its end" in remarks and run_of(2).id in remarks
    states, _, remarks = noted("", holding=run_of(0).id)
    assert (states, remarks) == (["at work"], "")


def test_a_run_notes_that_it_was_interrupted_and_the_next_that_it_finished(command, tmp_path):
    command("run", *ONE_IMAGE[1:], "--denoiser", "sleeps:seconds=600", "--time-budget", "5", *HERE)
    [one] = json.loads(command("runs", "--format", "json").stdout)
    assert (one["state"], one["records"]) == ("interrupted", 0)
    assert "sleeps" in one["source"]
    command("run", *ONE_IMAGE[1:], "--denoiser", "mean", *HERE)
    assert [one["state"] for one in json.loads(command("runs", "--format", "json").stdout)] == [
        "interrupted",
        "finished",
    ]


def test_versions_of_a_label_that_are_forgotten_are_told_apart_by_their_runs(priorbench, tmp_path):
    place = str(tmp_path / "versions.db")
    store = Store(place)
    for day in (1, 2, 3):
        store.add_run(run_of(day))
        [record] = results("m", [30.0])
        record = replace(record, key=f"m {day}", code=f"commit {day}")
        store.add([record], answers=[(request("m", code=record.code), record.key, run_of(day).id)])
    store.close()
    status, _, told = priorbench("forget", "--older", "--dry-run", "--store", place)
    *lines, last = told.splitlines()
    assert (status, "2 requests and 2 records would be" in last) == (0, True)
    assert sorted(lines) == [f"priorbench: m on s, n, asked for by run {run_of(day).id}" for day in (1, 2)]
    _, _, told = priorbench("forget", "m", "--run", run_of(3).id, "--dry-run", "--store", place)
    assert told.splitlines()[0] == "priorbench: m on s, n"


def test_a_run_that_was_killed_before_its_first_record_can_be_forgotten(priorbench, tmp_path):
    place = str(tmp_path / "killed.db")
    store = Store(place)
    store.add_run(replace(run_of(1), options={"ended": ""}))
    store.add_run(run_of(2))
    [record] = results("m", [30.0])
    store.add([record], answers=[(request("m"), record.key, run_of(2).id)])
    store.close()
    for more in (("--dry-run",), ()):
        status, _, told = priorbench("forget", "--run", run_of(1).id, "--store", place, *more)
        assert (status, "1 run, 0 requests and 0 records" in told) == (0, True)
    _, out, _ = priorbench("runs", "--store", place, "--format", "json")
    assert [one["id"] for one in json.loads(out)] == [run_of(2).id]


def test_an_empty_store_is_called_so(priorbench, tmp_path):
    place = str(tmp_path / "empty.db")
    Store(place).close()
    assert priorbench("runs", "--store", place) == (0, f"the store sqlite:///{place} has no runs\n", "")
    assert priorbench("failures", "--store", place)[1] == f"the store sqlite:///{place} has no records\n"
    for command in ("runs", "failures"):
        assert priorbench(command, "--format", "json", "--store", place)[:2] == (0, "[]\n")
    status, _, told = priorbench("export", "--as-of", "2001-01-01", "--store", place)
    assert (status, told.strip().endswith("; there is no run")) == (2, True)


def test_a_name_that_means_two_labels_forgets_neither(priorbench, tmp_path):
    place = str(tmp_path / "two.db")
    store = Store(place)
    store.add_run(run_of(1))
    for name, stopping in (("m@fixed", None), ("m", choice("fixed"))):
        [record] = results(name, [30.0], stopping_rule=None if stopping is None else "fixed")
        store.add([record], answers=[(request(name, stopping=stopping), record.key, run_of(1).id)])
    store.close()
    status, _, told = priorbench("forget", "m@fixed", "--store", place)
    assert (status, "is a label, and another label under a rule" in told) == (2, True)
    status, _, told = priorbench("forget", "m", "--store", place)
    assert (status, "1 request and 1 record taken out" in told) == (0, True)
    assert priorbench("forget", "m@fixed", "--store", place)[0] == 0

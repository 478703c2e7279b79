"""A further metric for results that are there: computed from kept outputs, or it is said what it costs."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from small_runs import HERE, calls_log, records, write_suite

from priorbench.cli.common.kept import kept_outputs
from priorbench.errors import PriorbenchError

METRIC = """
import numpy as np
from priorbench import MetricSpec, hookimpl


def worst(estimate, clean):
    return float(np.abs(np.float64(estimate) - clean).max())


def broken(estimate, clean):
    raise ValueError("no")


@hookimpl
def priorbench_metrics():
    for name in ("worst", "broken"):
        yield MetricSpec(name=name, factory=f"metric_of_outputs:{name}", summary="s", higher_is_better=False)
"""
#: what a metric does not change
SAME = (
    "psnr",
    "mse",
    "ssim",
    "wall_seconds",
    "started_at",
    "environment",
    "curve",
    "output_sha256",
    "iterations",
)


@pytest.fixture(scope="session")
def plugin(tmp_path_factory):
    """Return the options that name the plugin; one file for all tests, which one process imports once."""
    file = tmp_path_factory.mktemp("metric") / "metric_of_outputs.py"
    file.write_text(METRIC)
    return ("--plugin", str(file))


@pytest.fixture
def worst(plugin):
    return (*plugin, "--metric", "worst")


@pytest.fixture
def suite(tmp_path):
    return str(write_suite(tmp_path))


KEEP = ("--keep-outputs", "1GiB")


def by_result(found: list[dict]) -> dict[str, dict]:
    return {json.dumps([one["denoiser"], one["image"], one["stopping_rule"]]): one for one in found}


def test_no_method_runs_for_a_metric_where_outputs_are_kept(command, suite, worst, tmp_path):
    assert command("run", suite, *KEEP).returncode == 0
    before, calls = by_result(records(command)), calls_log(tmp_path).read_text()
    dry = command("run", suite, *worst, "--dry-run")
    assert "# 0 there, 6 to score anew from kept outputs, 0 to run; " in dry.stdout
    done = command("run", suite, *worst)
    assert done.returncode == 0, done.stderr
    assert "made again" not in done.stderr
    assert "small: 6 scored anew, 0 trials run; " in done.stderr
    assert calls_log(tmp_path).read_text() == calls
    found = records(command)
    after = by_result([one for one in found if one["metrics"]])
    assert len(found) == 2 * len(before) and set(after) == set(before)
    for name, one in after.items():
        assert {field: one[field] for field in SAME} == {field: before[name][field] for field in SAME}
        assert one["key"] != before[name]["key"]
    # another way to the same numbers: a store of its own, in which everything runs
    assert command("run", suite, *worst, "--store", "other.db").returncode == 0
    afresh = by_result(records(command, "--store", "other.db"))
    assert {name: one["metrics"] for name, one in after.items()} == {
        name: one["metrics"] for name, one in afresh.items()
    }
    assert {one["key"] for one in after.values()} == {one["key"] for one in afresh.values()}
    board = command("leaderboard", "--format", "markdown").stdout  # which does not load the plugin
    assert " worst ↓ " in board and "worst ↓: less is better" in board
    again = command("run", suite, *worst)
    assert "6 found in the store" in again.stderr


@pytest.mark.parametrize("keep", [KEEP, ()], ids=["kept", "made again"])
def test_a_board_shows_what_was_measured_whichever_run_was_last(command, suite, worst, keep):
    def board() -> str:
        return command("leaderboard", "--format", "markdown").stdout

    assert command("run", suite, *HERE, *keep).returncode == 0
    assert command("run", suite, *HERE, *worst).returncode == 0
    measured = board()
    assert " worst ↓ " in measured and "left out" not in measured
    assert command("run", suite, *HERE).returncode == 0
    again = board()
    assert " worst ↓ " in again and "left out" not in again and "not measured" not in again
    cells = [[line for line in text.splitlines() if line.startswith("| ")] for text in (measured, again)]
    if keep:
        assert cells[0] == cells[1]


def test_it_is_said_what_a_metric_costs_where_they_are_not(command, suite, worst, tmp_path):
    assert command("run", suite, *HERE).returncode == 0
    calls = calls_log(tmp_path).read_text()
    done = command("run", suite, *HERE, *worst)
    assert "results without worst kept no output, and are made again: about 0 min" in done.stderr
    assert "--keep-outputs" in done.stderr
    assert len(calls_log(tmp_path).read_text()) == 2 * len(calls)


def test_what_is_not_kept_any_more_runs_and_the_rest_does_not(command, suite, worst, tmp_path):
    assert command("run", suite, *HERE, *KEEP).returncode == 0
    means = [one for one in records(command) if one["denoiser"] == "mean"]
    for one in means:
        [file] = (tmp_path / "priorbench.db.outputs").glob(f"outputs/*/{one['output_sha256']}.npy")
        file.unlink()
    calls = calls_log(tmp_path).read_text().splitlines()
    done = command("run", suite, *HERE, *worst)
    assert done.returncode == 0, done.stderr
    assert "2 results without worst" in done.stderr
    assert "small: 4 scored anew, 2 trials run; " in done.stderr
    new = calls_log(tmp_path).read_text().splitlines()[len(calls) :]
    assert len([one for one in records(command) if one["metrics"]]) == 8
    assert new and len(new) < len(calls)


def test_a_damaged_output_is_told_and_then_made_again(command, suite, worst, tmp_path):
    assert command("run", suite, *HERE, *KEEP).returncode == 0
    one = next(one for one in records(command) if one["denoiser"] == "mean")
    [file] = (tmp_path / "priorbench.db.outputs").glob(f"outputs/*/{one['output_sha256']}.npy")
    np.save(file, np.zeros((3, 8, 8), dtype=np.float32))
    done = command("run", suite, *HERE, *worst)
    assert done.returncode == 1
    assert "the kept output has gone since the run began" in done.stderr
    assert command("run", suite, *HERE, *worst).returncode == 0


def test_a_note_that_names_another_result_is_not_believed(command, suite, worst, tmp_path):
    assert command("run", suite, *HERE, *KEEP).returncode == 0
    notes = sorted((tmp_path / "priorbench.db.outputs").glob("results/*/*"))
    texts = [note.read_text() for note in notes]
    for note, text in zip(notes, texts[1:] + texts[:1], strict=True):
        note.write_text(text)
    assert command("run", suite, *HERE, *worst).returncode == 0
    shutil.rmtree(tmp_path / "priorbench.db.outputs")
    assert command("run", suite, *HERE, *worst, "--store", "other.db").returncode == 0
    metrics = [
        {name: one["metrics"] for name, one in by_result([r for r in found if r["metrics"]]).items()}
        for found in (records(command), records(command, "--store", "other.db"))
    ]
    assert metrics[0] == metrics[1]


def test_a_metric_that_fails_gives_a_record_that_says_so(command, suite, plugin):
    assert command("run", suite, *HERE, *KEEP).returncode == 0
    done = command("run", suite, *HERE, *plugin, "--metric", "broken")
    assert done.returncode == 1
    assert all(one["status"] == "error" for one in records(command) if one["error"])
    assert "ValueError: no" in command("failures").stdout


def test_outputs_on_other_machines_cannot_be_kept():
    elsewhere = SimpleNamespace(spec=SimpleNamespace(elsewhere=True))
    assert kept_outputs("a.db", None, elsewhere) == ("", 0)
    with pytest.raises(PriorbenchError, match="--keep-outputs: trials run on other machines"):
        kept_outputs("a.db", 1, elsewhere)


def test_a_store_on_a_server_wants_a_folder(monkeypatch, tmp_path):
    here = SimpleNamespace(spec=SimpleNamespace(elsewhere=False))
    assert kept_outputs("postgresql://h/d", None, here) == ("", 0)
    with pytest.raises(PriorbenchError, match="name one in PRIORBENCH_OUTPUTS"):
        kept_outputs("postgresql://h/d", 1, here)
    monkeypatch.setenv("PRIORBENCH_OUTPUTS", str(tmp_path))
    assert kept_outputs("postgresql://h/d", 1, here) == (str(tmp_path), 1)


def test_other_threads_than_last_time_are_told(command, suite):
    assert command("run", suite, *HERE, "--threads", "1", "--limit", "1").returncode == 0
    again = command("run", suite, *HERE, "--threads", "1", "--limit", "1")
    assert "the last run" not in again.stderr
    done = command("run", suite, *HERE, "--threads", "2", "--limit", "1")
    assert "the last run of small in this store had --threads 1, this one has --threads 2" in done.stderr
    assert "'--threads 1' goes on with them" in done.stderr

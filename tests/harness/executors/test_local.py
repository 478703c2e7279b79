"""Runs in worker processes, through the command line: failures, prints, several jobs, Ctrl-C."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from conftest_support import command_environment, run_here
from small_runs import HERE, ONE_IMAGE, records, write_suite

#: method -> its status, and words of its reason
FAILING = {
    "raises": ("error", "ValueError: no luck at all (example_things.py:"),
    "exits": ("error", "the method called sys.exit(3)"),
    "dies": ("crashed", "SIGSEGV"),
    "hangs": ("timeout", "no result after 5 s"),
    "nans": ("invalid-output", "768 of 768 values are NaN or infinite"),
    "grey-only": ("refused", "takes images of 1 channels, not 3"),
}


@pytest.fixture(scope="module")
def failed(example_site, tmp_path_factory) -> dict[str, dict]:
    """Give the records, by method, of a run with all methods that fail and, after them, one that does not."""
    command = partial(run_here, example_site, tmp_path_factory.mktemp("failed"))
    methods = [word for method in (*FAILING, "mean") for word in ("--denoiser", method)]
    done = command(*ONE_IMAGE, *methods, "--timeout", "5")
    assert (done.returncode, "7 trials run, 5 failed, 1 refused" in done.stderr) == (1, True), done.stderr
    return {record["denoiser"]: record for record in records(command)}


@pytest.mark.parametrize(("method", "status", "reason"), [(name, *told) for name, told in FAILING.items()])
def test_a_failing_method_is_a_record_and_the_others_go_on(failed, method, status, reason):
    found = failed[method]
    assert (found["status"], failed["mean"]["status"]) == (status, "ok")
    assert reason in found["error"]
    assert "\n" not in found["error"]
    assert found["noisy_sha256"] == failed["mean"]["noisy_sha256"]
    # what was known when the method failed is kept
    assert (found["setup_seconds"] is not None) == (status != "refused")


def test_a_method_may_print_what_it_likes(command):
    done = command("run", "-", "--images", "ramps:count=2", "--noise", "gaussian-25", "--denoiser", "shouts")
    assert done.returncode == 0, done.stderr
    assert [record["status"] for record in records(command)] == ["ok", "ok"]


def test_two_jobs_give_the_same_quality_and_mark_the_timings(command):
    images = ("--images", "ramps:count=2", "--noise", "gaussian-25")
    both = ("run", "-", *images, "--denoiser", "approach:iterations=12", "--threads", "1")
    assert command(*both, "--store", "one.db").returncode == 0
    assert command(*both, "--store", "two.db", "--jobs", "2").returncode == 0
    one, two = ({r["key"]: r for r in records(command, "--store", f"{n}.db")} for n in ("one", "two"))
    assert one.keys() == two.keys()
    assert all(one[key]["output_sha256"] == two[key]["output_sha256"] for key in one)
    assert not any("workers" in (r["tainted"] or "") for r in one.values())
    assert all("2 workers" in r["tainted"] for r in two.values())


def start(suite: str, site: Path, folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "priorbench", "run", suite, *options],
        cwd=folder,
        env={**command_environment(site), "TMPDIR": str(folder / "scratch")},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_signals,
    )


def heed_signals() -> None:
    """Heed signals that a background job, or one of nohup, as this test run may be, is told to ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def test_ctrl_c_ends_cleanly_and_the_next_run_goes_on(command, example_site, tmp_path):
    suite = str(write_suite(tmp_path, count=4, seconds=0.3))
    (tmp_path / "scratch").mkdir()
    running = start(suite, example_site, tmp_path)
    assert running.stderr is not None
    running.stderr.readline()  # the first trial has ended
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "interrupted: run the same command again to go on" in said
    assert "Traceback" not in said
    before = {record["key"] for record in records(command)}
    assert command("run", suite, *HERE).returncode == 0
    after = records(command)
    assert before < {record["key"] for record in after}
    assert len(after) == 16


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_other_signals_end_a_run_as_ctrl_c_does(command, example_site, tmp_path, number, status):
    """Before, they killed the run where it stood; what it had was left in the write-ahead log."""
    suite = str(write_suite(tmp_path, count=40, seconds=0.3))
    (tmp_path / "scratch").mkdir()
    running = start(suite, example_site, tmp_path, *HERE)
    assert running.stderr is not None
    running.stderr.readline()  # the first trial has ended
    with sqlite3.connect(tmp_path / "priorbench.db") as reader:  # the last to close removes the log
        assert reader.execute("SELECT count(*) FROM records").fetchone()[0]
        running.send_signal(number)
        _, said = running.communicate(timeout=120)
        assert running.returncode == status
        assert f"ended by {number.name}: run the same command again to go on" in said
        assert "Traceback" not in said
        assert (tmp_path / "priorbench.db-wal").stat().st_size == 0
    assert 1 <= len(records(command)) < 160
    assert not list((tmp_path / "scratch").iterdir())


def test_a_run_ends_when_its_time_budget_is_used_up(process, command):
    chosen = ("run", "-", "--images", "ramps:count=90", "--noise", "gaussian-25", *HERE)
    options = (*chosen, "--denoiser", "sleeps:seconds=0.3")
    done = process(*options, "--time-budget", "10s")
    assert done.returncode == 1, done.stderr
    assert "the time budget is used up: run the same command again to go on" in done.stderr
    assert "Traceback" not in done.stderr
    before = len(records(command))
    assert 1 <= before < 90
    again = command(*options, "--limit", "1", "--time-budget", "9m")
    assert (again.returncode, "the one trial is in the store" in again.stderr) == (0, True), again.stderr

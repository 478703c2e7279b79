"""``priorbench run --dry-run``: what is there, what is to run, what will be refused, and what was read."""

from __future__ import annotations

import pytest
from small_runs import HERE, ONE_IMAGE, calls_log, records, write_suite

METHODS = """
from priorbench import DenoiserSpec, hookimpl


@hookimpl
def priorbench_denoisers():
    about = {"factory": "example_things:Mean", "iterative": False}
    yield DenoiserSpec(name="wants-poisson", noises=("poisson",), **about)
    yield DenoiserSpec(name="wants-large", min_size=1000, **about)
"""


def told(done, start):
    """Return the lines of a dry run that begin so, without the sign of a comment."""
    lines = [line.removeprefix("# ") for line in done.stdout.splitlines() if line.startswith("# ")]
    return [line for line in lines if line.startswith(start)]


def counts(done):
    return [line.partition(";")[0] for line in done.stdout.splitlines() if " to run" in line]


def test_it_says_what_is_there_and_what_is_to_run(command, tmp_path):
    suite = str(write_suite(tmp_path, count=3))
    assert "# nothing is there yet: sqlite:///priorbench.db" in command("run", suite, "--dry-run").stdout
    assert command("run", suite, *HERE, "--limit", "2", "--denoiser", "mean").returncode == 0
    log = calls_log(tmp_path)
    calls = log.read_text() if log.exists() else ""
    done = command("run", suite, *HERE, "--dry-run", "--denoiser", "mean")
    assert counts(done) == ["# 2 there, 1 to run"]
    assert "; sqlite:///priorbench.db" in done.stdout
    assert (log.read_text() if log.exists() else "") == calls
    ran = command("run", suite, *HERE, "--denoiser", "mean")
    assert "1 trial run, 2 found in the store" in ran.stderr
    assert counts(command("run", suite, *HERE, "--dry-run", "--denoiser", "mean")) == ["# 3 there, 0 to run"]


def test_failures_and_what_is_asked_for_twice_count_as_the_run_counts_them(command):
    chosen = (*ONE_IMAGE, "--denoiser", "raises", "--denoiser", "mean", "--denoiser", "mean:label=again")
    before = command(*chosen, *HERE, "--dry-run", "--store", "other.db")
    assert "nothing is there yet" in before.stdout
    assert command(*chosen, *HERE).returncode == 1
    done = command(*chosen, *HERE, "--dry-run")
    assert counts(done) == ["# 3 there, 0 to run"]
    assert "# 1 trial of these failed before: --retry-failed runs it again" in done.stdout
    again = command(*chosen, *HERE, "--dry-run", "--retry-failed")
    assert counts(again) == ["# 2 there, 1 to run"] and "failed before" not in again.stdout


def test_other_threads_than_last_time_are_told(command, tmp_path):
    suite = str(write_suite(tmp_path))
    assert command("run", suite, *HERE, "--threads", "1", "--limit", "1").returncode == 0
    done = command("run", suite, *HERE, "--threads", "2", "--limit", "1", "--dry-run")
    assert "'--threads 1' goes on with them" in done.stderr and counts(done) == ["# 0 there, 3 to run"]


@pytest.fixture(scope="module")
def methods(tmp_path_factory):
    """Return the options that name the plugin and its methods; one file, which one process imports once."""
    file = tmp_path_factory.mktemp("methods") / "methods_of_a_dry_run.py"
    file.write_text(METHODS)
    names = ("wants-poisson", "wants-large", "grey-only", "mean")
    return ("--plugin", str(file), *(word for name in names for word in ("--denoiser", name)))


def test_refused_methods_are_foreseen_with_the_reason_of_the_run(command, methods):
    chosen = ("run", "-", "--images", "ramps:count=2", "--noise", "gaussian-25", *methods)
    dry = command(*chosen, *HERE, "--dry-run")
    assert dry.returncode == 0
    foreseen = [line for line in dry.stderr.splitlines() if "will be refused" in line]
    ran = command(*chosen, *HERE)
    refused = {one["denoiser"]: one["error"] for one in records(command) if one["status"] == "refused"}
    assert sorted(refused) == ["grey-only", "wants-large", "wants-poisson"]
    assert sorted(foreseen) == sorted(
        f"priorbench: method '{name}' will be refused for gaussian-25: {reason}"
        for name, reason in refused.items()
    )
    lines = [line for line in ran.stderr.splitlines() if "will be refused" in line]
    assert len(lines) == 1 and "wants-poisson" in lines[0]  # the run has not read pictures yet


def test_a_method_that_is_refused_for_some_pictures_says_for_which(command, methods):
    chosen = ("--images", "ramps:count=2", "--images", "ramps:count=3,size=1000,label=large")
    noises = ("--noise", "gaussian-25", "--noise", "gaussian-50")
    done = command("run", "-", *chosen, *noises, *methods, *HERE, "--dry-run")
    assert [line for line in done.stderr.splitlines() if "'wants-large'" in line] == [
        "priorbench: method 'wants-large' will be refused for gaussian-25, gaussian-50, 2 of 2 pictures of"
        " ramps:count=2: needs at least 1000 pixels each way, not 16 x 16"
    ]


def test_a_set_that_was_read_to_its_end_is_said_to_be(command):
    chosen = ("run", "-", "--noise", "gaussian-25", "--denoiser", "mean", *HERE, "--dry-run")
    few = command(*chosen, "--images", "ramps:count=3")
    assert told(few, "read of") == ["read of ramps:count=3: all of its 3 pictures"]
    one = command(*chosen, "--images", "ramps:count=1")
    assert told(one, "read of") == ["read of ramps:count=1: all of its 1 picture"]
    exactly = command(*chosen, "--images", "ramps:count=12")
    assert told(exactly, "read of") == ["read of ramps:count=12: all of its 12 pictures"]
    many = command(*chosen, "--images", "ramps:count=13")
    assert told(many, "read of") == [
        "read of ramps:count=13: 12 pictures; the run tells what it meets in others"
    ]
    part = command(*chosen, "--images", "ramps:count=13", "--limit", "2")
    assert told(part, "read of") == ["read of ramps:count=13: all of its 2 pictures"]


def test_a_store_that_cannot_be_read_is_told_and_stops_no_dry_run(command, tmp_path):
    (tmp_path / "none.db").write_text("no database " * 100)
    done = command(*ONE_IMAGE, "--denoiser", "mean", *HERE, "--dry-run", "--store", "none.db")
    assert done.returncode == 0, done.stderr
    [line] = told(done, "the store cannot be read")
    assert "none.db" in line

"""A run: one record for each rule, all its fields, and nothing is run twice."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest_support import run_here
from small_runs import HERE, ONE_IMAGE, calls_log, records, write_suite

from priorbench.contract.limits import Limits

AGAIN = "; --retry-failed runs the 1 failed again"

#: the fields that the design promises
CONTRACT = """
schema protocol key denoiser parameters plugin plugin_version image_set image image_sha256 height width
channels noise sigma noisy_sha256 noisy_psnr repetition stopping_rule iterations psnr ssim oracle_psnr
oracle_iteration wall_seconds device_seconds cpu_seconds setup_seconds peak_memory_bytes device threads
tainted status error environment started_at curve
"""


def calls(folder: Path) -> int:
    log = calls_log(folder)
    return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.fixture(scope="module")
def ran(example_site, tmp_path_factory) -> SimpleNamespace:
    """Give the folder and the suite of a run that has ended, for tests that only look at them."""
    folder = tmp_path_factory.mktemp("ran")
    command = partial(run_here, example_site, folder)
    suite = str(write_suite(folder))
    done = command("run", suite, "--threads", "1")
    assert done.returncode == 0, done.stderr
    return SimpleNamespace(folder=folder, suite=suite, command=command, records=records(command))


def test_a_run_gives_one_record_for_each_rule_and_is_not_repeated(ran):
    assert Counter((record["denoiser"], record["stopping_rule"]) for record in ran.records) == {
        ("mean", None): 2,
        ("approach", "fixed"): 2,
        ("approach", "oracle"): 2,
        ("sleeps", None): 2,
    }
    assert all(record["status"] == "ok" and record["psnr"] > 15 for record in ran.records)
    after = calls(ran.folder)
    assert after >= 6
    again = ran.command("run", ran.suite, "--threads", "1")
    assert again.returncode == 0
    assert "nothing to do: all 6 trials are in the store already" in again.stderr
    assert calls(ran.folder) == after


def test_every_method_gets_the_same_noise_and_a_record_all_its_fields(ran):
    for image in ("ramp-0", "ramp-1"):
        assert len({record["noisy_sha256"] for record in ran.records if record["image"] == image}) == 1
    [fixed] = [r for r in ran.records if r["stopping_rule"] == "fixed" and r["image"] == "ramp-0"]
    assert set(CONTRACT.split()) <= set(fixed)
    assert fixed["sigma"] == pytest.approx(25 / 255)
    assert fixed["iterations"] == 12
    assert fixed["curve"]["iteration"] == [*range(1, 13)]
    assert fixed["oracle_psnr"] >= fixed["psnr"]
    assert fixed["environment"]["versions"]["torch"]


def test_levels_of_a_noise_share_their_random_numbers(command):
    levels = [("--noise", f"gaussian:sigma={level}/255") for level in (10, 20)]
    command("run", "-", "--images", "ramps:count=1", "--denoiser", "mean", *levels[0], *levels[1], *HERE)
    low, high = (10 ** (-record["noisy_psnr"] / 10) for record in records(command))
    assert high / low == pytest.approx(4, rel=1e-4)


@pytest.mark.parametrize(("method", "status"), [("grey-only", 0), ("nans", 1)])
def test_a_refusal_is_no_failure_of_the_run(command, method, status):
    assert command(*ONE_IMAGE, "--denoiser", method, *HERE).returncode == status


def test_what_failed_is_run_again_only_on_request(command):
    options = (*ONE_IMAGE, "--denoiser", "raises", *HERE)
    first = command(*options)
    assert (first.returncode, first.stderr.strip().endswith(AGAIN)) == (1, True), first.stderr
    again = command(*options)
    assert again.returncode == 1, "a requested trial has no good record, so 0 would be a lie"
    assert "nothing to do" not in again.stderr
    last = again.stderr.splitlines()[-1]
    assert "0 trials run, 1 found in the store, 1 failed before" in last
    assert last.endswith(AGAIN)
    assert command(*options, "--retry-failed").returncode == 1
    assert len(records(command)) == 1


def test_what_failed_before_is_told_while_other_trials_succeed(command):
    assert command(*ONE_IMAGE, "--denoiser", "raises", "--denoiser", "mean", *HERE).returncode == 1
    more = command(*ONE_IMAGE, "--denoiser", "raises", "--denoiser", "sleeps", *HERE)
    assert (more.returncode, "1 failed before" in more.stderr) == (1, True), more.stderr


def test_what_failed_for_a_limit_is_tried_again_under_a_larger_one(command):
    """Before, the timeout of a first, hasty run stayed in the store for good."""
    options = (*ONE_IMAGE, "--denoiser", "sleeps:seconds=2", "--threads", "1")
    assert command(*options, "--timeout", "1").returncode == 1
    [late] = records(command)
    assert (late["status"], late["limits"]) == ("timeout", {"timeout": 1.0})
    same = command(*options, "--timeout", "1s")
    assert (same.returncode, "0 trials run" in same.stderr) == (1, True), same.stderr
    larger = command(*options, "--timeout", "60", "--memory-limit", "8GiB")
    assert larger.returncode == 0, larger.stderr
    [done] = records(command)
    assert (done["status"], done["limits"]) == ("ok", {"timeout": 60.0, "memory": 2**33})
    assert "nothing to do" in command(*options).stderr


@pytest.mark.parametrize(
    ("status", "had", "now", "more"),
    [
        ("timeout", {"timeout": 5}, Limits(timeout=6), True),
        ("timeout", {"timeout": 5}, Limits(), True),
        ("timeout", {"timeout": 5}, Limits(timeout=5), False),
        ("timeout", {"timeout": 5, "memory": 1}, Limits(timeout=4), False),
        ("timeout", {}, Limits(), False),  # a record of an older version
        ("out-of-memory", {"memory": 5}, Limits(memory=6), True),
        ("out-of-memory", {"memory": 5}, Limits(memory=5), False),
        ("out-of-memory", {"timeout": 5}, Limits(timeout=6), False),  # the machine itself had no more
        ("error", {"timeout": 5}, Limits(timeout=6), False),
    ],
)
def test_only_the_limit_that_a_trial_failed_for_counts(status, had, now, more):
    assert now.allow_more(status, had) is more

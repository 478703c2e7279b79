"""Runs end to end through the command line: resume, kill, shards, failures, formats."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest_support import command_environment, run_here

SUITE = """
name: small
images:
  - ramps: {{count: {count}}}
noises: [gaussian-25]
denoisers:
  - mean: {{log: {log}}}
  - approach: {{log: {log}, iterations: 12}}
  - sleeps: {{log: {log}, seconds: {seconds}}}
stopping: [fixed, oracle]
"""


#: the fields that the design promises
CONTRACT = """
schema protocol key denoiser parameters plugin plugin_version image_set image image_sha256 height width
channels noise sigma noisy_sha256 noisy_psnr repetition stopping_rule iterations psnr ssim oracle_psnr
oracle_iteration wall_seconds device_seconds cpu_seconds setup_seconds peak_memory_bytes device threads
tainted status error environment started_at curve
"""

ONE_IMAGE = ("run", "-", "--images", "ramps:count=1", "--noise", "gaussian-25")
#: for what has nothing to do with processes: starting a worker takes longer than all else
HERE = ("--executor", "serial")


def write_suite(folder: Path, count: int = 2, seconds: float = 0.0) -> Path:
    path = folder / "small.yaml"
    path.write_text(SUITE.format(count=count, log=calls_log(folder), seconds=seconds))
    return path


def records(command, *arguments: str) -> list[dict]:
    done = command("export", *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def calls_log(folder: Path) -> Path:
    return folder / "calls.log"


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
    assert Counter(
        (record["label"].partition(":")[0], record["stopping_rule"]) for record in ran.records
    ) == {
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
    # what the worker knew when the method failed is kept, unless the worker went with it
    known = status in ("error", "invalid-output")
    assert (found["setup_seconds"] is not None) == known


@pytest.mark.parametrize(("method", "status"), [("grey-only", 0), ("nans", 1)])
def test_a_refusal_is_no_failure_of_the_run(command, method, status):
    assert command(*ONE_IMAGE, "--denoiser", method, *HERE).returncode == status


def test_a_method_may_print_what_it_likes(command):
    done = command("run", "-", "--images", "ramps:count=2", "--noise", "gaussian-25", "--denoiser", "shouts")
    assert done.returncode == 0, done.stderr
    assert [record["status"] for record in records(command)] == ["ok", "ok"]


def test_what_failed_is_run_again_only_on_request(command):
    options = (*ONE_IMAGE, "--denoiser", "raises", *HERE)
    assert command(*options).returncode == 1
    again = command(*options)
    assert again.returncode == 0
    assert "nothing to do" in again.stderr
    assert command(*options, "--retry-failed").returncode == 1
    assert len(records(command)) == 1


def test_shards_are_a_partition(command, tmp_path):
    suite = str(write_suite(tmp_path, count=3))
    for part in ("1/2", "2/2"):
        assert command("run", suite, "--shard", part, "--store", f"{part[0]}.db", *HERE).returncode == 0
    assert command("run", suite, "--store", "all.db", *HERE).returncode == 0
    parts = [{r["key"] for r in records(command, "--store", f"{n}.db")} for n in (1, 2)]
    assert all(parts)
    assert not parts[0] & parts[1]
    assert parts[0] | parts[1] == {r["key"] for r in records(command, "--store", "all.db")}


def test_two_jobs_give_the_same_quality_and_mark_the_timings(ran):
    iterative = f"approach:log={calls_log(ran.folder)},iterations=12"
    options = ("--denoiser", iterative, "--threads", "1", "--jobs", "2", "--store", "two.db")
    assert ran.command("run", ran.suite, *options).returncode == 0
    one = {r["key"]: r for r in ran.records if r["denoiser"] == "approach"}
    two = {r["key"]: r for r in records(ran.command, "--store", "two.db")}
    assert one.keys() == two.keys()
    assert all(one[key]["output_sha256"] == two[key]["output_sha256"] for key in one)
    assert not any("workers" in (r["tainted"] or "") for r in one.values())
    assert all("2 workers" in r["tainted"] for r in two.values())


def test_an_unusable_image_is_skipped_with_its_name_or_an_error_when_strict(command):
    images = ("--images", "ramps:count=1,bad=true")
    options = ("run", "-", *images, "--noise", "gaussian-25", "--denoiser", "mean", *HERE)
    done = command(*options)
    assert done.returncode == 0
    assert "skipped ramps:count=1,bad=true/bad.png: truncated" in done.stderr
    strict = command(*options, "--strict", "--store", "strict.db")
    assert strict.returncode == 2
    assert "bad.png cannot be used: truncated" in strict.stderr


def test_a_set_without_a_usable_image_is_an_error(command):
    images = ("--images", "ramps:count=0,bad=true")
    done = command("run", "-", *images, "--noise", "gaussian-25", "--denoiser", "mean")
    assert done.returncode == 2
    assert "none of its files can be used" in done.stderr


def test_a_dry_run_writes_nothing(command, tmp_path):
    done = command("run", str(write_suite(tmp_path)), "--dry-run")
    assert done.returncode == 0
    assert "at most 6 trials on cpu" in done.stdout
    assert not list(tmp_path.glob("*.db"))


def test_wrong_requests_end_with_status_2_before_any_work(command, tmp_path):
    done = command("run", "-", "--images", "ramp", "--noise", "gausian-25", "--denoiser", "mean:logg=x")
    assert done.returncode == 2
    assert "did you mean 'ramps'?" in done.stderr
    assert "did you mean 'gaussian-25'?" in done.stderr
    assert "did you mean 'log'?" in done.stderr
    assert command("run", "nosuch").returncode == 2
    for wrong in ("--device=cuda:7", "--device=quantum", "--shard=3/2", "--executor=remote"):
        done = command("run", str(write_suite(tmp_path)), wrong)
        assert done.returncode == 2, wrong
        assert len(done.stderr.splitlines()) == 1, done.stderr
    assert not list(tmp_path.glob("*.db"))


def test_the_leaderboard_reads_what_a_run_wrote(ran, process):
    table = process("leaderboard", "--store", f"sqlite:///{ran.folder / 'priorbench.db'}")
    assert table.returncode == 0, table.stderr
    assert "approach" in table.stdout
    assert "an oracle sees the clean image" in table.stdout
    boards = json.loads(ran.command("leaderboard", "--format", "json").stdout)
    assert [row["rank"] for row in boards[0]["rows"]] == [1, 2, 3, None]
    written = ran.command("leaderboard", "--format", "markdown", "-o", "board.md")
    assert written.returncode == 0
    assert (ran.folder / "board.md").read_text().startswith("### ramps")
    assert ran.command("leaderboard", "--store", "none.db").returncode == 2


def start(suite: str, site: Path, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "priorbench", "run", suite],
        cwd=folder,
        env={**command_environment(site), "TMPDIR": str(folder / "scratch")},
        stderr=subprocess.PIPE,
        text=True,
        # a shell's background job, as this test run may be, hands on an ignored Ctrl-C
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )


def test_a_metric_that_is_asked_for_has_a_column(command):
    """PSNR as a further metric is the mean of what it is as the protocol's own."""
    done = command("run", *ONE_IMAGE[1:], "--denoiser", "mean", "--metric", "psnr", *HERE)
    assert done.returncode == 0, done.stderr
    [board] = json.loads(command("leaderboard", "--format", "json").stdout)
    [row] = board["rows"]
    assert row["metrics"] == {"psnr": row["psnr"]}
    assert f"{row['psnr']:.4g}" in command("leaderboard").stdout.split()


def test_ctrl_c_ends_cleanly_and_the_next_run_goes_on(command, example_site, tmp_path):
    suite = str(write_suite(tmp_path, count=4, seconds=0.3))
    (tmp_path / "scratch").mkdir()
    running = start(suite, example_site, tmp_path)
    assert running.stderr is not None
    running.stderr.readline()  # the first trial has ended
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "interrupted: run the same command again to go on" in said
    assert "Traceback" not in said
    before = {record["key"] for record in records(command)}
    assert command("run", suite, *HERE).returncode == 0
    after = records(command)
    assert before < {record["key"] for record in after}
    assert len(after) == 16

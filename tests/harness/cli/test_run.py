"""``priorbench run``: what is refused before any work."""

from __future__ import annotations

import json

import far_scale
import pytest
from small_runs import write_suite

from priorbench.cli.common.amounts import parse_duration, parse_moment, parse_size
from priorbench.errors import PriorbenchError


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


#: options and words of the one line that refuses them; all were taken before, and did something else
NO_LIMITS = [
    *((f"--timeout={text}", f"--timeout {text}: write a time") for text in ("nan", "-5", "0", "inf", "3h50")),
    *((f"--memory-limit={text}", f"--memory-limit {text}: write") for text in ("-4GiB", "nan", "0", "inf")),
    *((f"--time-budget={text}", f"--time-budget {text}: write a time") for text in ("nan", "-5", "0", "5x")),
    ("--device=cuda:999", "device 'cuda:999' is not there: this machine and this torch have cpu"),
    ("--device=cuda:-1", "unknown device 'cuda:-1'"),
    ("--device=cpu:7", "device 'cpu:7' is not there"),
    *(
        (f"--shard={text}", f"--shard {text}: write i/n")
        for text in ("0/3", "4/3", "a/b", "1", "-1/3", "1/0")
    ),
    *(
        (f"--stopping={rule}:iterations={number}", "'iterations'")
        for rule in ("fixed", "oracle", "best-loss")
        for number in (0, -5)
    ),
    ("--stopping=oracle:every=0", "'every'"),
    ("--denoiser=approach:iterations=0", "'iterations': it should be 1 or more, not 0"),
    ("--denoiser=approach:iterations=-5", "'iterations': it should be 1 or more, not -5"),
    ("--executor=remote", "unknown executor 'remote'"),
]


@pytest.mark.parametrize(("option", "words"), NO_LIMITS)
@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["run", "dry"])
def test_a_limit_or_budget_that_is_none_is_refused_in_one_line(command, tmp_path, option, words, dry):
    chosen = ("run", "-", "--images", "ramps:count=1", "--noise", "gaussian-25", "--denoiser", "mean")
    done = command(*chosen, option, *dry)
    assert done.returncode == 2, done.stderr
    [line] = done.stderr.splitlines()
    assert words in line
    assert not list(tmp_path.glob("*.db"))


@pytest.mark.parametrize("option", ["jobs", "threads", "batch", "repetitions", "limit", "pictures"])
def test_a_count_below_its_least_is_refused(command, option):
    chosen = ("run", "-", "--images", "ramps:count=1", "--noise", "gaussian-25", "--denoiser", "mean")
    done = command(*chosen, f"--{option}", "-1", "--dry-run")
    assert done.returncode == 2
    assert f"--{option}" in done.stderr


def test_a_suite_with_a_budget_that_never_ends_is_refused_with_its_line(command, tmp_path):
    path = write_suite(tmp_path)
    path.write_text(path.read_text().replace("[fixed, oracle]", "\n  - fixed: {iterations: -5}"))
    done = command("run", str(path), "--dry-run")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert f"{path}:11: stopping[0] fixed: 'iterations'" in line


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("1.5", 1.5), ("90s", 90), ("45m", 2700), ("2h", 7200), ("3h50m", 13800)],
)
def test_durations_are_read(text, seconds):
    assert parse_duration(text, "--timeout") == seconds


@pytest.mark.parametrize(
    ("text", "size"), [("4GiB", 2**32), ("500MB", 5 * 10**8), ("1.5 mib", 1572864), ("2000000", 2000000)]
)
def test_sizes_are_read(text, size):
    assert parse_size(text, "--memory-limit") == size


@pytest.mark.parametrize("option", ["--keep-outputs", "--memory-limit"])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("50", "50: that is 50 bytes, which holds nothing; write for example 50MB"),
        ("1.5", "1.5: that is 1 byte, which holds nothing; write for example 1.5MB"),
        ("50kB", "50kB: that is 50000 bytes, which holds nothing; write for example 500MB"),
    ],
)
def test_a_size_that_lost_its_unit_is_refused_before_any_work(command, tmp_path, option, text, told):
    """It was taken as bytes, and nothing was kept without a word."""
    done = command("run", str(write_suite(tmp_path)), option, text)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{option} {told}" in " ".join(done.stderr.split())
    assert not (tmp_path / "priorbench.db").exists()


@pytest.mark.parametrize(("jobs", "threads"), [(1, 6), (2, 3), (4, 1), (8, 1)])
def test_jobs_share_the_threads(command, monkeypatch, jobs, threads):
    """Before, each of several workers had as many threads as there are cores."""
    found = []
    monkeypatch.setattr("priorbench.machine.settings.available_threads", lambda: 6)
    monkeypatch.setattr(
        "priorbench.run.plan.Plan.size", lambda plan, *_: found.append(plan.options.threads) or 1
    )
    chosen = ("run", "-", "--images", "ramps:count=1", "--noise", "gaussian-25", "--denoiser", "mean")
    assert command(*chosen, "--jobs", str(jobs), "--dry-run").returncode == 0
    assert found == [threads]


@pytest.mark.parametrize("text", ["0001-01-01T00:00+14:00", "9999-12-31T23:00-12:00"])
def test_a_moment_outside_the_calendar_is_one_line(text):
    with pytest.raises(PriorbenchError, match="write a date or a time"):
        parse_moment(text)


def test_an_output_on_the_scale_to_255_is_remarked_and_recorded(process):
    chosen = ("run", "-", "--images", "ramps:count=1", "--noise", "gaussian-25")
    methods = ("--plugin", far_scale.__file__, "--denoiser", "far", "--denoiser", "mean")
    done = process(*chosen, *methods)
    assert done.returncode == 0, done.stderr
    lines = {line.split()[1]: line for line in done.stderr.splitlines() if " on ramps" in line}
    assert "(!) values up to 2" in lines["far"]
    assert "about 0 to 1 is expected" in lines["far"]
    assert "(!)" not in lines["mean"]
    records = {one["denoiser"]: one for one in map(json.loads, process("export").stdout.splitlines())}
    assert records["far"]["remark"].startswith("values up to 2")
    assert records["mean"]["remark"] is None

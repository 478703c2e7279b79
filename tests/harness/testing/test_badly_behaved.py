"""What ends, holds or floods the process that checks it fails a check, with its cause; nothing stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from priorbench.loading.load import load_registry
from priorbench.testing import CheckOptions, CheckResult
from priorbench.testing.examination import Examination, Named, find
from priorbench.testing.process import CheckHost, DeadError

SUPPORT = Path(__file__).parents[2] / "support"
#: what a method does -> what a failed check must have seen
SEEN = {
    "exit": "the process ended with exit status 0",
    "exit-77": "the process ended with exit status 77",
    "kill": "the process was killed by SIGKILL",
    "segfault": "the process was killed by SIGSEGV",
    "hang": "nothing came in 6 s, and it was ended with all that it started",
    "flood": "MB; at most 10 MB are allowed",
    "closes": "closed the line over which it answers",
    "sys-exit": "sys.exit('enough')",
    "interrupt": "KeyboardInterrupt",
    "hoard": "allocate",
    "thread": "it left 1 thread (forgotten)",
}


@pytest.fixture(scope="module")
def host() -> Iterator[CheckHost]:
    """Give a host that has the plugin, beside the core's own alone."""
    with pytest.MonkeyPatch.context() as patch, CheckHost() as host:
        patch.setenv("PRIORBENCH_PLUGIN_FILES", str(SUPPORT / "checked_badly.py"))
        patch.setenv("PRIORBENCH_PLUGINS", "standard")
        yield host


def examined(host: CheckHost, deed: str, only: tuple[str, ...] = ()) -> list[CheckResult]:
    """Return the results of a method."""
    options = CheckOptions(time_limit=5.0, timeout=6.0 if deed == "hang" else None, memory=2**30)
    [named] = find(load_registry(), f"badly-{deed}")
    return list(Examination(host, named, options).results(only))


@pytest.mark.parametrize("deed", SEEN)
def test_the_cause_is_told_and_the_other_checks_go_on(host: CheckHost, deed: str) -> None:
    results = examined(host, deed, ("licence", "process", "runs", "leftovers", "parameters"))
    seen = [result.finding.seen for result in results if result.finding is not None]
    assert len(seen) == 1
    assert SEEN[deed] in seen[0]
    status = {result.check: result.status for result in results}
    assert status["licence"] == status["parameters"] == "passed"
    assert examined(host, "thread", ("runs",))[0].status == "passed"


def test_a_plugin_that_cannot_be_loaded_there_fails_a_check_of_its_own(
    host: CheckHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def examine(subject: object) -> list[dict[str, object]]:
        raise DeadError("the process ended with exit status 3")

    monkeypatch.setattr(host, "examine", examine)
    named = Named(kind="denoiser", name="badly-exit", plugin="checked_badly")
    [result] = Examination(host, named, CheckOptions()).results(["runs"])
    assert (result.check, result.status) == ("starts", "failed")
    assert result.finding is not None
    assert result.finding.seen == "the process ended with exit status 3"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"status": "passed"},
        {"status": "passed", "seconds": float("inf")},
        {"status": "passed", "seconds": 1, "check": "x"},
        {"status": "failed", "seconds": 1},
        {"status": "failed", "seconds": 1, "finding": {"seen": 1}},
        {"status": "skipped", "seconds": 1, "reason": None},
        {"status": "great", "seconds": 1},
    ],
)
def test_an_answer_that_is_no_result_fails_the_check(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    host = CheckHost()
    monkeypatch.setattr(host._hosted, "ask", lambda check, seconds: answer)
    with pytest.raises(DeadError, match="no result of a check"):
        host.ask("runs", 1)


def command(pids: Path, *words: str) -> subprocess.Popen[str]:
    """Start ``priorbench check`` of the method that hangs with a family."""
    own = {"PRIORBENCH_TEST_PIDS": str(pids), "PRIORBENCH_WORKER_VARIABLES": "PRIORBENCH_TEST_PIDS"}
    environment = {**os.environ, **own, "PRIORBENCH_PLUGINS": "standard"}
    plugin = ["--plugin", str(SUPPORT / "checked_badly.py"), "--only", "process", "--only", "summary"]
    return subprocess.Popen(
        [sys.executable, "-m", "priorbench", "check", "badly-family", *plugin, *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def family(pids: Path) -> list[int]:
    """Wait for the numbers of the processes."""
    deadline = time.monotonic() + 120
    while not (pids.exists() and pids.read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return [int(word) for word in pids.read_text().split()]


def left_of(processes: list[int]) -> list[int]:
    """Return those that still run after some seconds, and end them."""
    deadline = time.monotonic() + 15
    while (left := [each for each in processes if _runs(each)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in left:
        os.kill(process, signal.SIGKILL)
    return left


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_nothing_lives_on_when_the_command_is_killed(tmp_path: Path) -> None:
    with command(tmp_path / "pids") as process:
        processes = family(tmp_path / "pids")
        process.kill()
        assert left_of(processes) == []


def test_a_check_that_hangs_is_named_and_everything_it_started_is_killed(tmp_path: Path) -> None:
    with command(tmp_path / "pids", "--timeout", "8s") as process:
        processes = family(tmp_path / "pids")
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "FAIL  process" in said
    assert "seen:      nothing came in 8 s, and it was ended with all that it started" in said
    assert "ok    summary" in said
    assert left_of(processes) == []


@pytest.mark.parametrize("words", [("--timeout", "0"), ("--timeout", "soon"), ("--memory-limit", "-1")])
def test_a_limit_that_is_none_is_refused(tmp_path: Path, words: tuple[str, str]) -> None:
    with command(tmp_path / "pids", *words) as process:
        said, _ = process.communicate(timeout=180)
    assert process.returncode == 2
    assert said.startswith(f"priorbench: {words[0]} {words[1]}: write a")

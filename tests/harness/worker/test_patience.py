"""Time in which a worker or the run was stopped does not count, and its timing is marked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest_support import command_environment
from small_runs import ONE_IMAGE, calls_log, records
from worker_processes import players

from priorbench.worker import patience

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not tell")


@needs_proc
@pytest.mark.slow(15)
@pytest.mark.parametrize("whole", [False, True], ids=["worker", "run and worker"])
def test_a_stopped_worker_has_more_time_and_a_marked_timing(command, example_site, tmp_path, whole):
    """Before, 5 s of a timeout of 6 s went by while nothing could run, and the timing had no mark."""
    options = (*ONE_IMAGE, "--denoiser", f"sleeps:seconds=1.5,log=+{calls_log(tmp_path)}", "--threads", "1")
    running = subprocess.Popen(
        [sys.executable, "-m", "priorbench", "run", *options[1:], "--timeout", "6"],
        cwd=tmp_path,
        env=command_environment(example_site),
        stderr=subprocess.PIPE,
        text=True,
    )
    while not calls_log(tmp_path).exists() or len(calls_log(tmp_path).read_text().splitlines()) < 2:
        assert running.poll() is None
        time.sleep(0.02)  # the warm-up and, now, the run that is timed
    [worker] = [pid for pid, environment in players().items() if str(example_site) in environment]
    stopped = [running.pid, worker] if whole else [worker]
    for process in stopped:
        os.kill(process, signal.SIGSTOP)
    time.sleep(7)
    for process in reversed(stopped):
        os.kill(process, signal.SIGCONT)
    _, said = running.communicate(timeout=180)
    assert running.returncode == 0, said
    [record] = records(command)
    assert "the worker was stopped and went on" in record["tainted"]
    assert ("the run was stopped for" in record["tainted"]) is whole


def test_only_time_in_which_the_worker_could_run_counts(monkeypatch):
    clock, state = SimpleNamespace(now=0.0), SimpleNamespace(text="S")
    monkeypatch.setattr(patience.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(patience, "read_small", lambda path: f"7 (a) T (b) {state.text} 1 2")
    waiting = patience.Patience(2.5, 7)

    def after(seconds: float, worker: str) -> tuple[float, bool]:
        clock.now, state.text = clock.now + seconds, worker
        waiting.look()
        return waiting.step, waiting.over

    assert after(1, "S") == (1, False)
    assert after(1, "T") == (1, False)  # somebody stopped the worker
    assert after(3600 * 9, "S") == (1, False)  # the laptop was shut over night
    assert waiting.away == 3600 * 9
    assert after(1, "R") == (0.5, False)
    assert after(0.5, "R") == (0, True)
    waiting = patience.Patience(2.5, 7)
    assert [after(0.04, "T")[1] for _ in range(70)] == [False] * 62 + [True] * 8  # no look in so short a time
    waiting = patience.Patience(2.5, 7)
    assert [after(4, "T")[1] for _ in range(900)] == [False] * 899 + [True]  # a method that stopped itself

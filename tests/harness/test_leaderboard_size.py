"""A leaderboard of a hundred thousand records: time and memory of the whole command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest_support import command_environment

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "synthetic_store.py"
SHAPE = ("--methods=20", "--images=1000", "--noises=5", "--failing=0.002")


def used(arguments: list[str], **options) -> tuple[float, float]:
    """Run a command; return the processor's seconds, which other load hardly changes, and the peak in MB."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, **options)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "wait4") or sys.platform == "darwin", reason="counts memory in kB")
def test_a_hundred_thousand_records_take_two_seconds_and_half_a_gigabyte(tmp_path, example_site):
    subprocess.run([sys.executable, str(SCRIPT), "large.db", *SHAPE], cwd=tmp_path, check=True)
    command = [sys.executable, "-m", "priorbench", "leaderboard", "--store", "large.db"]
    options = {"cwd": tmp_path, "env": command_environment(example_site)}
    seconds, megabytes = min(used(command, **options) for _ in range(3))
    assert seconds < 2
    assert megabytes < 500

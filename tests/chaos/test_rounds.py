"""A short round of killing: nothing is lost, nothing is there twice, all is as in a serial run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="the package distributed is not installed")


@pytest.mark.slow(seconds=90)
def test_a_run_survives_the_end_of_workers_scheduler_and_client():
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.rounds", "--rounds", "1", "--trials", "30"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=1000,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "complete, no duplicate, equal to the serial run" in done.stdout

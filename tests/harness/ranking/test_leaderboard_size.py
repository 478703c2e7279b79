"""A leaderboard of a hundred thousand records: memory of the whole command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest_support import command_environment

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "synthetic_store.py"
SHAPE = ("--methods=20", "--images=1000", "--noises=5", "--failing=0.002")


#: tells its own peak: what a parent is told of a child includes the parent's own memory before the exec
COMMAND = """
import atexit, sys
from priorbench.cli import main
from priorbench.machine.memory import peak_bytes
atexit.register(lambda: open("peak.txt", "w").write(str(peak_bytes())))
sys.argv = ["priorbench", "leaderboard", "--store", "large.db"]
main()
"""


def peak_megabytes(folder: Path, environment: dict[str, str]) -> float:
    """Rank the store in a folder; return the peak of resident memory."""
    subprocess.run(
        [sys.executable, "-c", COMMAND], stdout=subprocess.DEVNULL, cwd=folder, env=environment, check=True
    )
    return int((folder / "peak.txt").read_text()) / 1e6


@pytest.mark.slow(20)
def test_a_hundred_thousand_records_fit_in_half_a_gigabyte(tmp_path, example_site):
    subprocess.run([sys.executable, str(SCRIPT), "large.db", *SHAPE], cwd=tmp_path, check=True)
    assert peak_megabytes(tmp_path, command_environment(example_site)) < 500

"""Small runs of the example plugin through the command line, and their records."""

from __future__ import annotations

import json
from pathlib import Path

SUITE = """
name: small
images:
  - ramps: {{count: {count}}}
noises: [gaussian-25]
denoisers:
  - mean: {{log: +{log}}}
  - approach: {{log: +{log}, iterations: 12}}
  - sleeps: {{log: +{log}, seconds: {seconds}}}
stopping: [fixed, oracle]
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
    """Where methods note their calls; as a parameter it has a + before, else its content were in the key."""
    return folder / "calls.log"

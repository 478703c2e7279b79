"""A plugin that has something of everything, and what is read from the pages that show it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

LONG = "a summary of many words " * 20 + "to the very end"
MODULE = f"""
print("noise of an import")
from priorbench import DenoiserSpec, MetricSpec, NoiseSpec, SuiteSpec, hookimpl

@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(name="blur", factory="shown.model:Blur", summary="smooths", citation="Doe 2020",
                       licence="MIT", channels=(1,), preset={{"strength": 0.5}})
    yield DenoiserSpec(name="gone", factory="shown.nowhere:Gone", summary="{LONG}")
    yield DenoiserSpec(name="picky", factory="shown.model:Blur", requires=("no-such-thing",),
                       install="pip install 'priorbench[picky]'")
    yield DenoiserSpec(name="failing", factory="shown.failing:Failing", summary="a \u2192 b")

@hookimpl
def priorbench_noise_models():
    yield NoiseSpec(name="blur", factory="shown.model:Blur", summary="the noise of that name")

@hookimpl
def priorbench_metrics():
    yield MetricSpec(name="distance", factory="shown.model:distance")

@hookimpl
def priorbench_suites():
    yield SuiteSpec(name="tiny", resource="shown:tiny.yaml", summary="one image")
    yield SuiteSpec(name="lost", resource="shown:lost.yaml")
"""
MODEL = '''
print("noise of a model")

class Blur:
    """A blur.

    Parameters
    ----------
    strength : how much. More than that is not said.
    border : what is beyond the edge.
    """

    def __init__(self, *, strength: float = 0.1, border: str | None = None) -> None: ...

def distance(estimate, clean):
    """Return a number."""
'''
SUITE = "# kept comment\nname: tiny\nimages: [photos]\ndenoisers:\n  - blur: {strength: 1}\n"
FILES = {
    "shown/__init__.py": MODULE,
    "shown/model.py": MODEL,
    "shown/failing.py": "raise OSError('no driver')",
    "shown/tiny.yaml": SUITE,
}


def path_with(site: Any) -> dict[str, str]:
    """Return the variable that puts the fake site before everything else."""
    return {
        "PYTHONPATH": os.pathsep.join([str(site.folder), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    }


def in_a_process(
    site: Any, *arguments: str, python: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line, or Python code, with the fake site on its path."""
    what = ["-c", python] if python else ["-m", "priorbench", *arguments]
    return subprocess.run(
        [sys.executable, *what],
        env={**os.environ, **path_with(site), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def cells(output: str, name: str) -> list[str]:
    """Return the cells of the table's row that begins with a name."""
    (line,) = [line for line in output.splitlines() if line.split()[:1] == [name]]
    return re.split(r"\s{2,}", line)

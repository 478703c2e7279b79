"""Fixtures that all tests share."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest_support import command_environment

SUPPORT = Path(__file__).parent / "support"


@pytest.fixture
def example_site(tmp_path: Path) -> Path:
    """A folder that, on the import path, installs the example plugin."""
    site = tmp_path / "site"
    info = site / "priorbench_example-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: priorbench-example\nVersion: 1.0\n")
    entry_points = "[priorbench]\nexample = example_plugin\nhostile = hostile_plugin\n"
    (info / "entry_points.txt").write_text(entry_points)
    for path in (*SUPPORT.glob("example_*.py"), *SUPPORT.glob("hostile_*.py")):
        shutil.copy(path, site)
    return site


@pytest.fixture
def command(example_site: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in an empty folder, with the example plugin and the core's own alone."""

    def run(*arguments: str, timeout: float = 120, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "priorbench", *arguments],
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=tmp_path,
            env=command_environment(example_site) | variables,
            check=False,
        )

    return run

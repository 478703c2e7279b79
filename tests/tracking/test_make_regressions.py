"""What `make regressions` leaves for scripts: `make` itself ends with 2 whatever failed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[2] / "Makefile"
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a folder in which all is installed, with a Python that ends as $ENDS says."""
    for name in ("pyproject.toml", "constraints.txt", ".asv-machine.json"):
        (tmp_path / name).touch()
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "called with $*"\nexit $ENDS\n')
    python.chmod(0o755)
    for name in (".installed", ".installed-dev"):
        (tmp_path / ".venv" / name).touch()
    return tmp_path


def make(folder: Path, ends: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    # variables of a make that runs the tests are not for this one
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", "--file", str(MAKEFILE), "regressions", *arguments],
        cwd=folder,
        env=env | {"ENDS": str(ends), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("ends", [0, 1, 2, 3, 137])
def test_the_status_is_in_a_file_that_scripts_read(checkout: Path, ends: int) -> None:
    done = make(checkout, ends, "BASE=old", "BENCH='dip'")
    assert done.returncode == (2 if ends else 0), done.stderr
    assert "tests/tracking/regressions.py --base old --head HEAD --bench 'dip'" in done.stdout
    assert (checkout / ".asv" / "regressions.status").read_text() == f"{ends}\n"


def test_an_old_verdict_is_never_read_for_a_new_one(checkout: Path) -> None:
    assert make(checkout, 0).returncode == 0
    (checkout / ".venv" / ".installed-dev").unlink()  # so that something is to be installed, which fails
    assert make(checkout, 1).returncode == 2
    assert (checkout / ".asv" / "regressions.status").read_text() == "3\n"


def test_the_command_on_the_page_keeps_them_apart(checkout: Path) -> None:
    page = (MAKEFILE.parent / "docs" / "how-to" / "tracking.md").read_text()
    [line] = [one for one in page.splitlines() if one.startswith("make regressions BASE=main ||")]
    for ends in (0, 1, 3):
        command = line.replace("make ", f"make --file '{MAKEFILE}' ", 1)
        env = {"PATH": os.environ["PATH"], "ENDS": str(ends), "HOME": str(checkout)}
        done = subprocess.run(["sh", "-c", command], cwd=checkout, env=env, capture_output=True, check=False)
        assert done.returncode == ends

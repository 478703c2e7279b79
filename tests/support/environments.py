"""Environments for tests that install something: they see this one's packages, and need no network."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

NO_PIP = importlib.util.find_spec("pip") is None
NO_HATCHLING = importlib.util.find_spec("hatchling") is None


def make_environment(folder: Path) -> Path:
    """Make an environment and return the interpreter of it."""
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ours = sysconfig.get_path("purelib")
    (packages_of(python) / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    return python


def packages_of(python: Path) -> Path:
    """Return the folder of what is installed for an interpreter."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(subprocess.check_output([python, "-c", ask], text=True).strip())


def pip(python: Path, *arguments: str) -> None:
    """Run this environment's pip for another one's interpreter."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "--disable-pip-version-check",
        *arguments,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def pip_install(python: Path, *folders: Path) -> None:
    """Install folders of plugins without their dependencies, which are there already."""
    pip(python, "install", "--no-deps", "--no-build-isolation", "--no-index", *map(str, folders))

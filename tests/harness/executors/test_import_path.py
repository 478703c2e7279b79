"""What lies in the working folder is no code of a worker, whatever it is called."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

#: modules that the harness, its libraries or a method import, and one that the example plugin consists of
NAMES = ("random", "json", "PIL", "numpy", "priorbench", "example_things", "bm3d", "sitecustomize")


@pytest.mark.slow
def test_files_in_the_working_folder_hide_nothing(process: Callable, tmp_path: Path) -> None:
    """With the working folder first on the path of workers, each of them made every trial fail."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(
            f"raise ImportError('the working folder was imported: {name}')\n"
        )
    words = ["run", "-", "--images", "ramps", "--noise", "gaussian-25", "--limit", "1"]
    ran = process(*words, "--denoiser", "mean", "--denoiser", "approach", PYTHONSAFEPATH="1")
    assert ran.returncode == 0, ran.stderr
    exported = process("export", PYTHONSAFEPATH="1").stdout
    assert {json.loads(line)["status"] for line in exported.splitlines()} == {"ok"}

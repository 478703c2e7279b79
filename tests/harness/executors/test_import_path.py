"""What lies in the working folder is no code of a worker, whatever it is called."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest_support import command_environment

#: modules that the harness, its libraries or a method import, and one that the example plugin consists of
NAMES = ("random", "json", "PIL", "numpy", "priorbench", "example_things", "bm3d", "sitecustomize")


@pytest.mark.slow
def test_files_in_the_working_folder_hide_nothing(example_site: Path, tmp_path: Path) -> None:
    """With the working folder first on the path of workers, each of them made every trial fail."""
    script = tmp_path / "bin" / "priorbench"  # as pip installs it: its folder is first on the path
    folder = tmp_path / "work"
    for made in (script.parent, folder):
        made.mkdir()
    script.write_text("from priorbench.cli import main\n\nmain()\n")
    for name in NAMES:
        (folder / f"{name}.py").write_text(f"raise ImportError('the working folder was imported: {name}')\n")

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, script, *words],
            cwd=folder,
            env=command_environment(example_site),
            capture_output=True,
            text=True,
            check=False,
        )

    words = ["run", "-", "--images", "ramps", "--noise", "gaussian-25", "--limit", "1"]
    ran = command(*words, "--denoiser", "mean", "--denoiser", "approach")
    assert ran.returncode == 0, ran.stderr
    exported = command("export").stdout
    assert {json.loads(line)["status"] for line in exported.splitlines()} == {"ok"}

"""The temporary folders of workers."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from priorbench.worker.folders import clear_away, new_folder


def test_only_the_folders_of_runs_that_are_gone_are_cleared_away(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    mine = Path(new_folder())
    gone = Path(str(mine).replace(f"-{os.getpid()}-", f"-{ended.pid}-"))
    for folder in (mine, gone, tmp_path / "priorbench-notes", tmp_path / "other"):
        (folder / "inside").mkdir(parents=True)
    clear_away()
    assert sorted(tmp_path.iterdir()) == sorted([mine, tmp_path / "priorbench-notes", tmp_path / "other"])

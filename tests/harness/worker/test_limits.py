"""A worker that ends removes the folder that it made, and no other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from priorbench.machine.own_folder import made_folder

WORKER = """
import os, sys
from pathlib import Path
from priorbench.worker.limits import end_with_parent, make_folder
make_folder()
{method}
end_with_parent()
"""
#: what a method does -> what is left of its own folder
METHODS = {
    "nothing": ("", False),
    "it names another folder": ("os.environ['PRIORBENCH_WORKER_FOLDER'] = sys.argv[1]", False),
    "it removes the variable": ("os.environ.pop('PRIORBENCH_WORKER_FOLDER')", False),
    "it changes the working folder": ("os.chdir(sys.argv[1])", False),
    "it puts another folder in the place": (
        "own = os.environ['PRIORBENCH_WORKER_FOLDER']; os.rename(own, own + '-moved'); "
        "os.rename(sys.argv[1], own)",
        True,
    ),
    "it puts a link in the place": (
        "own = os.environ['PRIORBENCH_WORKER_FOLDER']; os.rmdir(own); os.symlink(sys.argv[1], own)",
        True,
    ),
}


@pytest.mark.parametrize("what", METHODS)
def test_only_the_folder_that_the_worker_made_is_removed(tmp_path: Path, what: str) -> None:
    method, stays = METHODS[what]
    precious, own = tmp_path / "precious", tmp_path / "own"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    subprocess.run(
        [sys.executable, "-c", WORKER.format(method=method), str(precious)],
        env={**os.environ, "PRIORBENCH_WORKER_FOLDER": str(own)},
        start_new_session=True,
        cwd=tmp_path,
        timeout=60,
    )
    kept = own if stays else precious
    assert (kept / "thesis.txt").read_text() == "years of work"
    assert own.exists() == stays


def test_a_folder_that_is_there_is_never_taken_for_its_own(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(FileExistsError):
        made_folder(str(tmp_path / "there"))
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from priorbench.worker.limits import end_with_parent\nend_with_parent()",
        ],
        env={**os.environ, "PRIORBENCH_WORKER_FOLDER": str(tmp_path / "there")},
        timeout=60,
    )
    assert done.returncode == 0
    assert (tmp_path / "there").is_dir()

"""Temporary folders of players, named after their judge, so that others can clear them away.

A judge or its run removes them, whichever of the two is killed. If both are, nobody is left to do it but the
next run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from pathlib import Path


def new_folder() -> str:
    """Make a folder for a player of this process, open to this user alone; return its path."""
    folder = Path(tempfile.gettempdir()) / f"{_prefix()}{os.getpid()}-{uuid.uuid4().hex}"
    folder.mkdir(mode=0o700)
    return str(folder)


def remove_folders(owner: int) -> None:
    """Remove the folders of the players of a process."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_prefix()}{owner}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def clear_away() -> None:
    """Remove the folders of runs that are gone, where the system tells which processes live."""
    if os.name != "posix":
        return
    prefix = _prefix()
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*-*"):
        owner = folder.name.removeprefix(prefix).partition("-")[0]
        if owner.isdecimal() and not _alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _prefix() -> str:
    """Return how names begin; containers that share a folder do not see each other's processes."""
    try:
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        namespace = 0
    return f"priorbench-{namespace}-"


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True

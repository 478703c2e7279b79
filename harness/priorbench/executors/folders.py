"""Temporary folders of workers, named after their run so that another run can clear them away.

A worker or its run removes the folder, whichever of the two is killed. If both are, nobody is left to do it
but the next run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from pathlib import Path


def new_folder() -> str:
    """Return a path for a worker of this process; nothing is made."""
    return str(Path(tempfile.gettempdir()) / f"{_prefix()}{os.getpid()}-{uuid.uuid4().hex}")


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

"""What a hostile method sees around it: parents, other workers, open descriptors."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def harness() -> list[int]:
    """Return the parents that belong to the harness, the nearest first; never another process."""
    found: list[int] = []
    process = os.getppid()
    while process > 1:
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
            if b"-m" not in words or not words[words.index(b"-m") + 1].startswith(b"priorbench"):
                break
            found.append(process)
            process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
            continue
        break
    return found


def siblings() -> list[int]:
    """Return the other processes that run methods for the same run."""
    mine, parents = os.getpid(), set(harness())
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent, process = mine, int(entry.name)
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            family = parents | {pid for one in parents for pid in _children(one)}
            if process not in (mine, *parents) and parent in family:
                found.append(process)
    return found


def _children(process: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def descriptors(process: int | str = "self") -> dict[int, str]:
    """Return the open descriptors of a process, and what each of them is."""
    found = {}
    for entry in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(OSError):
            found[int(entry.name)] = str(entry.readlink())
    return found


def lines() -> list[int]:
    """Return the pipes and sockets of this process beside the three standard streams."""
    return [fd for fd, what in descriptors().items() if fd > 2 and what.startswith(("pipe:", "socket:"))]


def memories() -> list[int]:
    """Return the descriptors of memory that has no name."""
    return [fd for fd, what in descriptors().items() if what.startswith(("/memfd:", "/dev/shm/"))]

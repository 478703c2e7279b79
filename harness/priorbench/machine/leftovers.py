"""What a method leaves running when it has returned: Python threads and child processes."""

from __future__ import annotations

import gc
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from priorbench.machine.procfs import read_small

#: seconds that something which is about to end is given
GRACE = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """Threads (by identity) and child processes (by number) at one moment."""

    threads: frozenset[int]
    children: frozenset[int]


def running() -> Running:
    """Return what runs now."""
    threads = frozenset(thread.ident for thread in threading.enumerate() if thread.ident is not None)
    return Running(threads=threads, children=frozenset(_children()))


def left_running(before: Running) -> str:
    """Say in one line what has been started since `before` and still runs; empty = nothing."""
    if _difference(before):
        gc.collect()  # a thread may end with an object that nobody has any more
    deadline = time.monotonic() + GRACE
    while (found := _difference(before)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def _difference(before: Running) -> str:
    threads = [
        thread.name
        for thread in threading.enumerate()
        if thread.ident not in before.threads and thread.is_alive()
    ]
    children = [pid for pid in _children() if pid not in before.children]
    parts = []
    if threads:
        parts.append(f"{len(threads)} thread{'s' * (len(threads) > 1)} ({', '.join(threads[:3])})")
    if children:
        names = ", ".join(_command(pid) for pid in children[:3])
        parts.append(f"{len(children)} child process{'es' * (len(children) > 1)} ({names})")
    return " and ".join(parts)


def _children() -> list[int]:
    """Return the living child processes, where the system tells (Linux); Python's own helper is left out."""
    found: list[int] = []
    for task in _tasks():
        found += map(int, (read_small(f"/proc/self/task/{task}/children") or "").split())
    return [pid for pid in found if "resource_tracker" not in _command(pid) and not _ended(pid)]


def _tasks() -> list[str]:
    try:
        return os.listdir("/proc/self/task")  # noqa: PTH208 (a third of the time of a glob)
    except OSError:
        return []


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return b" ".join(words).decode("utf-8", "backslashreplace").strip()[:80]


def _ended(pid: int) -> bool:
    """Say whether a child is a zombie: it ended, and only its parent has not asked."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except (ChildProcessError, OSError):
        return True

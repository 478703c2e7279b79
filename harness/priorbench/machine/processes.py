"""Other processes of this machine: their processor time, their children, their end (Linux; else nothing)."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import defaultdict
from pathlib import Path

from priorbench.machine.procfs import read_small

_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
#: kind of a process's processor clock, in the kernel's posix-timers.h
_CPU_CLOCK = 2


def cpu_seconds(process: int) -> float | None:
    """Return the processor seconds of all threads of a process so far; about a microsecond."""
    try:
        return time.clock_gettime((~process << 3) | _CPU_CLOCK)
    except (OSError, OverflowError, AttributeError):
        return None


def ended_children_seconds(process: int) -> float:
    """Return the processor seconds of children that a process has waited for, to 10 ms."""
    fields = _stat(process)
    return (int(fields[13]) + int(fields[14])) / _TICK if len(fields) > 14 else 0.0


def thread_count(process: int) -> int:
    """Return how many threads a process has; 0 where nobody tells."""
    fields = _stat(process)
    return int(fields[17]) if len(fields) > 17 else 0


def children_of(process: int | str = "self") -> list[int]:
    """Return the children of a process, zombies too."""
    found: list[int] = []
    try:
        tasks = os.listdir(f"/proc/{process}/task")  # noqa: PTH208 (a third of the time of a glob)
    except OSError:
        return found
    for task in tasks:
        found += map(int, (read_small(f"/proc/{process}/task/{task}/children") or "").split())
    return found


def is_zombie(process: int) -> bool:
    """Say whether a process has ended, and only its parent has not asked."""
    fields = _stat(process)
    return not fields or fields[0] == "Z"


def command_of(process: int) -> str:
    """Return how a process was started, at most 80 characters."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return b" ".join(words).decode("utf-8", "backslashreplace").strip()[:80]


def descendants(process: int) -> list[int]:
    """Return the numbers of what a process started, directly or not; empty where the system does not tell."""
    below: defaultdict[int, list[int]] = defaultdict(list)
    with contextlib.suppress(OSError):
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                # the name, in brackets, may hold anything; the state and the parent come after it
                _, bracket, rest = (read_small(f"{entry}/stat") or "").rpartition(")")
                if bracket:
                    below[int(rest.split()[1])].append(int(entry.name))
    found, waiting = [], [process]
    while waiting:
        children = below.pop(waiting.pop(), [])
        found += children
        waiting += children
    return found


def kill_tree(process: int) -> None:
    """Kill a process with everything that descends from it, in whatever session or group."""
    doomed, new = {process}, [process]
    while new:  # stopped first: what is stopped starts nothing more
        for one in new:
            _signal(one, signal.SIGSTOP)
        new = [below for below in descendants(process) if below not in doomed]
        doomed.update(new)
    for one in doomed:
        _signal(one, signal.SIGKILL)


def reap(child: int) -> None:
    """Wait for a child that was killed, so that it is no zombie."""
    with contextlib.suppress(OSError):
        os.waitpid(child, 0)


def _signal(process: int, number: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(process, number)


def _stat(process: int) -> list[str]:
    """Return the fields of a process from its state on; the name before it may hold anything."""
    return (read_small(f"/proc/{process}/stat") or "").rpartition(")")[2].split()

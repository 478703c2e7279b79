"""What a method leaves running when it has returned: Python threads, child processes and timers."""

from __future__ import annotations

import gc
import signal
import threading
import time
from dataclasses import dataclass

from priorbench.machine.processes import children_of, command_of, cpu_seconds, is_zombie

#: seconds that something which is about to end is given
GRACE = 0.5
#: processor seconds that Python's own helper takes; a process of its name that takes more is another one
_HELPERS_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """Threads (by identity), child processes (by number) and timers (by name) at one moment."""

    threads: frozenset[int]
    children: frozenset[int]
    timers: frozenset[str] = frozenset()


def running() -> Running:
    """Return what runs now."""
    threads = frozenset(thread.ident for thread in threading.enumerate() if thread.ident is not None)
    return Running(threads=threads, children=frozenset(_children()), timers=_timers())


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
        names = ", ".join(command_of(pid) for pid in children[:3])
        parts.append(f"{len(children)} child process{'es' * (len(children) > 1)} ({names})")
    if timers := _timers() - before.timers:
        parts.append(f"a timer ({', '.join(sorted(timers))})")
    return " and ".join(parts)


def _timers() -> frozenset[str]:
    """Return the timers that will send this process a signal."""
    names = ("ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF")
    which = {name: getattr(signal, name) for name in names if hasattr(signal, name)}
    return frozenset(name for name, timer in which.items() if signal.getitimer(timer)[0] > 0)


def _children() -> list[int]:
    """Return the living child processes, where the system tells; Python's own helper is left out."""
    return [pid for pid in children_of() if not is_helper(pid) and not is_zombie(pid)]


def is_helper(process: int) -> bool:
    """Say whether a process is the one with which Python counts shared memory: it waits, and hardly works."""
    named = "multiprocessing.resource_tracker" in command_of(process)
    return named and (cpu_seconds(process) or 0.0) < _HELPERS_SECONDS

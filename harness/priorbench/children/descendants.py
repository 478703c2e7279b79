"""Ends processes with everything that they started, daemons too, where the system can tell (Linux).

Elsewhere whole process groups are ended; what left its group lives on there.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from priorbench.machine.procfs import read_small

#: of prctl, in linux/prctl.h
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
#: seconds that killed processes may take to be gone
_PATIENCE = 10.0


def adopt() -> None:
    """Become the parent of every descendant whose own parent ends, so that none gets out of sight."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def signal_at_death_of_parent(parent: int, number: int) -> None:
    """Have the system send this process a signal when its parent's thread that started it ends.

    Parameters
    ----------
    parent : int
        number of the parent; where it has ended already, the signal comes at once.
    number : int
        the signal.
    """
    _prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def end_all(groups: Iterable[int] = ()) -> bool:
    """Kill every descendant of this process, and wait for them; call `adopt` before they are started.

    Parameters
    ----------
    groups : Iterable[int]
        process groups to kill first.

    Returns
    -------
    bool
        Whether none is left.
    """
    for group in groups:
        _kill(os.killpg, group)
    deadline = time.monotonic() + _PATIENCE
    while True:
        for process in descendants(os.getpid()):
            _kill(os.kill, process)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return True  # whoever lost its parent is a child of this process
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)


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


def _kill(call: object, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        call(number, signal.SIGKILL)  # type: ignore[operator]


def _prctl(option: int, value: int) -> None:
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)

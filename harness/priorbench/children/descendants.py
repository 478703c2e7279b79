"""Ends processes with everything that they started, daemons too, where the system can tell (Linux).

Elsewhere whole process groups are ended; what left its group lives on there.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable

from priorbench.machine.processes import descendants

#: seconds that killed processes may take to be gone
_PATIENCE = 10.0


def end_all(groups: Iterable[int] = ()) -> bool:
    """Kill every descendant of this process, and wait for them; call `adopt_strays` before they are started.

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


def _kill(call: object, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        call(number, signal.SIGKILL)  # type: ignore[operator]

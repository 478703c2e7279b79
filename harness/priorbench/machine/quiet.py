"""Waits until no other thread of this process, or no thread of another one, is at work.

Libraries keep their threads awake for a while after they were used, waiting for more: numpy's OpenBLAS for
about 100 ms. On a machine with as many threads as processors such a thread takes time from whatever is
measured next.
"""

from __future__ import annotations

import os
import threading
import time

from priorbench.machine.procfs import read_small

#: seconds that threads are given to fall asleep
PATIENCE = 0.2
#: seconds between two looks
_PAUSE = 0.0002


def running_threads(process: int | str = "self") -> int:
    """Return how many threads of a process are running or ready to run; 0 where none can be seen.

    Of this process, the thread that asks is not counted. Takes some 10 microseconds for each thread (Linux;
    elsewhere the system does not tell).

    Parameters
    ----------
    process : int or str, default 'self'
        its id.
    """
    own = str(threading.get_native_id()) if process == "self" else ""
    try:
        threads = os.listdir(f"/proc/{process}/task")  # noqa: PTH208 (a third of the time of a glob)
    except OSError:
        return 0
    return sum(_state(process, thread) == "R" for thread in threads if thread != own)


def wait_until_quiet(patience: float = PATIENCE, process: int | str = "self") -> bool:
    """Wait until no other thread of this process, or none of another one, runs; False where one runs on.

    Parameters
    ----------
    patience : float
        Seconds to wait at most.
    process : int or str, default 'self'
        id of the process.
    """
    if not running_threads(process):
        return True
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        time.sleep(_PAUSE)
        if not running_threads(process):
            return True
    return False


def _state(process: int | str, thread: str) -> str:
    """Return the state of a thread: one letter, which stands after its name in parentheses."""
    told = read_small(f"/proc/{process}/task/{thread}/stat") or ""
    return told.rpartition(")")[2].strip()[:1]

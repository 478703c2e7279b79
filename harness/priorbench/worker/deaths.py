"""Says how a process ended."""

from __future__ import annotations

import contextlib
import signal
import subprocess

#: seconds in which a process ends whose pipe is closed
_LAST_BREATH = 2.0


def cause_of_death(
    process: subprocess.Popen[bytes], alive: str = "the method closed the worker's line to the harness"
) -> str:
    """Return in words how a process ended, before it is killed for what it left behind.

    Parameters
    ----------
    process : subprocess.Popen
        the process.
    alive : str, optional
        what is to be said where it has not ended.
    """
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=_LAST_BREATH)
    code = process.returncode
    if code is None:
        return alive
    if code >= 0:
        return f"the process ended with exit status {code}"
    name = signal.Signals(-code).name
    hint = " (the system kills with it when memory runs out)" if name == "SIGKILL" else ""
    return f"the process was killed by {name}{hint}"

"""Counts the seconds that a process has had, without those in which it or this one was stopped."""

from __future__ import annotations

import time

from priorbench.machine.procfs import read_small

#: seconds between two looks at the worker
STEP = 1.0
#: a step that takes longer than this was not waited for: this process was stopped, or its whole machine
GAP = 5.0
#: a shorter wait counts as used without a look whether the worker is stopped
MOMENT = 0.05
#: seconds that a worker alone may be stopped; a method may have stopped itself, for ever
LONGEST_STOP = 3600.0


class Patience:
    """How long a worker is still waited for.

    Parameters
    ----------
    seconds : float or None
        that the worker may run; None = no limit.
    process : int
        id of the process that is waited for.

    Attributes
    ----------
    seconds : float or None
        as given.
    away : float
        seconds in which this process was stopped.
    """

    def __init__(self, seconds: float | None, process: int) -> None:
        self.seconds, self._process = seconds, process
        self._used = self._stopped = self.away = 0.0
        self._last = time.monotonic()

    @property
    def over(self) -> bool:
        """Whether the worker has had its time, or was stopped for too long."""
        if self.seconds is None:
            return False
        return self._used >= self.seconds or self._stopped >= LONGEST_STOP

    @property
    def step(self) -> float:
        """Seconds until the next look."""
        return STEP if self.seconds is None else max(0.0, min(STEP, self.seconds - self._used))

    def restart(self) -> None:
        """Begin to count now."""
        self._last = time.monotonic()

    def forgive(self) -> None:
        """Begin again: what is waited for has told that it is at work."""
        self._used = 0.0

    def catch_up(self) -> None:
        """Count the time since the last look as used: this process was at work itself."""
        now = time.monotonic()
        self._used += now - self._last
        self._last = now

    def look(self) -> None:
        """Count the time since the last look."""
        now = time.monotonic()
        spent, self._last = now - self._last, now
        if spent > GAP:
            self.away += spent
        elif spent > MOMENT and _is_stopped(self._process):
            self._stopped += spent
        else:
            self._used += spent


def _is_stopped(process: int) -> bool:
    """Say whether a process is stopped by a signal; False where the system does not tell."""
    # the name before the state, in brackets, may hold anything
    rest = (read_small(f"/proc/{process}/stat") or "").rpartition(")")[2].split()
    return bool(rest) and rest[0] in ("T", "t")

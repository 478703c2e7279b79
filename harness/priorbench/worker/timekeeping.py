"""Bounds the times that a player tells by the judge's own clock, and notices work outside of timed stretches.

A method shares its process with what measures it there, and could have replaced that. What it tells is used
as long as it agrees with what the judge sees from outside, which is a little more: a message takes some time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from priorbench.machine.leftovers import is_helper
from priorbench.machine.processes import children_of, cpu_seconds, ended_children_seconds, thread_count
from priorbench.protocol.exchange import Spent

#: seconds of a trial that may pass between the two clocks: in all, for each message at least and at most, and
#: as a share
SLACK, SLACK_FOR_EACH, MOST_FOR_EACH, SLACK_SHARE = 5e-3, 3e-4, 1e-3, 0.01
#: processor seconds that a player may use while it should wait: in all, for each message, and as a share
IDLE, IDLE_FOR_EACH, IDLE_SHARE = 0.02, 1e-3, 0.02
#: and for each message by each thread but the first: it looks for more work for a moment before it sleeps
IDLE_OF_THREAD = 3e-4
#: processor seconds that a player may use after its last answer, in all and for each byte that goes back
LAST, LAST_FOR_EACH = 0.05, 2e-10
#: processors beyond its threads that a method may seem to use, for as long as it takes to tell
SPARE_PROCESSORS, SPARE_SECONDS = 0.1, 0.05


class Timekeeper:
    """Keeps the times of one trial, from the moment on at which the player is ready.

    Parameters
    ----------
    process : int
        id of the player's process.
    threads : int
        processors that the method may use.
    for_each : float, default 3e-4
        seconds that each message may take: see `for_each_message`.
    """

    def __init__(self, process: int, threads: int, for_each: float = SLACK_FOR_EACH) -> None:
        self._process, self._threads, self._for_each = process, threads, for_each
        self._idle_for_each = IDLE_FOR_EACH + IDLE_OF_THREAD * (threads - 1)
        self._messages = 0
        self._elapsed = self._hidden = self._wall = self._cpu = self._own = 0.0
        self._idle = self._began = self._last = 0.0
        self._rest = self._used()
        self._children = _children_seconds(process)
        self._native = thread_count(process)
        self._corrected = False

    def command(self, *, idle: bool = True) -> None:
        """A command is about to be sent, until which the player was to wait, or it has been sent before."""
        now = self._used()
        self._idle += max(0.0, now - self._rest) if idle else 0.0
        self._messages += 1
        self._began, self._rest = time.perf_counter(), now

    def answer(self) -> tuple[float, float]:
        """Return the seconds and the processor seconds since the command."""
        elapsed, now = time.perf_counter() - self._began, self._used()
        used, self._rest = now - self._rest, now
        return elapsed, used

    def timed(self, told: Spent, elapsed: float, used: float) -> Spent:
        """Return what a stretch cost: what the player tells, unless this clock says that it hides more.

        Parameters
        ----------
        told : Spent
            by the player.
        elapsed, used : float
            seconds and processor seconds between command and answer.
        """
        self._elapsed += elapsed
        slack = SLACK + self._for_each * self._messages + SLACK_SHARE * self._elapsed - self._hidden
        wall = max(told.wall, elapsed - max(0.0, slack))
        self._corrected = self._corrected or wall > told.wall
        self._hidden += max(0.0, elapsed - wall)  # who tells too much once has nothing to spare for later
        cpu = max(told.cpu, used - self._idle_for_each - SLACK_SHARE * used)
        self._wall += wall
        self._cpu += cpu
        self._own += used
        device = told.device if wall <= told.wall else max(told.device, wall)
        return Spent(wall=wall, device=device, cpu=cpu)

    def ended(self, memory: int) -> None:
        """The player has put everything away: since its last answer it had nothing else to do.

        Parameters
        ----------
        memory : int
            bytes that the method had.
        """
        used = self._used() - self._rest
        self._last = used if used > LAST + LAST_FOR_EACH * memory else 0.0

    def marks(self) -> list[str]:
        """Say what makes the timing doubtful, in words."""
        found = []
        if self._corrected:
            found.append("the method's process told less time than passed: the judge's clock counts")
        if self._cpu > self._wall * (self._threads + SPARE_PROCESSORS) + SPARE_SECONDS:
            processors = self._cpu / max(self._wall, 1e-9)
            found.append(f"the method used {processors:.1f} processors, and has {self._threads}")
        children = _children_seconds(self._process) - self._children
        idle = self._idle + max(0.0, children - max(0.0, self._cpu - self._own))
        if idle > IDLE + self._idle_for_each * self._messages + IDLE_SHARE * self._elapsed:
            found.append(f"the method worked for {idle:.2f} s while the clock stood still")
        if self._last:
            found.append(f"the method worked for {self._last:.2f} s after its last answer")
        started = thread_count(self._process) - self._native
        if started > 0:
            found.append(f"{started} thread{'s' * (started > 1)} of the method outlived its call")
        return found

    def _used(self) -> float:
        return cpu_seconds(self._process) or 0.0


def for_each_message(round_trips: Sequence[float]) -> float:
    """Return the seconds that each message of a trial may take.

    Parameters
    ----------
    round_trips : sequence of float
        seconds of some messages to which the answer was nothing, before any method was there. A message with
        an image takes longer: three times the median, within bounds that no method can move.
    """
    return min(MOST_FOR_EACH, max(SLACK_FOR_EACH, 3 * statistics.median(round_trips)))


def _children_seconds(process: int) -> float:
    """Return the processor seconds of a process's children: those that it has waited for, and the others."""
    others = (cpu_seconds(child) or 0.0 for child in children_of(process) if not is_helper(child))
    return ended_children_seconds(process) + sum(others)

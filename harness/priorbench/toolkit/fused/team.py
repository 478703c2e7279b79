"""A team of threads that share work: compiled functions that release the interpreter's lock."""

from __future__ import annotations

import math
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.toolkit.fused.forking import board, dismiss, members, serve, shared
from priorbench.toolkit.threads import allowed_threads

Work = Callable[..., object]

#: numbers that a thread goes through in the time that another one takes to begin
FEW = 1 << 15


class ThreadTeam:
    """Some threads, the caller's among them; the others end when the team is no longer used.

    Several teams may work at once. One team serves one caller at a time. A fork of the process, which has
    none of the threads, starts its own when it goes on with the team.

    Parameters
    ----------
    threads : int
        How many, at least 1.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._board = board(self.threads)
        self._together, self._alone = members(self._board, self.threads)
        # first: where a thread cannot be started, those before it end; daemons end with the process
        weakref.finalize(self, _end, self._process, self._board).atexit = False
        for number in range(1, self.threads):
            threading.Thread(target=serve, args=(self._board, number), daemon=True).start()

    def __reduce__(self) -> tuple[type[ThreadTeam], tuple[int]]:
        """Have a copy start its own threads."""
        return ThreadTeam, (self.threads,)

    def share(self, work: Work, *given: Any, alone: bool = False) -> None:
        """Call ``work(place, *given)`` on every thread.

        Parameters
        ----------
        work : callable
            A compiled function. It does the ``part(place, ...)`` of its thread, and ``wait_for_all(place)``
            is its barrier, see `priorbench.toolkit.fused.barrier`.
        *given : Any
            The rest of its arguments.
        alone : bool
            The work is too little for more than one thread.
        """
        if os.getpid() != self._process:
            self._begin()
        shared(work)(self._board, self._alone if alone else self._together, *given)


def _end(process: int, their_board: NDArray[np.int64]) -> None:
    """Let the threads end, in the process that has them: a fork may have copied a locked mutex."""
    if os.getpid() == process:
        dismiss(their_board)


class TorchTeam:
    """A team of as many threads as torch would use, made when it is first needed."""

    def __init__(self) -> None:
        self._team: ThreadTeam | None = None
        self._memory: dict[tuple[str, Any], NDArray[Any]] = {}

    def scratch(self, name: str, shape: tuple[int, ...], kind: Any) -> NDArray[Any]:
        """Return memory that the layers of a network use one after the other; each name has its own.

        What was written there before, for another layer or in another pass, is lost.
        """
        size = math.prod(shape)
        found = self._memory.get((name, kind))
        if found is None or len(found) < size:
            found = self._memory[name, kind] = np.zeros(size, kind)
        return found[:size].reshape(shape)

    def share(self, work: Work, *given: Any, numbers: int) -> None:
        """Call ``work(place, *given)`` on every thread, as `ThreadTeam.share` does.

        Parameters
        ----------
        work : callable
            A compiled function.
        *given : Any
            The rest of its arguments.
        numbers : int
            How many numbers the work goes through. For a few, the other threads are not asked.
        """
        threads = allowed_threads()
        if self._team is None or self._team.threads != threads:
            self._team = ThreadTeam(threads)
        self._team.share(work, *given, alone=numbers < FEW)

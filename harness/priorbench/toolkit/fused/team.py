"""A team of threads that share work: compiled functions that release the interpreter's lock."""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from priorbench.toolkit.fused.barrier import abort, places

Work = Callable[..., object]

#: numbers that a thread goes through in the time that waking another one takes
FEW = 1 << 15


class ThreadTeam:
    """Some threads, the caller's among them; the others end when the team is no longer used.

    It is as fast as numba's parallel loops, compiles in half the time and serves several callers.

    Parameters
    ----------
    threads : int
        How many, at least 1.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._queues = [SimpleQueue[Any]() for _ in range(threads - 1)]
        self._done = SimpleQueue[BaseException | None]()
        for queue in self._queues:
            threading.Thread(target=_serve, args=(queue, self._done), daemon=True).start()
        weakref.finalize(self, _dismiss, self._queues)

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
        own, *others = places(1 if alone else self.threads)
        for queue, place in zip(self._queues, others, strict=False):
            queue.put((work, place, given))
        try:
            work(own, *given)
        except BaseException:
            abort(own)
            raise
        finally:  # the others write to memory that is the caller's again afterwards
            failures = [self._done.get() for _ in others]
        for failure in failures:
            if failure is not None:
                raise failure


class TorchTeam:
    """A team of as many threads as torch uses, made when it is first needed."""

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
            How many numbers the work goes through. For a few, the other threads are not woken.
        """
        threads = torch.get_num_threads()
        if self._team is None or self._team.threads != threads:
            self._team = ThreadTeam(threads)
        self._team.share(work, *given, alone=numbers < FEW)


def _serve(queue: SimpleQueue[Any], done: SimpleQueue[BaseException | None]) -> None:
    while (task := queue.get()) is not None:
        work, place, given = task
        try:
            work(place, *given)
        except BaseException as failure:
            abort(place)
            done.put(failure)
        else:
            done.put(None)
        del task, work, place, given  # an idle thread keeps nothing alive


def _dismiss(queues: list[SimpleQueue[Any]]) -> None:
    for queue in queues:
        queue.put(None)

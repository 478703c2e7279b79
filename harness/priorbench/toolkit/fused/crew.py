"""Threads that share out bands of work, with compiled functions that release the interpreter's lock."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

Work = Callable[..., object]


class Crew:
    """Some threads, the caller's among them; the others end when the crew is no longer used.

    Handing work over takes about as long as numba's own loops take for it (12 microseconds), and functions
    without such loops compile in half the time.

    Parameters
    ----------
    threads : how many, at least 1.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._queues = [SimpleQueue[Any]() for _ in range(threads - 1)]
        self._done = SimpleQueue[BaseException | None]()
        for queue in self._queues:
            threading.Thread(target=_serve, args=(queue, self._done), daemon=True).start()
        weakref.finalize(self, _dismiss, self._queues)

    def share(self, work: Work, bands: int, *given: Any, alone: bool = False) -> None:
        """Call ``work(thread, begin, end, bands, *given)`` on every thread for its part of the bands.

        Parameters
        ----------
        work : a compiled function.
        bands : how many there are; a thread's are begin to end - 1.
        given : the rest of its arguments.
        alone : the work is too little for more than one thread.
        """
        threads = 1 if alone else min(self.threads, bands)
        shares = [(t, t * bands // threads, (t + 1) * bands // threads) for t in range(threads)]
        for queue, share in zip(self._queues, shares[1:], strict=False):
            queue.put((work, (*share, bands, *given)))
        failures = []
        try:
            work(*shares[0], bands, *given)
        finally:  # the others write to memory that is the caller's again afterwards
            failures = [self._done.get() for _ in shares[1:]]
        for failure in failures:
            if failure is not None:
                raise failure


def _serve(queue: SimpleQueue[Any], done: SimpleQueue[BaseException | None]) -> None:
    while (task := queue.get()) is not None:
        work, given = task
        try:
            work(*given)
        except BaseException as failure:
            done.put(failure)
        else:
            done.put(None)
        del task, work, given  # an idle thread keeps nothing alive


def _dismiss(queues: list[SimpleQueue[Any]]) -> None:
    for queue in queues:
        queue.put(None)

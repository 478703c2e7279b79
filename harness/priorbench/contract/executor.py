"""The interface of executors: they receive trials and return records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from priorbench.contract.records import Record
from priorbench.contract.trial import Trial

#: told what is running: a trial that has begun
Started = Callable[[Trial], None]


class Executor(Protocol):
    """Runs trials, in any order, and gives back the records of each as it ends.

    One that holds trials to limits has them in an attribute ``limits``, of the class
    `priorbench.contract.limits.Limits`, and in the records. A run then tries again what failed under
    smaller ones. One that runs trials on machines or devices which this process's own description does not
    fit has theirs in an attribute ``environments``, by their fingerprints, and these in the records. `run` is
    called again, when it has ended, for trials that another run of the same store had held before and did
    not make. Where the machine failed, not the method, the status is
    `priorbench.contract.records.NOT_RUN`.
    """

    def run(self, trials: Iterable[Trial], started: Started) -> Iterator[tuple[Record, ...]]:
        """Yield the records of each trial when it has ended.

        Parameters
        ----------
        trials : Iterable[Trial]
            read lazily, so that an image set need not be read ahead.
        started : callable
            called when a trial begins.
        """
        ...

    def close(self) -> None:
        """Stop everything that still runs."""
        ...

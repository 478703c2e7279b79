"""Asks the store for the records of trials: for many at once, as long as all of them are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from priorbench.contract.trial import Trial

#: trials that are looked up at once, at most
_MOST = 512

Statuses = Callable[[Iterable[str]], Mapping[str, str]]


def looked_up(trials: Iterator[Trial], statuses: Statuses) -> Iterator[tuple[Trial, Mapping[str, str]]]:
    """Yield each trial with the statuses of those of its keys that the store has.

    A question costs the store much the same for one trial and for hundreds. So more and more are asked for at
    once while every trial is complete. One that is not will be run, which may take hours: what follows it is
    asked for anew, and then one at a time. No more trials are planned ahead than are asked for at once.

    Parameters
    ----------
    trials : Iterator of Trial
        in their order; an error of it comes after the trials before it.
    statuses : callable
        from keys to the statuses of those that are stored.
    """
    source = _Failing(trials)
    size = 1
    while some := list(islice(source, size)):
        there = statuses([key for trial in some for key in trial.keys])
        known = True
        for trial in some:
            own = there if known else statuses(trial.keys)
            yield trial, {key: own[key] for key in trial.keys if key in own}
            known = known and all(key in own for key in trial.keys)
        size = min(2 * size, _MOST) if known else 1
    source.check()


class _Failing:
    """An iterator that ends where another one fails, and tells that when it is asked."""

    def __init__(self, trials: Iterator[Trial]) -> None:
        self._trials = trials
        self._error: Exception | None = None

    def __iter__(self) -> Iterator[Trial]:
        """Return the iterator."""
        return self

    def __next__(self) -> Trial:
        """Return the next trial."""
        if self._error is not None:
            raise StopIteration
        try:
            return next(self._trials)
        except StopIteration:
            raise
        except Exception as error:
            self._error = error
            raise StopIteration from None

    def check(self) -> None:
        """Raise the error that ended it, if one did."""
        if self._error is not None:
            raise self._error

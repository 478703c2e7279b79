"""Which records a run makes: those that are not there, and some of those that failed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from priorbench.contract.limits import Limits
from priorbench.contract.trial import Trial
from priorbench.store.database import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Wants:
    """Which records a run makes: those that are not there, and some of those that failed.

    Attributes
    ----------
    store : Store
        what is there.
    limits : Limits or None
        of the executor; None = not known.
    retry_failed : bool
        make all again that failed.
    again : set of str, optional
        keys that take the place of what is in the store.
    """

    store: Store
    limits: Limits | None
    retry_failed: bool
    again: set[str] = field(default_factory=set)

    def of(
        self,
        keys: Sequence[str],
        there: Mapping[str, str] | None = None,
        *,
        remade: Collection[str] = (),
    ) -> tuple[list[bool], bool]:
        """Say of each key whether its record is to be made, and whether a failed one is left as it is.

        Parameters
        ----------
        keys : Sequence[str]
            which.
        there : Mapping[str, str] or None, optional
            the statuses of those that are stored; None = the store is asked.
        remade : Collection[str], optional
            those that another run has made again in the meantime: to retry them once is enough.
        """
        there = self.store.statuses(keys) if there is None else there
        bad = {key for key, status in there.items() if status != "ok"}
        again = bad.difference(remade) if self.retry_failed else self._outgrown(there)
        self.again.difference_update(keys)
        self.again.update(again)
        left = any(there[key] != "refused" for key in bad - again)
        return [key not in there or key in again for key in keys], left

    def _outgrown(self, there: Mapping[str, str]) -> set[str]:
        """Return the keys of what failed under smaller limits than those of this run."""
        limited = [key for key, status in there.items() if status in ("timeout", "out-of-memory")]
        if self.limits is None or not limited:
            return set()
        had = self.store.limits(limited)
        return {key for key in limited if self.limits.allow_more(there[key], had[key])}


def with_rules(trial: Trial, wanted: Sequence[bool]) -> Trial:
    """Return a trial with only those keys, and their stopping rules, that are wanted."""
    if all(wanted):
        return trial
    chosen = [number for number, want in enumerate(wanted) if want]
    return replace(
        trial,
        keys=tuple(trial.keys[number] for number in chosen),
        results=trial.results and tuple(trial.results[number] for number in chosen),
        known=trial.known and tuple(trial.known[number] for number in chosen),
        stopping=trial.stopping and tuple(trial.stopping[number] for number in chosen),
    )

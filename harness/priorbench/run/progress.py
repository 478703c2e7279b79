"""Where a run stands: counts, what runs now, what was noted."""

from __future__ import annotations

from dataclasses import dataclass, field

from priorbench.contract.records import NOT_RUN, Noted, Record, RunSummary
from priorbench.contract.requests import Request

#: a record, and what it answers
Answered = tuple[Record, Request]


@dataclass(kw_only=True, slots=True)
class Progress:
    """Where a run stands; passed to the caller's `watch` at every change.

    Attributes
    ----------
    planned : int
        upper bound of the number of trials, which falls with each file that cannot be used; for a shard,
        about how many.
    finished, resumed : int, default 0
        trials that ended in this run, and trials found in the store.
    failed, refused : int, default 0
        of `finished`, those that went wrong and those that the method does not take.
    not_run : int, default 0
        of `finished`, those that the machine could not run.
    failed_before : int, default 0
        trials with a record in the store that had failed earlier and is not run again.
    waiting : int, default 0
        trials that another run makes now, once there is nothing else to do.
    rescored : int, default 0
        of `finished`, those of which only kept outputs were scored, for a further metric.
    lost : int, default 0
        of `finished`, those that another run had taken over, because this one was stopped.
    running : list of str, optional
        titles of the trials that run now.
    latest : tuple of (Record, Request), default ()
        records of the trial that ended last, and what they answer.
    skipped : list[tuple[str, str]], optional
        (set/file, reason) of files that could not be used.
    notes : list of Noted, optional
        what was done to pictures when they were read, each kind once for each set.
    seconds : float, default 0.0
        spent so far.
    """

    planned: int
    finished: int = 0
    resumed: int = 0
    failed: int = 0
    refused: int = 0
    not_run: int = 0
    failed_before: int = 0
    waiting: int = 0
    rescored: int = 0
    lost: int = 0
    running: list[str] = field(default_factory=list)
    latest: tuple[Answered, ...] = ()
    skipped: list[tuple[str, str]] = field(default_factory=list)
    notes: list[Noted] = field(default_factory=list)
    seconds: float = 0.0

    def skip(self, name: str, reason: str, planned: int) -> None:
        """Take note of a file that cannot be used; `planned` trials are left without it, at most."""
        self.skipped.append((name, reason))
        self._plan(planned)

    def count(self, answered: tuple[Answered, ...], *, rescored: bool = False) -> None:
        """Take note of the records of a trial that has ended."""
        statuses = {record.status for record, _ in answered}
        self.finished += 1
        self.rescored += rescored
        self._plan(self.planned)
        self.not_run += NOT_RUN in statuses
        self.refused += "refused" in statuses
        self.failed += bool(statuses - {"ok", "refused", NOT_RUN})
        self.latest = answered

    def _plan(self, trials: int) -> None:
        self.planned = max(trials, self.finished + self.resumed)  # what a shard has, is an estimate

    def summary(self, suite: str, interrupted: bool) -> RunSummary:
        """Return how the run of a suite ended."""
        return RunSummary(
            suite=suite,
            finished=self.finished,
            resumed=self.resumed,
            failed=self.failed,
            refused=self.refused,
            not_run=self.not_run,
            failed_before=self.failed_before,
            skipped=tuple(self.skipped),
            notes=tuple(self.notes),
            interrupted=interrupted,
            seconds=self.seconds,
        )

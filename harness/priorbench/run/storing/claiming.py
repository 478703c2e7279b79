"""Hands out those trials of a run that no other run holds; the others are put aside and looked at again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from priorbench.contract.records import NOT_RUN
from priorbench.contract.trial import Trial
from priorbench.run.progress import Answered, Progress
from priorbench.run.storing.answers import AnswerBook
from priorbench.run.storing.wanted import Wants, with_rules
from priorbench.store.sharing.claims import Claims, Taken

#: trials are claimed for so many seconds of work, but not more than so many: others may wait for them
_AHEAD_SECONDS, _AHEAD = 2.0, 64


class Claiming:
    """What a run does about the other runs of its store.

    Parameters
    ----------
    claims : Claims
        what this run holds.
    wants : Wants
        which records it makes.
    asking : AnswerBook
        what it has asked for.
    progress, watch : Progress or callable
        told of trials that another run made or makes.
    """

    def __init__(
        self,
        claims: Claims,
        wants: Wants,
        asking: AnswerBook,
        progress: Progress,
        watch: Callable[[Progress], None],
    ) -> None:
        self._claims, self._wants, self._asking = claims, wants, asking
        self._progress, self._watch = progress, watch
        self._aside: list[Trial] = []

    def of(self, trials: Iterable[Trial]) -> Iterator[Trial]:
        """Yield those trials that nobody else holds, claimed, a few ahead of what is asked for."""
        remaining, size = iter(trials), 1
        while some := list(islice(remaining, size)):
            began = time.monotonic()
            yield from self._held(some)
            took = time.monotonic() - began
            size = min(2 * size, _AHEAD) if took < _AHEAD_SECONDS else max(size // 2, 1)

    def later(self) -> list[Trial]:
        """Wait until some of what was put aside can be run here, and return it; nothing when all is there.

        To be called when all own work is done and stored, because another run may wait for that.
        """
        while self._aside:
            held = self._claims.held([key for trial in self._aside for key in trial.keys], self._wants.again)
            free = [trial for trial in self._aside if held.isdisjoint(trial.keys)]
            self._aside = [trial for trial in self._aside if not held.isdisjoint(trial.keys)]
            if free:
                return free
            self._tell(len(self._aside))
            time.sleep(self._claims.poll)
        self._tell(0)
        return []

    def lost(self, keys: Sequence[str]) -> bool:
        """Say whether another run has taken what this one makes, because it was stopped for so long."""
        return not self._claims.lost.isdisjoint(keys)

    def ended(self, answered: Sequence[Answered]) -> None:
        """Let go of a trial that has ended and is stored, as far as it can be."""
        keys = {record.key: record.status != NOT_RUN for record, _ in answered}
        again = [key for key, stored in keys.items() if stored and key in self._wants.again]
        self._claims.release([key for key in keys if key not in again])
        self._claims.release(again, remade=True)

    def _tell(self, waiting: int) -> None:
        if waiting != self._progress.waiting:
            self._progress.waiting = waiting
            self._watch(self._progress)

    def _held(self, trials: Sequence[Trial]) -> Iterator[Trial]:
        """Yield trials while they are held for sure; after a stop, those that are left are claimed anew."""
        remaining = deque(self._claimed(trials))
        while remaining:
            if not self._claims.are_sure():
                remaining = deque(self._claimed(remaining))
            if remaining:
                yield remaining.popleft()

    def _claimed(self, trials: Iterable[Trial]) -> Iterator[Trial]:
        trials = list(trials)
        found = self._claims.take([trial.keys for trial in trials], self._wants.again)
        for trial in trials:
            if not found.held.isdisjoint(trial.keys):
                self._aside.append(trial)
            elif (left := self._left_of(trial, found)) is not None:
                yield left

    def _left_of(self, trial: Trial, found: Taken) -> Trial | None:
        """Return what is still to be made of a trial that this run holds."""
        if found.there.isdisjoint(trial.keys):
            return trial
        wanted, failed = self._wants.of(trial.keys, remade=found.remade)
        made = [key for key, want in zip(trial.keys, wanted, strict=True) if not want]
        self._asking.found(made)
        self._claims.release(made)
        self._progress.failed_before += failed
        if any(wanted):
            return with_rules(trial, wanted)
        self._progress.resumed += 1
        self._watch(self._progress)
        return None

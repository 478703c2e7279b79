"""What a plan finds in a store, and what is left to run, counted before the run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from priorbench.run.plan import Plan
from priorbench.run.storing.lookups import looked_up
from priorbench.run.storing.wanted import Wants
from priorbench.store.kept_outputs import KeptOutputs


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreseen:
    """What becomes of the trials of a plan.

    Attributes
    ----------
    there : int
        trials that the store has.
    failed_before : int
        of these, those that failed and are not run again.
    rescored : int
        those that lack only a further metric, and have their outputs kept.
    to_run : int
        all others.
    """

    there: int
    failed_before: int
    rescored: int
    to_run: int


def foreseen(plan: Plan, wants: Wants) -> Foreseen:
    """Return what becomes of the trials of a plan; its pictures are read as in a run.

    Parameters
    ----------
    plan, wants : Plan or Wants
        what to run, and which records of the store are made again.
    """
    folder = plan.options.outputs if plan.suite.metrics else ""
    outputs = KeptOutputs(Path(folder)) if folder else None
    coming: set[str] = set()
    there = failed = rescored = to_run = 0
    for trial, stored in looked_up(plan.trials(lambda *_: None), wants.store.statuses):
        wanted, had_failed = wants.of(trial.keys, stored)
        failed += had_failed
        lacking = [
            result
            for key, result, want in zip(trial.keys, trial.results, wanted, strict=True)
            if want and key not in coming
        ]
        coming.update(key for key, want in zip(trial.keys, wanted, strict=True) if want)
        kept = [outputs is not None and outputs.find(result) is not None for result in lacking]
        there += not lacking
        rescored += any(kept)
        to_run += not all(kept)
    return Foreseen(there=there, failed_before=failed, rescored=rescored, to_run=to_run)

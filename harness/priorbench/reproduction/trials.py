"""Runs the trials of an experiment as any suite is run, and finds their records under the suite's labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from priorbench.contract.executor import Executor
from priorbench.contract.records import Record
from priorbench.contract.trial import Trial
from priorbench.experiments.work import Outcome, Trials
from priorbench.loading.registry import Registry
from priorbench.run.loop import Watch, execute
from priorbench.run.options import PlanOptions
from priorbench.run.plan import Plan
from priorbench.store.database import Store
from priorbench.suite.checking import SuiteText, check_suite
from priorbench.suite.model import Suite, SuiteOptions
from priorbench.suite.yaml_text import write_yaml


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """Where trials are run, and where their records go.

    Attributes
    ----------
    registry : Registry
        what is installed.
    store : Store
        of the records.
    executor : callable
        makes an executor; each run closes its own.
    device, threads : str or int
        as of `priorbench.run.plan.PlanOptions`.
    view : callable
        opens what shows the progress of a suite of this name and number of trials.
    """

    registry: Registry
    store: Store
    executor: Callable[[], Executor]
    device: str
    threads: int
    view: Callable[[str, int], AbstractContextManager[Watch]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """What trials gave: their outcomes, and remarks on what was left out."""

    outcomes: tuple[Outcome, ...]
    remarks: tuple[str, ...]


def check(trials: Trials, experiment: str, registry: Registry) -> Suite:
    """Return the suite of an experiment's trials; raise `RequestError` with every mistake in it."""
    name = f"{experiment}-{trials.name}"
    text = write_yaml({"name": name, **trials.suite})
    return check_suite(SuiteText(name=name, text=text, registered=True), registry, SuiteOptions())


def run_trials(trials: Trials, experiment: str, bench: Bench) -> Ran:
    """Run what is not in the store yet, and return all of it.

    Raises
    ------
    PriorbenchError
        Where the suite is wrong or no picture can be used.
    KeyboardInterrupt
        Where the run was interrupted; what had ended is in the store.
    """
    suite = check(trials, experiment, bench.registry)
    options = PlanOptions(device=bench.device, threads=bench.threads, limit=trials.limit)
    plan = Plan(suite, bench.registry, options)
    with bench.view(suite.name, len(plan)) as watch:
        summary = execute(plan, bench.executor(), bench.store, watch=watch)
    if summary.interrupted:
        raise KeyboardInterrupt
    planned = list(plan.trials(lambda label, skipped: None))
    records = _records(bench.store, planned)
    remarks = [*suite.warnings, *(f"skipped {name}: {reason}" for name, reason in summary.skipped)]
    remarks += [f"{one.image_set}/{one.image}: {one.note}" for one in summary.notes]
    remarks += _failures(planned, records)
    return Ran(outcomes=tuple(_outcomes(planned, records)), remarks=tuple(remarks))


def _records(store: Store, planned: Sequence[Trial]) -> dict[str, Record]:
    wanted = {key for trial in planned for key in trial.keys}
    return {record.key: record for record in store.records() if record.key in wanted}


def _outcomes(planned: Sequence[Trial], records: dict[str, Record]) -> Iterator[Outcome]:
    for trial in planned:
        rules = [rule.label for rule in trial.stopping] or [""]
        for rule, key in zip(rules, trial.keys, strict=True):
            if key in records:
                yield Outcome(
                    denoiser=trial.denoiser.label,
                    image_set=trial.image_set.label,
                    noise=trial.noise.label,
                    operator=trial.operator.label,
                    stopping=rule,
                    record=records[key],
                )


def _failures(planned: Sequence[Trial], records: dict[str, Record]) -> Iterator[str]:
    """Say which trials have no good record."""
    for trial in planned:
        for key in trial.keys:
            record = records.get(key)
            if record is None:
                yield f"{trial.title}: not run"
            elif record.status != "ok":
                yield f"{trial.title}: {record.status}: {record.error}"

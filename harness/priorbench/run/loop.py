"""A run: the trials of a plan that are not in the store yet, executed, stored, and told to observers."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from priorbench.contract.executor import Executor, RemoteExecutor
from priorbench.contract.images import SkippedImage
from priorbench.contract.limits import Limits
from priorbench.contract.records import NOT_RUN, Noted, Record, RunSummary
from priorbench.contract.requests import Request, Run
from priorbench.contract.trial import Trial
from priorbench.loading.load import notify
from priorbench.protocol.seeding import salt_hash
from priorbench.run.answers import AnswerBook
from priorbench.run.environments import Environments
from priorbench.run.needs import needs_of
from priorbench.run.noting import Notes
from priorbench.run.plan import Plan
from priorbench.store.database import Store

#: a record, and what it answers
Answered = tuple[Record, Request]


@dataclass(kw_only=True, slots=True)
class Progress:
    """Where a run stands; passed to the caller's `watch` at every change.

    Attributes
    ----------
    planned : int
        upper bound of the number of trials; for a shard, about how many.
    finished, resumed : int, default 0
        trials that ended in this run, and trials found in the store.
    failed, refused : int, default 0
        of `finished`, those that went wrong and those that the method does not take.
    not_run : int, default 0
        of `finished`, those that the machine could not run.
    failed_before : int, default 0
        trials with a record in the store that had failed earlier and is not run again.
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
    running: list[str] = field(default_factory=list)
    latest: tuple[Answered, ...] = ()
    skipped: list[tuple[str, str]] = field(default_factory=list)
    notes: list[Noted] = field(default_factory=list)
    seconds: float = 0.0

    def count(self, answered: tuple[Answered, ...]) -> None:
        """Take note of the records of a trial that has ended."""
        statuses = {record.status for record, _ in answered}
        self.finished += 1
        self.planned = max(self.planned, self.finished + self.resumed)  # what a shard has, is an estimate
        self.not_run += NOT_RUN in statuses
        self.refused += "refused" in statuses
        self.failed += bool(statuses - {"ok", "refused", NOT_RUN})
        self.latest = answered

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


Watch = Callable[[Progress], None]


def execute(
    plan: Plan,
    executor: Executor,
    store: Store,
    *,
    watch: Watch = lambda progress: None,
    retry_failed: bool = False,
) -> RunSummary:
    """Run what is not in the store yet; Ctrl-C ends it cleanly and the next call goes on.

    Parameters
    ----------
    plan : Plan
        what to run.
    executor : Executor
        how; it is closed at the end.
    store : Store
        where records go; each trial is one transaction.
    watch : callable, optional
        told of progress.
    retry_failed : bool, default False
        run again what failed before. What failed for a limit runs again by itself under a larger one.
    """
    began = time.monotonic()
    environments = Environments(store, executor, threads=plan.options.threads, device=plan.options.device)
    if isinstance(executor, RemoteExecutor):
        executor.prepare(lambda: needs_of(plan))
    progress = Progress(planned=len(plan))
    notify(plan.registry, "priorbench_run_started", suite=plan.suite.name, planned=len(plan))
    interrupted = False
    titles: dict[tuple[str, ...], str] = {}

    def started(trial: Trial) -> None:
        titles[trial.keys] = trial.title
        progress.running.append(trial.title)
        watch(progress)

    def noted(found: Sequence[Noted]) -> None:
        progress.notes += found
        watch(progress)

    notes = Notes(noted)
    wants = _Wants(store=store, limits=getattr(executor, "limits", None), retry_failed=retry_failed)
    try:
        with AnswerBook(store, _new_run(plan)) as asking:
            todo = _missing(plan, wants, asking, progress, watch, notes)
            for records in executor.run(todo, started):
                pairs = _named(records, asking, environments)
                kept = [(record, request) for record, request in pairs if record.status != NOT_RUN]
                _keep(kept, store, asking, wants)
                progress.count(pairs)
                progress.seconds = time.monotonic() - began
                title = titles.pop(tuple(record.key for record in records), "")
                if title in progress.running:
                    progress.running.remove(title)
                if kept:
                    told = dict(zip(("records", "requests"), zip(*kept, strict=True), strict=True))
                    notify(plan.registry, "priorbench_trial_finished", **told)
                watch(progress)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        executor.close()
    notes.flush()  # of a set that was not read to its end
    progress.seconds = time.monotonic() - began
    summary = progress.summary(plan.suite.name, interrupted)
    notify(plan.registry, "priorbench_run_finished", summary=summary)
    return summary


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wants:
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

    def of(self, keys: Sequence[str]) -> tuple[list[bool], bool]:
        """Say of each key whether its record is to be made, and whether a failed one is left as it is."""
        there = self.store.statuses(keys)
        bad = {key for key, status in there.items() if status != "ok"}
        again = bad if self.retry_failed else self._outgrown(there)
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


def _named(records: Sequence[Record], asking: AnswerBook, environments: Environments) -> tuple[Answered, ...]:
    """Return records with what the run knows of them, each with what it was first asked for as."""
    requests = [asking.first(record.key) for record in records]
    return tuple(
        (replace(record, environment=environments.of(record), code=request.code), request)
        for record, request in zip(records, requests, strict=True)
    )


def _keep(answered: Sequence[Answered], store: Store, asking: AnswerBook, wants: _Wants) -> None:
    """Store the records of a trial and what they answer."""
    records = [record for record, _ in answered]
    if records:
        again = any(record.key in wants.again for record in records)
        store.add(records, answers=asking.answered([record.key for record in records]), replace=again)


def _new_run(plan: Plan) -> Run:
    """Return what the store keeps of this call."""
    options = plan.options
    return Run(
        id=uuid.uuid4().hex[:16],
        asked_at=datetime.now(UTC).isoformat(timespec="microseconds"),
        suite=plan.suite.name,
        source=plan.suite.source,
        options={
            "device": options.device,
            "threads": options.threads,
            "limit": options.limit,
            "shard": options.shard,
            **({"salt": salt_hash(options.salt)} if options.salt else {}),
        },
    )


def _missing(
    plan: Plan, wants: _Wants, asking: AnswerBook, progress: Progress, watch: Watch, notes: Notes
) -> Iterator[Trial]:
    """Yield the trials, with only those stopping rules whose records are neither there nor on their way."""

    def skipped(label: str, image: SkippedImage) -> None:
        progress.skipped.append((f"{label}/{image.id}", image.reason))
        watch(progress)

    for trial in plan.trials(skipped, notes):
        wanted, failed = wants.of(trial.keys)
        progress.failed_before += failed
        wanted = asking.ask(trial.keys, plan.requests(trial), wanted)
        if not any(wanted):
            progress.resumed += 1
            watch(progress)
            continue
        keys = tuple(key for key, want in zip(trial.keys, wanted, strict=True) if want)
        rules = trial.stopping and tuple(
            rule for rule, want in zip(trial.stopping, wanted, strict=True) if want
        )
        yield replace(trial, keys=keys, stopping=rules)

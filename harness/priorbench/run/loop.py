"""A run: the trials of a plan that are not in the store yet, executed, stored, and told to observers."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from priorbench.contract.executor import Executor, RemoteExecutor
from priorbench.contract.images import SkippedImage
from priorbench.contract.records import NOT_RUN, Noted, Record, RunSummary
from priorbench.contract.requests import Run
from priorbench.contract.specs import MetricSpec
from priorbench.contract.trial import Trial
from priorbench.errors import PriorbenchError
from priorbench.loading.load import notify
from priorbench.protocol.seeding import salt_hash
from priorbench.run.needs import needs_of, versions_of
from priorbench.run.noting import Notes
from priorbench.run.plan import Plan
from priorbench.run.progress import Answered, Progress
from priorbench.run.storing.answers import AnswerBook
from priorbench.run.storing.claiming import Claiming
from priorbench.run.storing.environments import Environments
from priorbench.run.storing.installed import Installed
from priorbench.run.storing.lookups import looked_up
from priorbench.run.storing.rescoring import Rescoring
from priorbench.run.storing.wanted import Wants, with_rules
from priorbench.store.database import Store
from priorbench.store.sharing.claims import Claims, lease_seconds
from priorbench.store.sharing.ends import ENDED, State, note_end

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
    remote = isinstance(executor, RemoteExecutor)
    if isinstance(executor, RemoteExecutor):
        executor.prepare(lambda: needs_of(plan))
    installed = Installed({} if remote else versions_of(plan))  # other machines are asked for theirs
    progress = Progress(planned=len(plan))

    def told(progress: Progress) -> None:
        progress.seconds = time.monotonic() - began
        watch(progress)

    def noted(found: Sequence[Noted]) -> None:
        progress.notes += found
        told(progress)

    notes, run = Notes(noted), _new_run(plan)
    wants = Wants(store=store, limits=getattr(executor, "limits", None), retry_failed=retry_failed)
    notify(plan.registry, "priorbench_run_started", suite=plan.suite.name, planned=len(plan))
    interrupted = False
    try:
        with AnswerBook(store, run) as asking, Claims(store, run.id, lease=lease_seconds()) as claims:
            claiming = Claiming(claims, wants, asking, progress, told)
            work = _Work(store, plan, asking, wants, claiming, progress, told, environments, installed)
            rescoring = Rescoring(store=store, folder=plan.options.outputs, environments=environments)
            missing = _missing(plan, wants, asking, progress, told, notes)
            try:
                work.do(executor, (part for trial in missing for part in rescoring.parts(trial)))
            finally:
                executor.close()  # before another run may take what runs here
    except KeyboardInterrupt:
        interrupted = True
    with contextlib.suppress(PriorbenchError):  # what was run is stored, and that counts
        note_end(store, run.id, State.INTERRUPTED if interrupted else State.FINISHED)
    notes.flush()  # of a set that was not read to its end
    progress.seconds = time.monotonic() - began
    summary = progress.summary(plan.suite.name, interrupted)
    notify(plan.registry, "priorbench_run_finished", summary=summary)
    return summary


@dataclass(frozen=True, slots=True)
class _Work:
    """Has trials run, and stores and tells what they give."""

    store: Store
    plan: Plan
    asking: AnswerBook
    wants: Wants
    claiming: Claiming
    progress: Progress
    watch: Watch
    environments: Environments
    installed: Installed

    def do(self, executor: Executor, trials: Iterable[Trial]) -> None:
        """Have trials run, in the end also those that other runs held and did not make."""
        titles: dict[tuple[str, ...], tuple[str, bool]] = {}

        def started(trial: Trial) -> None:
            titles[trial.keys] = trial.title, bool(trial.known)
            self.progress.running.append(trial.title)
            self.watch(self.progress)

        todo = trials
        while todo:
            for records in executor.run(self.claiming.of(todo), started):
                title, rescored = titles.pop(tuple(record.key for record in records), ("", False))
                if title in self.progress.running:
                    self.progress.running.remove(title)
                self._keep(records, rescored)
            todo = self.claiming.later()

    def _keep(self, records: Sequence[Record], rescored: bool) -> None:
        """Store the records of a trial and what they answer, and tell; `rescored` means that nothing ran."""
        pairs = _named(records, self.asking, self.environments)
        kept = [(record, request) for record, request in pairs if record.status != NOT_RUN]
        if self.claiming.lost([record.key for record in records]):
            self.progress.lost += 1
            self.wants.of([record.key for record in records])  # what the other run made stays
        if kept:
            self.installed.check()
            facts = [record for record, _ in kept]
            answers = self.asking.answered(facts)
            again = any(record.key in self.wants.again for record in facts)
            self.store.add(facts, answers=answers, replace=again)
        self.claiming.ended(pairs)
        self.progress.count(pairs, rescored=rescored)
        if kept:
            told = dict(zip(("records", "requests"), zip(*kept, strict=True), strict=True))
            notify(self.plan.registry, "priorbench_trial_finished", **told)
        self.watch(self.progress)


def _named(records: Sequence[Record], asking: AnswerBook, environments: Environments) -> tuple[Answered, ...]:
    """Return records with what the run knows of them, each with what it was first asked for as."""
    requests = [asking.first(record.key) for record in records]
    return tuple(
        (replace(record, environment=environments.of(record), code=request.code), request)
        for record, request in zip(records, requests, strict=True)
    )


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
            ENDED: "",
            **({"tags": list(options.tags)} if options.tags else {}),
            **({"higher_is_better": _directions(plan)} if plan.suite.metrics else {}),
            **({"salt": salt_hash(options.salt)} if options.salt else {}),
        },
    )


def _directions(plan: Plan) -> dict[str, bool]:
    """Return of each further metric whether a higher value is better."""
    specs = [plan.registry.find(MetricSpec.kind, name).spec for name in plan.suite.metrics]
    return {spec.name: spec.higher_is_better for spec in specs if isinstance(spec, MetricSpec)}


def _missing(
    plan: Plan, wants: Wants, asking: AnswerBook, progress: Progress, watch: Watch, notes: Notes
) -> Iterator[Trial]:
    """Yield the trials, with only those stopping rules whose records are neither there nor on their way."""

    unusable = Counter[str]()

    def skipped(label: str, image: SkippedImage) -> None:
        unusable[label] += 1
        progress.skip(f"{label}/{image.id}", image.reason, plan.size(unusable))
        watch(progress)

    for trial, there in looked_up(plan.trials(skipped, notes), wants.store.statuses):
        wanted, failed = wants.of(trial.keys, there)
        progress.failed_before += failed
        wanted = asking.ask(trial.keys, plan.requests(trial), wanted)
        if not any(wanted):
            progress.resumed += 1
            watch(progress)
            continue
        yield with_rules(trial, wanted)

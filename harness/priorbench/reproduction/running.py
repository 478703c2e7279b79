"""Runs one experiment: its work, its claims, its document and its pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from priorbench.errors import PriorbenchError
from priorbench.experiments.work import Computation, Conclusion, Outcome, Results, Trials, Work
from priorbench.machine.description import describe
from priorbench.reproduction.choosing import Chosen
from priorbench.reproduction.computing import Call, Notebook, calls, compute
from priorbench.reproduction.documents import Document, WrittenTable, write, written_claim
from priorbench.reproduction.drawing import can_draw, draw
from priorbench.reproduction.trials import Bench, check, run_trials
from priorbench.reproduction.verdicts import judge


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """Where experiments are worked on.

    Attributes
    ----------
    folder : Path
        of the files that are written.
    bench : Bench
        for trials.
    notebook : Notebook
        for computations.
    jobs : int
        computations at the same time.
    told : callable
        told of computations: the experiment's name, how many are done, of how many.
    """

    folder: Path
    bench: Bench
    notebook: Notebook
    jobs: int
    told: Callable[[str, int, int], None]


def reproduce(chosen: Chosen, desk: Desk, command: str) -> Document:
    """Run an experiment and write its files; return what was found.

    Raises
    ------
    PriorbenchError
        Where its work is wrong or fails; what had ended is kept.
    KeyboardInterrupt
        Where it was interrupted; what had ended is kept.
    """
    began = time.monotonic()
    work = planned(chosen, desk)
    outcomes: dict[str, tuple[Outcome, ...]] = {}
    remarks: list[str] = []
    for one in work:
        if isinstance(one, Trials):
            ran = run_trials(one, chosen.name, desk.bench)
            outcomes[one.name] = ran.outcomes
            remarks += ran.remarks
    todo = {one.name: calls(one) for one in work if isinstance(one, Computation)}
    everything = [call for group in todo.values() for call in group]
    compute(everything, desk.notebook, jobs=desk.jobs, told=lambda n, of: desk.told(chosen.name, n, of))
    values = {name: tuple(_kept(desk.notebook, call) for call in group) for name, group in todo.items()}
    conclusion = _concluded(chosen, Results(outcomes=outcomes, values=values, crop=_crop(desk)))
    document = Document(
        experiment=chosen.name,
        summary=chosen.spec.summary,
        citation=chosen.spec.citation,
        parameters=chosen.parameters,
        size=chosen.size.name,
        reduced=chosen.size.reduced,
        command=command,
        conditions=(*conclusion.conditions, *dict.fromkeys(remarks)),
        claims=tuple(written_claim(judge(claim)) for claim in conclusion.claims),
        tables=tuple(
            WrittenTable(title=table.title, header=tuple(table.header), rows=tuple(map(tuple, table.rows)))
            for table in conclusion.tables
        ),
        pictures=_drawn(conclusion, desk.folder, chosen.name),
        records=tuple(dict.fromkeys(one.record.key for group in outcomes.values() for one in group)),
        computations=tuple(call.key for call in everything),
        environment=describe(desk.bench.threads, desk.bench.device),
        version=_version(),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - began, 1),
    )
    write(document, {"figure": conclusion.figure, "data": conclusion.data}, desk.folder)
    return document


def planned(chosen: Chosen, desk: Desk) -> Sequence[Work]:
    """Return the work of an experiment, checked: every mistake is found before anything is run."""
    work = list(chosen.experiment.work(chosen.size))
    names = [one.name for one in work]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PriorbenchError(f"experiment '{chosen.name}': two works are called {', '.join(twice)}")
    for one in work:
        if isinstance(one, Trials):
            check(one, chosen.name, desk.bench.registry)
    return work


def _kept(notebook: Notebook, call: Call) -> dict[str, object]:
    values = notebook.get(call.key)
    assert values is not None, call.title
    return dict(values)


def _concluded(chosen: Chosen, results: Results) -> Conclusion:
    try:
        return chosen.experiment.conclude(chosen.size, results)
    except Exception as error:
        raise PriorbenchError(
            f"experiment '{chosen.name}' cannot conclude: {type(error).__name__}: {error}"
        ) from error


def _crop(desk: Desk) -> Callable[[str], bytes | None]:
    there = desk.bench.store.crop_digests()
    return lambda digest: desk.bench.store.crop(digest) if digest in there else None


def _drawn(conclusion: Conclusion, folder: Path, name: str) -> tuple[str, ...]:
    if conclusion.figure is None or not can_draw():
        return ()
    return draw(conclusion.figure, folder, name)


def _version() -> str:
    from priorbench import __version__

    return __version__

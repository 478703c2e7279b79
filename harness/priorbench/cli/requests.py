"""``priorbench runs``, ``forget`` and ``rename``: what was asked for, and how it is called."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priorbench.cli.common.output import Format, print_json, print_table, remark, say
from priorbench.cli.common.store_options import RunOption
from priorbench.cli.common.stores import reading, writing

if TYPE_CHECKING:
    from priorbench.contract.requests import Request
    from priorbench.store.asked import Asked
    from priorbench.store.database import Store
    from priorbench.store.sharing.ends import State

_Store = Annotated[
    str | None, typer.Option("--store", metavar="URL", help="Default: $PRIORBENCH_STORE, priorbench.db.")
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


class Kind(StrEnum):
    """What has a label."""

    denoiser = "denoiser"
    image_set = "image-set"
    noise = "noise"
    operator = "operator"
    stopping = "stopping-rule"

    @property
    def field(self) -> str:
        """The name of a request's field."""
        return self.name


def runs(
    store: _Store = None,
    format: Annotated[Format, typer.Option(help="For people or for scripts.")] = Format.TABLE,
) -> None:
    """List the runs of a store: when, which suite, what they asked for, and which were interrupted."""
    from priorbench.store.sharing.ends import State, states_of

    with reading(store) as source:
        asked = source.asked()
        found = [] if asked is None else list(_runs(asked, states_of(source, asked.runs)))
    if format is Format.JSON:
        print_json(found)
        return
    if not found:
        say(f"the store {source.url} has no runs")
        return
    asked_for = [one for one in found if one["suite"]]
    columns = {
        "run": [one["id"] for one in asked_for],
        "asked at": [one["asked_at"] for one in asked_for],
        "suite": [one["suite"] for one in asked_for],
        "tags": [", ".join(one["options"].get("tags", ())) for one in asked_for],
        "methods": [_few(one["methods"]) for one in asked_for],
        "image sets": [_few(one["image_sets"]) for one in asked_for],
        "records": [str(one["records"]) for one in asked_for],
        "state": [one["state"] or "" for one in asked_for],
    }
    if not any(columns["tags"]):
        del columns["tags"]
    if {*columns["state"]} <= {"", State.FINISHED}:
        del columns["state"]
    print_table(
        list(columns),
        list(zip(*columns.values(), strict=True)),
        names=("suite",),
        whole=("run", "asked at", "records", "state"),
        dispensable=("records", "image sets", "asked at"),
    )
    if others := sum(not one["suite"] for one in found):
        remark(f"and {others} from records that no run of this store asked for")
    for line in _how_to_go_on(found):
        remark(line)


def _how_to_go_on(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what to do about runs that were interrupted, unless the same was run to its end later."""
    from priorbench.store.sharing.ends import State
    from priorbench.words import few

    open_runs = dict[tuple[str, str], tuple[str, str]]()
    for one in found:  # sorted by time
        same = (one["source"], json.dumps(_typed(one["options"]), sort_keys=True))
        if one["state"] in (State.INTERRUPTED, State.UNFINISHED):
            open_runs[same] = (one["id"], one["state"])
        elif one["state"] == State.FINISHED:
            open_runs.pop(same, None)
    states = {state for _, state in open_runs.values()}
    if State.UNFINISHED in states:
        yield "unfinished: killed before its end, or it has only just begun"
    if open_runs:
        names = few([run for run, _ in open_runs.values()])
        yield (
            f"{names}: the same 'priorbench run' again goes on, and runs nothing twice; "
            "--format json has suite and options"
        )


def _typed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that two calls share where one goes on with the other."""
    return {name: value for name, value in options.items() if name != "tags"}


def _runs(asked: Asked, states: Mapping[str, State | None]) -> Iterator[dict[str, Any]]:
    import numpy as np

    from priorbench.store.sharing.ends import ENDED

    for number, run in enumerate(asked.runs):
        rows = np.flatnonzero(asked.run == number)
        requests = [asked.requests[place] for place in np.unique(asked.request[rows])]
        yield {
            "id": run.id,
            "asked_at": run.asked_at,
            "suite": run.suite,
            "source": run.source,
            "options": {name: value for name, value in run.options.items() if name != ENDED},
            "state": states[run.id],
            "methods": sorted({one.denoiser.label for one in requests}),
            "image_sets": sorted({one.image_set.label for one in requests}),
            "records": len(np.unique(asked.record[rows])),
        }


def _few(names: list[str]) -> str:
    from priorbench.words import few

    return few(names)


def forget(
    labels: Annotated[
        list[str] | None, typer.Argument(metavar="LABEL[@RULE]...", help="Methods, as boards name them.")
    ] = None,
    run: RunOption = None,
    image_set: Annotated[str | None, typer.Option(metavar="SET", help="Only of this image set.")] = None,
    noise: Annotated[str | None, typer.Option(metavar="NOISE", help="Only of this noise.")] = None,
    older: Annotated[
        bool, typer.Option("--older", help="Only what boards leave out: earlier versions of a label.")
    ] = False,
    store: _Store = None,
    dry_run: _DryRun = False,
) -> None:
    """Take requests out of a store, and the records that nothing asks for any more."""
    from priorbench.errors import PriorbenchError
    from priorbench.ranking.answers import find_run
    from priorbench.ranking.newest import Selection, marked
    from priorbench.store.forgetting import forget as take_out
    from priorbench.words import listed, plural

    wanted = Selection(labels=tuple(labels or ()), run=run, image_set=image_set, noise=noise, older=older)
    if wanted == Selection():
        raise PriorbenchError("forget: say what: a label, --run, --image-set, --noise or --older")
    with _changing(store, dry_run) as (target, asked):
        marks = marked(target.scores(), wanted)
        whole = find_run(asked.runs, run).id if wanted == Selection(run=run) and run else ""
        found = take_out(target, asked, marks, run=whole, dry_run=dry_run)
    for line in _titles(found.requests, asked):
        remark(line)
    done = "would be taken out" if dry_run else "taken out"
    parts = [plural(len(found.requests), "request"), plural(found.records, "record")]
    if found.runs and not found.requests:
        parts = [plural(len(found.runs), "run"), *parts]
    say(f"{listed(parts)} {done}; {target.url}", err=True)


def rename(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A label.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="What it is called from now on.")],
    kind: Annotated[Kind, typer.Option(help="What the label is of.")] = Kind.denoiser,
    store: _Store = None,
    dry_run: _DryRun = False,
) -> None:
    """Give a method, image set, noise, operator or rule of a store another label."""
    from priorbench.errors import PriorbenchError, UnknownNameError
    from priorbench.store.forgetting import rename as give_labels
    from priorbench.suite.notation import label_fault
    from priorbench.words import plural

    if fault := label_fault(new):
        raise PriorbenchError(f"rename: {fault}")

    def renamed(request: Request) -> Request | None:
        part = getattr(request, kind.field)
        if part is None or part.label != old:
            return None
        return replace(request, **{kind.field: replace(part, label=new)})

    with _changing(store, dry_run) as (target, asked):
        parts = (getattr(request, kind.field) for request in asked.requests)
        labels = {part.label for part in parts if part is not None}
        if old not in labels:
            raise UnknownNameError(f"{kind.value.replace('-', ' ')} in the store", old, labels)
        found = give_labels(target, asked, renamed, dry_run=dry_run)
    if new in labels and new != old:
        remark(f"'{new}' was there before: of both, boards show what was asked for last")
    done = "would be" if dry_run else "is"
    say(f"'{old}' {done} called '{new}' in {plural(len(found), 'request')}; {target.url}", err=True)


@contextmanager
def _changing(name: str | None, dry_run: bool) -> Iterator[tuple[Store, Asked]]:
    """Open a store, for writing unless this is a dry run, and read what was asked for."""
    from priorbench.store.database import Store, store_url

    Store(store_url(name), create=False).close()  # it must be there
    with reading(name) if dry_run else writing(name) as target:
        yield target, target.scores().asked


def _titles(requests: Sequence[Request], asked: Asked) -> Iterator[str]:
    """Yield a line for each request; of those that are called alike, with the runs that asked."""
    from collections import Counter

    import numpy as np

    from priorbench.words import few

    alike = Counter(map(_title, requests))
    places = {id(one): number for number, one in enumerate(asked.requests)}
    for request in requests:
        title = _title(request)
        if alike[title] > 1:
            own = asked.request == places[id(request)]
            runs = few([asked.runs[run].id for run in np.unique(asked.run[own]).tolist()])
            title += f", asked for by run {runs}"
        yield title


def _title(request: Request) -> str:
    rule = "" if request.stopping is None else f"@{request.stopping.label}"
    where = f"{request.image_set.label}, {request.noise.label}"
    return f"{request.denoiser.label}{rule} on {where}"

"""``priorbench reproduce``: figures and tables of papers, re-made and judged."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from priorbench.cli.common.output import Format, PluginFiles, print_json, print_table, remark, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from priorbench.loading.registry import Registry
    from priorbench.reproduction.choosing import Chosen
    from priorbench.reproduction.documents import Document
    from priorbench.reproduction.running import Desk
    from priorbench.store.database import Store

_SOME_FAILED = 1
#: seconds between two lines on computations
_PAUSE = 10


def reproduce(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME", help="Experiments, or ends or beginnings of their names; default all."
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Minutes: each at its smallest size.")] = False,
    budget: Annotated[
        str | None, typer.Option(metavar="TIME", help="As large as fits into 90s, 45m, 2h on two cores.")
    ] = None,
    images: Annotated[
        str | None,
        typer.Option(metavar="SET|DIR", help="Pictures for the experiments that take yours, as ImageNet."),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Where files go and earlier ones are found.")
    ] = Path("reproduction"),
    checklist: Annotated[
        bool, typer.Option("--checklist", help="Run nothing: the papers' systems, and what was found.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be run, and how long.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps, ...")] = "auto",
    jobs: Annotated[
        int | None, typer.Option(min=1, max=10**4, help="Fits and computations at the same time.")
    ] = None,
    store: Annotated[
        str | None, typer.Option(metavar="URL", help="Of the records; default DIR/records.db.")
    ] = None,
    format: Annotated[Format, typer.Option(help="For people or for scripts.")] = Format.TABLE,
    plugin: PluginFiles = None,
) -> None:
    """Re-make the figures and tables of papers, and judge each published claim."""
    from priorbench.cli.common.amounts import parse_duration
    from priorbench.cli.common.output import open_registry
    from priorbench.errors import PriorbenchError
    from priorbench.reproduction.choosing import chosen

    if quick and budget is not None:
        raise PriorbenchError("give --quick or --budget, not both")
    registry = open_registry(plugin)
    experiments = chosen(
        registry, names or (), images=images, quick=quick, budget=parse_duration(budget, "--budget")
    )
    if checklist:
        _print_checklist(experiments, output, format)
    elif dry_run:
        _print_plan(experiments, format, quick=quick)
    else:
        _make_folder(output)
        _print_plan(experiments, format, quick=quick, err=True)
        _run(experiments, registry, output, store, device, jobs, format)


def _make_folder(output: Path) -> None:
    from priorbench.errors import PriorbenchError

    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PriorbenchError(f"{output}: cannot be used as a folder: {error.strerror}") from error


def _run(
    experiments: Sequence[Chosen],
    registry: Registry,
    output: Path,
    store_name: str | None,
    device: str,
    jobs: int | None,
    format: Format,
) -> None:
    from priorbench.cli.common.ending import ended_by_signals
    from priorbench.cli.common.stores import writing
    from priorbench.reproduction.drawing import can_draw

    if not can_draw():
        remark("matplotlib is not installed, so no figure is drawn: pip install 'priorbench[figures]'")
    with writing(store_name or f"sqlite:///{output / 'records.db'}") as store, ended_by_signals() as ending:
        desk = _desk(registry, output, store, device, jobs)
        documents: dict[str, Document] = {}
        failed: list[str] = []
        try:
            for one in experiments:
                _run_one(one, desk, documents, failed, format)
        except KeyboardInterrupt:
            remark(f"{ending.reason}: run the same command again to go on")
            raise typer.Exit(ending.status) from None
        finally:
            _write_page(registry, output)
        store.check_kept()
    _conclude(documents, failed, output, format)


def _desk(registry: Registry, output: Path, store: Store, device: str, jobs: int | None) -> Desk:
    from functools import partial

    from priorbench.cli.common.progress import ProgressView
    from priorbench.contract.specs import ExecutorSpec
    from priorbench.loading.registry import import_factory
    from priorbench.machine.settings import available_threads
    from priorbench.reproduction.computing import Notebook
    from priorbench.reproduction.running import Desk
    from priorbench.reproduction.trials import Bench
    from priorbench.suite.inspection import resolved_device

    spec = registry.find("executor", "local").spec
    assert isinstance(spec, ExecutorSpec)
    cores = available_threads()
    fits = jobs or 1
    threads = max(1, cores // fits)
    executor = partial(
        import_factory(spec), registry=registry, threads=threads, jobs=fits, timeout=None, memory=None
    )
    return Desk(
        folder=output,
        bench=Bench(
            registry=registry,
            store=store,
            executor=executor,
            device=resolved_device(device),
            threads=threads,
            view=lambda suite, planned: ProgressView(suite, planned, sys.stderr),
        ),
        notebook=Notebook(output / "computations.jsonl"),
        jobs=jobs or cores,
        told=_Told(),
    )


class _Told:
    """Says how far computations are, once in ten seconds at most."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, name: str, done: int, of: int) -> None:
        if time.monotonic() - self._last >= _PAUSE:
            self._last = time.monotonic()
            remark(f"{name}: {done} of {of} computed")


def _run_one(
    one: Chosen, desk: Desk, documents: dict[str, Document], failed: list[str], format: Format
) -> None:
    from priorbench.errors import PriorbenchError
    from priorbench.reproduction.running import reproduce as run_experiment
    from priorbench.reproduction.wording import claim_lines

    try:
        document = run_experiment(one, desk, _command(one))
    except PriorbenchError as error:
        failed.append(one.name)
        say(f"priorbench: {one.name}: {error}", err=True)
        return
    documents[one.name] = document
    if format is Format.TABLE:
        for line in claim_lines(document):
            say(line)


def _command(one: Chosen) -> str:
    """Return the command that runs an experiment at this size again."""
    given = {name: value for name, value in one.parameters.items() if name == "images" and value is not None}
    last = one.experiment.sizes[-1]
    size = (
        ""
        if one.size == last
        else " --quick"
        if one.size == one.experiment.sizes[0]
        else (f" --budget {round(one.size.seconds) + 1}s")
    )
    pictures = "".join(f" --images '{value}'" for value in given.values())
    return f"priorbench reproduce {one.name}{size}{pictures}"


def _write_page(registry: Registry, output: Path) -> None:
    from priorbench.reproduction.checklist import lines
    from priorbench.reproduction.choosing import KIND, chosen
    from priorbench.reproduction.documents import read_all
    from priorbench.reproduction.markdown import write_markdown
    from priorbench.reproduction.page import write_page

    documents = read_all(output, registry.all(KIND), remark)
    write_markdown(documents, output)
    write_page(documents, lines(chosen(registry, (), quick=True), documents), output)


def _conclude(documents: Mapping[str, Document], failed: Sequence[str], output: Path, format: Format) -> None:
    from priorbench.reproduction.page import summary

    if format is Format.JSON:
        print_json({name: document.model_dump(mode="json") for name, document in documents.items()})
    else:
        say(f"{summary(documents)}; {output / 'index.html'}")
    if failed:
        say(f"priorbench: not re-made: {', '.join(failed)}", err=True)
        raise typer.Exit(_SOME_FAILED)


def _print_plan(
    experiments: Sequence[Chosen], format: Format, *, quick: bool = False, err: bool = False
) -> None:
    from priorbench.reproduction.page import duration

    if format is Format.JSON:
        if not err:
            print_json(
                [
                    {
                        "name": one.name,
                        "size": one.size.name,
                        "seconds": one.size.seconds,
                        "reduced": one.size.reduced,
                    }
                    for one in experiments
                ]
            )
        return
    for one in experiments:
        told = one.size.reduced or "as in the paper"
        if quick and one.size == one.experiment.sizes[-1]:  # its smallest size is its largest
            told += f"; quick = {one.size.name} here"
        say(f"{one.name}: {one.size.name}, about {duration(one.size.seconds)} on two cores ({told})", err=err)
    total = sum(one.size.seconds for one in experiments)
    say(f"in all about {duration(total)}; what was run before is not run again", err=err)


def _print_checklist(experiments: Sequence[Chosen], output: Path, format: Format) -> None:
    from dataclasses import asdict

    from priorbench.reproduction.checklist import lines
    from priorbench.reproduction.documents import read_all

    found = lines(experiments, read_all(output, [one.name for one in experiments], remark))
    if format is Format.JSON:
        print_json([asdict(line) for line in found])
        return
    header = ["#", "system", "place", "published", "ours", "verdict", "command"]
    print_table(
        header,
        [
            [
                one.row.number,
                one.row.name,
                one.row.place,
                one.published,
                one.ours,
                one.verdict,
                one.row.command,
            ]
            for one in found
        ],
        whole=("#",),
        dispensable=("command", "place"),
    )

"""``priorbench prepare``: compiles what methods compile at their first use."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from priorbench.cli.common.output import remark, say
from priorbench.words import plural, seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from priorbench.contract.executor import Executor
    from priorbench.loading.registry import Registry

#: seconds of a first call that is worth a line
_LONG = 1.0
#: seconds until a method that does not come back is given up
_PATIENCE = 600.0


def prepare(
    denoiser: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DENOISER...",
            help="Methods; default one of each module, which compiles for the others.",
            show_default=False,
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads; default all cores.")] = None,
) -> None:
    """Compile what methods compile at their first use, so that the first run need not wait for it.

    A method of each module runs for three iterations on two small random pictures: what it compiles is there
    for the others, and for any number of threads. Nothing else is kept.
    """
    from priorbench.contract.specs import DenoiserSpec
    from priorbench.loading.load import load_registry
    from priorbench.machine.settings import available_threads
    from priorbench.run.preparing import first_calls, one_of_each

    registry = load_registry()
    for name in denoiser or ():
        registry.find(DenoiserSpec.kind, name)
    began, slowest, failed = time.monotonic(), dict[str, float](), dict[str, str]()
    remark("runs methods once; what is compiled is kept for this machine and version")
    names, threads = denoiser or one_of_each(registry), threads or available_threads()
    calls = first_calls(registry, names, _executor(registry), threads)
    for call in calls:
        if call.seconds is None:
            failed.setdefault(call.denoiser, call.error)
            continue
        slowest[call.denoiser] = max(slowest.get(call.denoiser, 0.0), call.seconds)
        if call.seconds >= _LONG:
            say(f"{call.denoiser}: first call {seconds(call.seconds)} s")
    for name, error in failed.items():
        remark(f"{name}: {error}")
    ready = plural(len(slowest.keys() - failed.keys()), "method")
    say(f"{ready} ready in {seconds(time.monotonic() - began)} s")
    if failed:
        raise typer.Exit(1)


def _executor(registry: Registry) -> Callable[[int], Executor]:
    """Return what makes an executor for fits with so many threads, one fit for each core."""
    from priorbench.contract.specs import ExecutorSpec
    from priorbench.loading.registry import import_factory
    from priorbench.machine.settings import available_threads

    spec = registry.find("executor", "local").spec
    assert isinstance(spec, ExecutorSpec)
    factory = import_factory(spec)

    def made(threads: int) -> Executor:
        executor: Executor = factory(
            registry=registry, threads=threads, jobs=available_threads(), timeout=_PATIENCE, memory=None
        )
        return executor

    return made

"""``priorbench prepare``: compiles what methods compile at their first use."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from priorbench.cli.common.output import remark, say
from priorbench.words import plural, seconds

#: seconds of a first call that is worth a line
_LONG = 1.0


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
    from priorbench.run.preparing import first_calls, packages_of

    registry = load_registry()
    for name in denoiser or ():
        registry.find(DenoiserSpec.kind, name)
    began, slowest, failed = time.monotonic(), dict[str, float](), dict[str, str]()
    remark("runs methods once; what is compiled is kept for this machine and version")
    cores = available_threads()
    packages = packages_of(registry, denoiser or list(registry.all(DenoiserSpec.kind)))
    for call in first_calls(packages, every=bool(denoiser), jobs=cores, threads=threads or cores):
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

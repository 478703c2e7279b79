"""First calls of methods, so that what they compile once for each machine is there when a run begins."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from queue import Empty, SimpleQueue
from typing import Any

from priorbench.children.hosted import DeadError, Hosted
from priorbench.contract.specs import DenoiserSpec
from priorbench.loading.registry import Registry
from priorbench.machine.settings import worker_environment

#: seconds until a method that does not come back is given up
_PATIENCE = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstCall:
    """What a method's first call gave.

    Attributes
    ----------
    denoiser : str
        its name.
    seconds : float or None
        of the first call, with imports; None where it failed.
    error : str
        why it failed, or empty.
    """

    denoiser: str
    seconds: float | None
    error: str


def packages_of(registry: Registry, names: Sequence[str]) -> list[list[list[DenoiserSpec]]]:
    """Return methods by their package, and in it by their module: those of one module share its code.

    Parameters
    ----------
    registry : Registry
        what is installed.
    names : sequence of str
        methods.
    """
    packages: dict[str, dict[str, list[DenoiserSpec]]] = {}
    for name in names:
        spec = registry.find(DenoiserSpec.kind, name).spec
        assert isinstance(spec, DenoiserSpec)
        module = spec.factory.partition(":")[0]
        packages.setdefault(module.partition(".")[0], {}).setdefault(module, []).append(spec)
    return [list(modules.values()) for modules in packages.values()]


def first_calls(
    packages: Sequence[Sequence[Sequence[DenoiserSpec]]], *, every: bool, jobs: int, threads: int
) -> Iterator[FirstCall]:
    """Call methods on small pictures, in child processes; one that needs parameters is left out.

    Parameters
    ----------
    packages : sequence of sequence of sequence of DenoiserSpec
        methods by their package and module; those of a package are called one after the other.
    every : bool
        all of them; otherwise one of each module, which compiles for the others.
    jobs : int
        packages at the same time.
    threads : int
        of each method; what is compiled is the same for any number.
    """
    waiting, found = SimpleQueue[Sequence[Sequence[DenoiserSpec]]](), SimpleQueue[FirstCall | None]()
    for modules in packages:
        waiting.put(modules)
    variables = worker_environment(threads)
    hosts = [Hosted("priorbench.run.first_caller", variables) for _ in range(min(jobs, len(packages)))]
    for host in hosts:
        threading.Thread(target=_work, args=(host, waiting, found, every), daemon=True).start()
    try:
        ended = 0
        while ended < len(hosts):
            call = found.get()
            if call is None:
                ended += 1
            else:
                yield call
    finally:
        for host in hosts:
            host.close()


def _work(
    host: Hosted,
    waiting: SimpleQueue[Sequence[Sequence[DenoiserSpec]]],
    found: SimpleQueue[FirstCall | None],
    every: bool,
) -> None:
    """Have packages called in a process of the host, or in another one where a method has ended it."""
    begun = False
    try:
        while True:
            for specs in waiting.get_nowait():
                for spec in specs:
                    request = json.loads(json.dumps({"spec": asdict(spec)}, default=str))
                    try:
                        answer = (host.ask if begun else host.begin)(request, _PATIENCE)
                        begun = True
                    except DeadError as death:
                        answer, begun = {"error": str(death)}, False
                    if (call := _told(spec.name, answer)) is not None:
                        found.put(call)
                        if not every:
                            break
    except Empty:
        pass
    finally:
        found.put(None)


def _told(name: str, answer: Mapping[str, Any]) -> FirstCall | None:
    match answer:
        case {"unusable": str()}:
            return None
        case {"seconds": int() | float() as seconds}:
            return FirstCall(denoiser=name, seconds=float(seconds), error="")
        case {"error": str() as error}:
            return FirstCall(denoiser=name, seconds=None, error=error)
    return FirstCall(denoiser=name, seconds=None, error="it writes into the answer")

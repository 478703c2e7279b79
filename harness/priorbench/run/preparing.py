"""First calls of methods, so that what they compile once for each machine is there when a run begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from priorbench.contract.executor import Executor
from priorbench.contract.records import Record
from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import Registry, import_factory
from priorbench.parameters.values import resolve
from priorbench.pictures.writing import write_picture
from priorbench.run.loop import execute
from priorbench.run.options import PlanOptions
from priorbench.run.plan import Plan
from priorbench.store.database import Store
from priorbench.suite.checking import OPTIONS_ALONE, check_suite
from priorbench.suite.model import SuiteOptions

#: (height, width) of the pictures: code for even sizes and for odd ones need not be the same
_SHAPES = ((64, 64), (65, 63))
_ITERATIONS = 3


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


def one_of_each(registry: Registry) -> tuple[str, ...]:
    """Return a method of each module: what it compiles is there for the others."""
    return next(rounds(registry, list(registry.all(DenoiserSpec.kind))), ())


def rounds(registry: Registry, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield methods that can be prepared at the same time.

    Methods of one module share its code: one of them compiles it, then the others find it.

    Parameters
    ----------
    registry : Registry
        what is installed.
    names : sequence of str
        methods; those that need parameters are left out.
    """
    modules: dict[str, list[str]] = {}
    for name in names:
        spec = registry.find(DenoiserSpec.kind, name).spec
        assert isinstance(spec, DenoiserSpec)
        try:
            resolve(spec, import_factory(spec), {})
        except PriorbenchError:
            continue  # not usable here, or only with parameters
        modules.setdefault(spec.factory.partition(":")[0], []).append(name)
    first = tuple(members[0] for members in modules.values())
    others = tuple(name for members in modules.values() for name in members[1:])
    yield from (some for some in (first, others) if some)


def first_calls(
    registry: Registry, names: Sequence[str], executor: Callable[[int], Executor], threads: int
) -> Iterator[FirstCall]:
    """Run each method for some iterations on small pictures, and forget the results.

    Parameters
    ----------
    registry : Registry
        what is installed.
    names : sequence of str
        methods.
    executor : callable
        makes one for fits with so many threads; `execute` closes it.
    threads : int
        of a run; code is the same for any number.

    Raises
    ------
    KeyboardInterrupt
        Where it was interrupted: what has been compiled stays.
    """
    with TemporaryDirectory(prefix="priorbench-prepare-") as folder:
        random, pictures = np.random.default_rng(0), Path(folder) / "pictures"
        pictures.mkdir()
        for height, width in _SHAPES:
            write_picture(pictures / f"{height}x{width}.png", random.random((3, height, width)))
        for number, some in enumerate(rounds(registry, names)):
            records = _records(registry, some, executor(threads), threads, Path(folder), number)
            for name in some:
                mine = [record for record in records if record.denoiser == name]
                failed = next((record for record in mine if record.status not in ("ok", "refused")), None)
                seconds = [record.first_call_seconds or 0.0 for record in mine]
                yield FirstCall(
                    denoiser=name,
                    seconds=None if failed else max(seconds, default=0.0),
                    error=f"{failed.status}: {failed.error}" if failed else "",
                )


def _records(
    registry: Registry, names: tuple[str, ...], executor: Executor, threads: int, folder: Path, number: int
) -> list[Record]:
    wanted = SuiteOptions(
        images=(str(folder / "pictures"),),
        noises=("gaussian",),
        denoisers=names,
        stopping=(f"fixed:iterations={_ITERATIONS}",),
    )
    suite = check_suite(OPTIONS_ALONE, registry, wanted)
    store = Store(str(folder / f"{number}.db"))
    try:
        options = PlanOptions(device="cpu", threads=threads)
        summary = execute(Plan(suite, registry, options), executor, store)
        if summary.interrupted:
            raise KeyboardInterrupt
        return list(store.records())
    finally:
        store.close()

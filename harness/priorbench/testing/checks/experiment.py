"""Experiments: their sizes, and the work that they ask for at each; nothing of it is run."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterator
from typing import Any

from priorbench.experiments.work import Computation, Size, Trials
from priorbench.testing.results import Check, Finding, finding
from priorbench.testing.subject import Subject

_SEE = "see priorbench.experiments.Experiment"


def sizes(subject: Subject) -> Finding | None:
    """It says how large it can be run, and the paper's own size comes last."""
    experiment = subject.make()
    found: Any = getattr(experiment, "sizes", None)
    seen = ""
    if not found or not all(isinstance(one, Size) for one in found):
        seen = f"sizes is {found!r}"
    elif len({one.name for one in found}) < len(found):
        seen = f"two sizes have one name: {', '.join(one.name for one in found)}"
    elif any(earlier.seconds > later.seconds for earlier, later in itertools.pairwise(found)):
        seen = f"seconds do not rise: {', '.join(f'{one.name} {one.seconds:g}' for one in found)}"
    elif not callable(getattr(experiment, "conclude", None)):
        seen = "it has no method 'conclude'"
    return finding(seen, expected="sizes, quickest first, and methods work and conclude", mend=_SEE)


def work(subject: Subject) -> Finding | None:
    """What it asks for is of known kinds, under different names, and can be imported."""
    experiment = subject.make()
    seen = next((problem for size in experiment.sizes for problem in _problems(experiment, size)), "")
    return finding(
        seen, expected="Trials and Computation with names of their own, functions that exist", mend=_SEE
    )


def _problems(experiment: Any, size: Size) -> Iterator[str]:
    asked = list(experiment.work(size))
    names = [getattr(one, "name", "") for one in asked]
    if len(set(names)) < len(names):
        yield f"size '{size.name}': two works have one name"
    for one in asked:
        if isinstance(one, Computation):
            yield from _function_problem(one, size)
        elif not isinstance(one, Trials):
            yield f"size '{size.name}': work gave {one!r}"


def _function_problem(computation: Computation, size: Size) -> Iterator[str]:
    module, _, name = computation.function.partition(":")
    try:
        function = getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        yield f"size '{size.name}': {computation.function}: {error}"
        return
    if not callable(function):
        yield f"size '{size.name}': there is no function {computation.function}"


CHECKS = (
    Check(name="sizes", what="it says how large it can be run", run=sizes, needs=("loads",)),
    Check(name="work", what="what it asks for can be run", run=work, needs=("sizes",)),
)

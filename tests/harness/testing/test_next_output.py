"""The check of `Iterate.estimate_is_next_output`, on methods that keep the promise, break it or make none."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from priorbench import Iterate
from priorbench.testing.checks.iterates import next_output
from priorbench.testing.results import Finding, Skip


def counting(step: float, *, says: bool = True, output: bool = True) -> Iterator[Iterate]:
    """Yield 0, 1, 2, ...; each estimate is the output plus `step`."""
    number = torch.zeros(3, 4, 4)
    while True:
        ahead = number + step
        yield Iterate(
            number if output else None, estimate=lambda kept=ahead: kept, estimate_is_next_output=says
        )
        number = number + 1


def checked(alone: Any, at_once: Any = None) -> Finding | Skip | None:
    made = SimpleNamespace(iterate=lambda picture: alone())
    if at_once is not None:
        made.iterate_together = lambda pictures: at_once()
    problems = SimpleNamespace(usual=lambda number=0: None)
    return next_output(SimpleNamespace(iterative=True, make=lambda: made, factory=made, problems=problems))


def pair(first: Iterator[Iterate], second: Iterator[Iterate]) -> Iterator[tuple[Iterate, ...]]:
    return zip(first, second, strict=True)


def raising() -> Iterator[Any]:
    raise ValueError("no luck")
    yield


def test_a_promise_that_is_kept_passes() -> None:
    assert checked(lambda: counting(1)) is None
    assert checked(lambda: counting(1), lambda: pair(counting(1), counting(1))) is None
    assert checked(lambda: counting(1), raising) is None


def test_none_is_made_by_most_methods() -> None:
    assert isinstance(checked(lambda: counting(0.5, says=False)), Skip)
    assert isinstance(checked(lambda: iter([torch.zeros(3, 4, 4)] * 9)), Skip)


@pytest.mark.parametrize(
    ("alone", "at_once", "seen"),
    [
        (
            lambda: counting(0.5),
            None,
            "iterate 2 has an output that differs from the estimate before by up to 0.5",
        ),
        (lambda: counting(1, output=False), None, "iterate 2 has no output"),
        (
            lambda: counting(1),
            lambda: pair(counting(1), counting(2)),
            "up to 1 (fitted at once with another)",
        ),
        (lambda: counting(1, says=False), lambda: pair(counting(3), counting(1)), "iterate 2 has an output"),
    ],
)
def test_a_promise_that_is_broken_is_found(alone: Any, at_once: Any, seen: str) -> None:
    found = checked(alone, at_once)
    assert isinstance(found, Finding)
    assert seen in found.seen

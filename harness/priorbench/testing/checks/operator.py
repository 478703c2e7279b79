"""Operators: what draw, A and A* take and give. The algebra of them is in `operator_algebra`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
import torch

from priorbench.contract.operators import Operator
from priorbench.contract.specs import OperatorSpec
from priorbench.errors import PriorbenchError
from priorbench.testing.advice import told
from priorbench.testing.checks.spec import LEVEL
from priorbench.testing.results import Check, Finding, Skip, finding
from priorbench.testing.subject import Subject, output_fault, value_fault
from priorbench.testing.surroundings import changes, surroundings

Shape = tuple[int, int, int]

#: images that are tried: the usual ones, odd sizes, a 1-D signal
SHAPES: tuple[Shape, ...] = ((3, 32, 32), (1, 32, 32), (3, 37, 29), (1, 1, 64))


class OperatorSubject(Subject):
    """An operator."""

    spec: OperatorSpec

    @cached_property
    def refusals(self) -> dict[Shape, str]:
        """The shapes that it says it does not take, and why."""
        found = {}
        for shape in SHAPES:
            try:
                self.draw(shape)
            except PriorbenchError as error:
                found[shape] = told(error)
        return found

    @property
    def shapes(self) -> list[Shape]:
        """The shapes that it takes."""
        return [shape for shape in SHAPES if shape not in self.refusals]

    def draw(self, shape: Shape) -> Operator:
        """Return the operator for images of a shape."""
        operator: Operator = self.make().draw(shape, np.random.default_rng(0))
        return operator

    def has(self, name: str) -> bool:
        """Return whether its operators have something that they need not have."""
        return any(getattr(self.draw(shape), name, None) is not None for shape in self.shapes)

    def pairs(self) -> Iterator[tuple[str, Operator, torch.Tensor, torch.Tensor]]:
        """Yield for each shape: what it is called, the operator, a random x, and y = A x + noise."""
        for shape in self.shapes:
            operator = self.draw(shape)
            x = noise(shape, 1)
            y = operator.A(x.clone())
            yield _named(shape), operator, x, y + float(norm(y)) / y.numel() ** 0.5 * noise(y.shape, 2)


def first_fault(
    subject: OperatorSubject, fault: Callable[[Operator, torch.Tensor, torch.Tensor], str]
) -> str:
    """Return what is wrong for x and y of the first shape for which something is; empty if nothing is."""
    for shape, operator, x, y in subject.pairs():
        if seen := fault(operator, x, y):
            return f"{seen}, for images of {shape}"
    return ""


def noise(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """Return independent normal numbers in double precision."""
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(tuple(shape)))


def norm(x: torch.Tensor) -> torch.Tensor:
    """Return the Euclidean norm of all numbers."""
    return x.square().sum().sqrt()


def _named(shape: Shape) -> str:
    return " x ".join(map(str, shape))


def draws(subject: OperatorSubject) -> Finding | Skip | None:
    """What it gives must be an operator; it may refuse a shape, with the reason."""
    seen = ""
    try:
        if not subject.shapes:
            return Skip(f"it takes none of the images tried here: {subject.refusals[SHAPES[0]]}")
        for shape in subject.shapes:
            operator = subject.draw(shape)
            lacking = [name for name in ("A", "A_adjoint") if not callable(getattr(operator, name, None))]
            if lacking:
                seen = seen or f"{type(operator).__name__} without {' and '.join(lacking)}"
    except Exception as error:
        seen = told(error)
    return finding(
        seen,
        expected="draw(shape, rng) returns an object with A and A_adjoint, or raises PriorbenchError",
        mend="see priorbench.contract.operators.OperatorModel and priorbench.Operator",
    )


def measurement(subject: OperatorSubject) -> Finding | None:
    """Noise models take three axes, and numbers that are real."""
    for shape in subject.shapes:
        seen = _fault(subject.draw(shape).A, noise(shape, 1))
        if seen:
            return Finding(
                expected="A(x) is a finite tensor of real numbers with three axes",
                seen=f"for an image of {_named(shape)}: {seen}",
                mend="give vectors as (1, 1, m), and complex numbers as two channels, real and imaginary",
            )
    return None


def image(subject: OperatorSubject) -> Finding | None:
    """Methods take the image's shape from it."""
    for shape in subject.shapes:
        operator = subject.draw(shape)
        y = operator.A(noise(shape, 1))
        seen = _fault(operator.A_adjoint, y, shape)
        if seen:
            return Finding(
                expected="A_adjoint(y) is an image, shaped like x",
                seen=f"for an image of {_named(shape)}: {seen}",
                mend="keep the shape that draw is given",
            )
    return None


def _fault(apply: Callable[[torch.Tensor], Any], given: torch.Tensor, wanted: Shape | None = None) -> str:
    """Say what is wrong with a result, which has three axes or the shape that is `wanted`."""
    try:
        found = apply(given)
    except Exception as error:
        return told(error)
    fault = output_fault(found)
    if not fault and (tuple(found.shape) != wanted if wanted else found.ndim != 3):
        fault = f"it returned the shape {tuple(found.shape)}"
    return fault or value_fault(found)


def precision(subject: OperatorSubject) -> Finding | None:
    """The harness measures in double precision, methods fit in single."""
    shape = subject.shapes[0]
    operator, seen = subject.draw(shape), ""
    for dtype in (torch.float32, torch.float64):
        x = noise(shape, 1).to(dtype)
        try:
            y = operator.A(x)
            found = {"A": y.dtype, "A_adjoint": operator.A_adjoint(y.to(dtype)).dtype}
        except Exception as error:
            seen = seen or f"{dtype}: {told(error)}"
            continue
        wrong = [f"{name} returns {other}" for name, other in found.items() if other != dtype]
        seen = seen or (f"{wrong[0]} for {dtype}" if wrong else "")
    return finding(
        seen,
        expected="both methods take float32 and float64, and return what they took",
        mend="cast what the operator holds: self.kernel.to(x)",
    )


def given_generator(subject: OperatorSubject) -> Finding | None:
    """Everybody gets the same operator because its seed is the protocol's."""
    shape = subject.shapes[0]
    before, x = surroundings().generators, noise(shape, 1)
    one, two = (subject.draw(shape).A(x.clone()) for _ in range(2))
    touched = changes(before, surroundings().generators)
    seen = f"it draws from the global generator of {touched[0]}" if touched else ""
    if not seen and not torch.equal(one, two):
        seen = "one state of the generator gave two operators"
    return finding(
        seen,
        expected="the operator is a function of the shape and the generator that draw is given",
        mend="use the methods of 'rng' only; torch: torch.Generator().manual_seed(int(rng.integers(2**63)))",
    )


def input_unchanged(subject: OperatorSubject) -> Finding | None:
    """It is used again."""
    shape = subject.shapes[0]
    operator, x = subject.draw(shape), noise(shape, 1)
    kept = x.clone()
    y = operator.A(x).clone()
    kept_y = y.clone()
    operator.A_adjoint(y)
    changed = [name for name, a, b in (("A", x, kept), ("A_adjoint", y, kept_y)) if not torch.equal(a, b)]
    return finding(
        f"{' and '.join(changed)} writes to it" if changed else "",
        expected="x and y are as they were",
        mend="return a new tensor",
    )


def measured(subject: OperatorSubject) -> Finding | Skip | None:
    """The harness puts zeros where it is False, and methods leave that out of their loss."""
    if not subject.has("measured"):
        return Skip("its operators have no 'measured'")
    return finding(
        first_fault(subject, _mask_fault),
        expected="'measured' is a bool tensor that broadcasts to y; A(x) is 0 where it is False",
        mend="make it a tensor of torch.bool on the CPU, or leave it out: all is measured then",
    )


def _mask_fault(operator: Operator, x: torch.Tensor, y: torch.Tensor) -> str:
    mask = getattr(operator, "measured", None)
    if mask is None:
        return ""
    if not isinstance(mask, torch.Tensor) or mask.dtype != torch.bool:
        return f"it is {getattr(mask, 'dtype', type(mask).__name__)}"
    if not _broadcasts(mask, y):
        return f"shape {tuple(mask.shape)} for a measurement of {tuple(y.shape)}"
    return "A(x) is not 0 where it is False" if bool((operator.A(x) * ~mask).any()) else ""


def _broadcasts(mask: torch.Tensor, y: torch.Tensor) -> bool:
    try:
        return bool(np.broadcast_shapes(mask.shape, y.shape) == tuple(y.shape))
    except ValueError:
        return False


CHECKS = (
    LEVEL,
    Check(name="draws", what="it gives an operator for images of a shape", run=draws, needs=("loads",)),
    Check(name="measurement", what="A x has three axes and real numbers", run=measurement, needs=("draws",)),
    Check(name="image", what="A* y is shaped like the image", run=image, needs=("measurement",)),
    Check(name="precision", what="single and double precision work", run=precision, needs=("image",)),
    Check(
        name="given-generator",
        what="it draws from the given generator alone",
        run=given_generator,
        needs=("image",),
    ),
    Check(
        name="input-unchanged",
        what="what A and A* are given is left alone",
        run=input_unchanged,
        needs=("image",),
    ),
    Check(name="measured", what="'measured' says where y means something", run=measured, needs=("image",)),
)

"""Operators: the algebra that every method relies on. A is linear, A* its adjoint, A^+ its pseudo-inverse."""

from __future__ import annotations

from collections.abc import Callable

import torch

from priorbench.contract.operators import Operator
from priorbench.testing.advice import told
from priorbench.testing.checks.operator import OperatorSubject, first_fault, noise, norm
from priorbench.testing.results import Check, Finding, Skip, finding

Map = Callable[[torch.Tensor], torch.Tensor]

#: how far two sides of an equation may be apart, next to the numbers in it: what single precision allows
_TOLERANCE = 1e-4


def _product(x: torch.Tensor, y: torch.Tensor) -> float:
    return float((x * y).sum())


def _unequal(one: torch.Tensor, other: torch.Tensor, size: float) -> bool:
    return not float(norm(one - other)) <= _TOLERANCE * size


def linear(subject: OperatorSubject) -> Finding | None:
    """Every method relies on it."""
    return finding(
        first_fault(subject, _nonlinear),
        expected="A is linear, and the same at each call",
        mend="draw random numbers in 'draw', not in A; leave clipping and noise to the noise model",
    )


def _nonlinear(operator: Operator, x: torch.Tensor, y: torch.Tensor) -> str:
    z = noise(x.shape, 3)
    one, other = operator.A(x.clone()), operator.A(z.clone())
    if _unequal(operator.A(torch.zeros_like(x)), torch.zeros_like(one), float(norm(one))):
        return "A(0) is not 0"
    size, together = float(norm(one) + norm(other)), operator.A(2 * x - 3 * z)
    return "A(2 x - 3 z) is not 2 A(x) - 3 A(z)" if _unequal(together, 2 * one - 3 * other, size) else ""


def adjoint(subject: OperatorSubject) -> Finding | None:
    """Gradients, least squares and the baseline are made of it."""
    return finding(
        first_fault(subject, _not_adjoint),
        expected="<A x, y> = <x, A* y> for every x and y",
        mend="A_adjoint is the transpose, not the inverse: mind scale factors, borders and flipped kernels",
    )


def _not_adjoint(operator: Operator, x: torch.Tensor, y: torch.Tensor) -> str:
    measured = operator.A(x.clone())
    one, other = _product(measured, y), _product(x, operator.A_adjoint(y.clone()))
    equal = abs(one - other) <= _TOLERANCE * float(norm(measured) * norm(y))
    return "" if equal else f"<A x, y> = {one:.6g}, <x, A* y> = {other:.6g}"


def differentiable(subject: OperatorSubject) -> Finding | None:
    """Networks are fitted through it."""
    return finding(
        first_fault(subject, _without_gradient),
        expected="torch finds the gradients: that of <A x, y> by x is A* y, and the reverse",
        mend="use torch's functions on the tensor itself: no numpy, no detach, no no_grad",
    )


def _without_gradient(operator: Operator, x: torch.Tensor, y: torch.Tensor) -> str:
    for name, apply, back, at, along in (
        ("A", operator.A, operator.A_adjoint, x, y),
        ("A_adjoint", operator.A_adjoint, operator.A, y, x),
    ):
        variable = at.clone().requires_grad_()
        try:
            [gradient] = torch.autograd.grad((apply(variable.clone()) * along).sum(), variable)
        except RuntimeError as error:
            return f"{name}: {told(error)}"
        expected = back(along.clone())
        if _unequal(gradient, expected, float(norm(expected))):
            return f"{name}: another gradient"
    return ""


def dagger(subject: OperatorSubject) -> Finding | Skip | None:
    """Gains are counted from A^+ y: a wrong one moves every row of the leaderboard."""
    if not subject.has("A_dagger"):
        return Skip("it has no A_dagger: conjugate gradients are used")
    return finding(
        first_fault(subject, _penrose),
        expected="A_dagger is the pseudo-inverse A^+ (Penrose 1955)",
        mend="leave it out where there is no closed form: the harness then solves for the least norm itself",
    )


def _penrose(operator: Operator, x: torch.Tensor, y: torch.Tensor) -> str:
    """Return the first of Penrose's four conditions that does not hold."""
    inverse: Map | None = getattr(operator, "A_dagger", None)
    if inverse is None:
        return ""
    a, back = operator.A(x), inverse(y)
    if _unequal(operator.A(inverse(a)), a, float(norm(a))):
        return "A A^+ A x is not A x"
    if _unequal(inverse(operator.A(back)), back, float(norm(back))):
        return "A^+ A A^+ y is not A^+ y"
    if not _symmetric(operator.A, inverse, x):
        return "A^+ A is not symmetric"
    return "" if _symmetric(inverse, operator.A, y) else "A A^+ is not symmetric"


def _symmetric(first: Map, then: Map, u: torch.Tensor) -> bool:
    v = noise(u.shape, 4)
    one, other = _product(then(first(u)), v), _product(u, then(first(v)))
    return abs(one - other) <= _TOLERANCE * float(norm(u) * norm(v))


CHECKS = (
    Check(name="linear", what="A is linear", run=linear, needs=("precision",)),
    Check(name="adjoint", what="A* is the adjoint of A", run=adjoint, needs=("linear",)),
    Check(
        name="differentiable", what="gradients pass through A and A*", run=differentiable, needs=("adjoint",)
    ),
    Check(
        name="pseudo-inverse",
        what="A_dagger, where it has one, is the pseudo-inverse",
        run=dagger,
        needs=("adjoint",),
    ),
)

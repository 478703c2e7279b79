"""Gradient descent on h = W u, many runs at a time, with an exact test that ends runs which cannot converge.

h <- h - (eta ||u||^2 / (m sqrt(k))) phi'(h) * (B^T r), r = B phi(h) / sqrt(k) - y, B = A V.
See `priorbench_two_layer.wide_dip.problem` for why nothing else is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from priorbench.toolkit.checks import at_least, within
from priorbench_two_layer.wide_dip import kernel
from priorbench_two_layer.wide_dip.problem import Reduced, curvature

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench_two_layer.wide_dip.activation import Activation


@dataclass(frozen=True, kw_only=True, slots=True)
class Descent:
    """How runs are fitted; the defaults are those of Section 4.

    Attributes
    ----------
    eta : float or None, default 1.0
        step size; None takes 1 / lambda_max(K_0) for each run, which is stable (step 1 is not for large n).
    tolerance : float, default 1e-07
        a run ends with success when its loss is at most this.
    steps : int, default 25000
        a run ends after this many.
    check_every : int, default 50
        steps between tests for runs that cannot converge; 0 = no tests. A test never changes an outcome: for
        w = -r, gap = w.y - max_a w.B a / sqrt(k) > 0 separates y from every output, and no loss is below (gap
        / ||w||)^2 / (2 m).
    """

    eta: float | None = 1.0
    tolerance: float = 1e-7
    steps: int = 25_000
    check_every: int = 50

    def __post_init__(self) -> None:
        within(0, np.inf, tolerance=self.tolerance, eta=1.0 if self.eta is None else self.eta)
        at_least(0, steps=self.steps, check_every=self.check_every)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Runs:
    """How runs ended.

    Attributes
    ----------
    loss : ndarray of float64
        last loss ||r||^2 / (2 m), (R,).
    steps : ndarray of int64
        steps taken, (R,).
    converged : ndarray
        the tolerance was reached, (R,).
    abandoned : ndarray
        certified never to reach it, (R,).
    h : ndarray of float64
        last h, (R, k).
    """

    loss: NDArray[np.float64]
    steps: NDArray[np.int64]
    converged: NDArray[np.bool_]
    abandoned: NDArray[np.bool_]
    h: NDArray[np.float64]


def fit(reduced: Reduced, phi: Activation, descent: Descent | None = None) -> Runs:
    """Fit every run of a batch until it converges, is certified not to, or has taken all its steps.

    One thread; the interpreter is free meanwhile, so that batches may be fitted in several threads.
    """
    descent = descent or Descent()
    runs, m = len(reduced), reduced.m
    eta = 1 / curvature(reduced, phi.slope(reduced.h)) if descent.eta is None else descent.eta
    rate = np.broadcast_to(np.float64(eta * reduced.u_energy / (m * reduced.k**0.5)), runs).copy()
    h = np.array(reduced.h, dtype=np.float64)
    squares, taken, status = np.empty(runs), np.empty(runs, np.int64), np.empty(runs, np.int64)
    kernel.descend(
        np.ascontiguousarray(reduced.B),
        np.ascontiguousarray(reduced.y),
        h,
        rate,
        (phi.low, phi.span, phi.steepness),
        descent.steps,
        float(descent.tolerance * 2 * m),
        descent.check_every,
        squares,
        taken,
        status,
    )
    return Runs(
        loss=squares / (2 * m),
        steps=taken,
        converged=status == kernel.CONVERGED,
        abandoned=status == kernel.ABANDONED,
        h=h,
    )

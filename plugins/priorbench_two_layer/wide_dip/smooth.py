"""Other activations that meet A-4, for which only plain numpy is written: softplus, and softmax over all k
units.

A-4 asks for two bounded derivatives; the paper names the softmax beside sigmoid and tanh. Read by units, it
is the softplus log(1 + e^h), which is not bounded, so that the outputs fill a cone in the place of a
zonotope. Read as the vector function e^h / sum e^h, the outputs are averages of columns, too small to reach y
at any width.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import nnls
from scipy.special import expit, gammaln, softmax

from priorbench_two_layer.wide_dip.activation import gaussian_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: a solution of the cone counts where ||B a - y|| is at most this part of ||y||
_EXACT = 1e-9
#: phi(h) and the product of its derivative's transpose with a vector
Function = Callable[[Any, Any], tuple[Any, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Softplus:
    """phi(h) = log(1 + e^h), by units: smooth, increasing, not bounded."""

    name: str = "softplus"
    slope_bound: float = 1.0
    curvature_bound: float = 0.25

    def phi(self, h: NDArray[Any]) -> NDArray[np.float64]:
        """Return phi(h)."""
        values: NDArray[np.float64] = np.logaddexp(0.0, h)
        return values

    def slope(self, h: NDArray[Any]) -> NDArray[np.float64]:
        """Return phi'(h), the logistic function."""
        values: NDArray[np.float64] = expit(h)
        return values

    @property
    def C_phi(self) -> float:  # noqa: N802
        """Root of E phi(g)^2, g ~ N(0, 1)."""
        return math.sqrt(gaussian_mean(lambda g: np.square(self.phi(g))))

    @property
    def C_phi_prime(self) -> float:  # noqa: N802
        """Root of E phi'(g)^2, g ~ N(0, 1)."""
        return math.sqrt(gaussian_mean(lambda g: np.square(self.slope(g))))


SOFTPLUS = Softplus()


def softplus_step(h: NDArray[Any], back: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return phi(h) and phi'(h) * back of the softplus."""
    return SOFTPLUS.phi(h), SOFTPLUS.slope(h) * back


def softmax_step(h: NDArray[Any], back: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return p = softmax(h) and (diag(p) - p p^T) back."""
    p: NDArray[np.float64] = softmax(h)
    return p, p * (back - p @ back)


def descend(
    B: NDArray[Any],
    y: NDArray[Any],
    h: NDArray[Any],
    function: Function,
    *,
    eta: float,
    steps: int,
    tolerance: float = 1e-7,
) -> tuple[float, int]:
    """Return the last loss ||r||^2 / (2 m) of one run and its steps; it ends at the tolerance.

    h <- h - (eta / (m sqrt(k))) phi'(h)^T B^T r, r = B phi(h) / sqrt(k) - y.
    """
    m, k = B.shape
    back = np.zeros(k)
    for step in range(steps + 1):
        a, _ = function(h, back)
        r = B @ a / k**0.5 - y
        loss = float(r @ r) / (2 * m)
        if loss <= tolerance or step == steps:
            break
        _, gradient = function(h, B.T @ r)
        h = h - eta / (m * k**0.5) * gradient
    return loss, step


def in_cone(B: NDArray[Any], y: NDArray[Any]) -> bool:
    """Return whether y = B a for some a >= 0: whether the softplus can reach it."""
    _, distance = nnls(B, y, maxiter=50 * B.shape[1])
    return bool(distance <= _EXACT * np.linalg.norm(y))


def in_simplex(B: NDArray[Any], y: NDArray[Any]) -> bool:
    """Return whether y = B p / sqrt(k) with p >= 0 and sum p = 1: whether the softmax can reach it."""
    k = B.shape[1]
    scale = np.linalg.norm(y)
    rows = np.vstack([B / (k**0.5 * scale), np.ones(k)])
    _, distance = nnls(rows, np.append(y / scale, 1.0), maxiter=50 * k)
    return bool(distance <= _EXACT)


def cone_probability(m: int, k: int) -> float:
    """Return P(y in the cone of k columns) = 1 - 2^-k sum_{j < m} (k over j) (Wendel 1962).

    Exact for columns in general position whose signs are symmetric, such as A V_i: half at k = 2 m - 1.
    """
    j = np.arange(min(m, k + 1))
    terms = gammaln(k + 1) - gammaln(j + 1) - gammaln(k - j + 1) - k * math.log(2)
    return 1 - float(np.exp(terms).sum())

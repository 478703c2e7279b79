"""Decides by a linear programme, without a fit, whether gradient flow can bring the loss to zero.

The outputs A g = B a / sqrt(k), a in (low, high)^k, fill the interior of a zonotope. Gradient flow brings the
loss to zero if and only if y lies in it: with the mirror map psi, the Bregman distance to any interior
solution a* falls at the rate ||r||^2 / m, so that the integral of ||r||^2 is finite and the loss, which is
monotone, tends to 0; and where no a of the closed cube solves B a = sqrt(k) y, the loss is bounded below.
Runs of finitely many steps agree but for margins near 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench_two_layer.wide_dip.activation import Activation


def margin(B: NDArray[Any], y: NDArray[Any], phi: Activation) -> float:
    """Return the largest e with B a = sqrt(k) y, low + e <= a <= high - e: zero loss is reachable iff e > 0.

    Negative where the cube has to be enlarged by -e; at most half the activation's span.

    Parameters
    ----------
    B : ndarray
        A V, (m, k).
    y : ndarray
        measurement, (m,).
    phi : Activation
        the activation.

    Raises
    ------
    ValueError
        Where no a at all solves B a = sqrt(k) y: y is not in the range of B.
    """
    m, k = B.shape
    # With a = centre + p - q and p, q >= 0, minimise the largest p_j + q_j.
    centre = (phi.low + phi.high) / 2
    target = np.sqrt(k) * np.asarray(y) - centre * B.sum(axis=1)
    equalities = np.hstack([B, -B, np.zeros((m, 1))])
    below = sparse.hstack([sparse.eye(k), sparse.eye(k), -np.ones((k, 1))], format="csc")
    cost = np.zeros(2 * k + 1)
    cost[-1] = 1
    found = linprog(
        cost, A_ub=below, b_ub=np.zeros(k), A_eq=equalities, b_eq=target, bounds=(0, None), method="highs"
    )
    if found.status == 2:
        raise ValueError(f"y is not in the range of B {B.shape}: no weights at all reach it")
    if not found.success:
        raise RuntimeError(f"the linear programme was not solved: {found.message}")
    return phi.span / 2 - float(found.x[-1])

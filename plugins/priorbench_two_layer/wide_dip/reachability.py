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
from scipy.optimize import linprog

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench_two_layer.wide_dip.activation import Activation


#: least multiple of sqrt(k) y - B centre that counts as reached within the cube: below it is rounding
_UNREACHED = 1e-9


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
    found = least_margin(B, y, phi)
    if found == -np.inf:
        raise ValueError(f"y is not in the range of B {B.shape}: no weights at all reach it")
    return found


def least_margin(B: NDArray[Any], y: NDArray[Any], phi: Activation) -> float:
    """Return `margin`, or minus infinity where y is not in the range of B, as for every k < m.

    With a = centre + p the programme is the largest lambda with B p = lambda (sqrt(k) y - B centre), |p_j| <=
    span / 2: m equations in k bounded unknowns and lambda, and e = (span / 2) (1 - 1 / lambda).
    """
    m, k = B.shape
    half = phi.span / 2
    target = np.sqrt(k) * np.asarray(y) - (phi.low + half) * B.sum(axis=1)
    scale = float(np.linalg.norm(target))
    if scale == 0:
        return half
    cost = np.zeros(k + 1)
    cost[-1] = -1
    found = linprog(
        cost,
        A_eq=np.hstack([B, -target[:, None] / scale]),
        b_eq=np.zeros(m),
        bounds=[*[(-half, half)] * k, (0, None)],
        method="highs-ds",
    )
    if not found.success:
        raise RuntimeError(f"the linear programme was not solved: {found.message}")
    furthest = float(found.x[-1]) / scale
    return half * (1 - 1 / furthest) if furthest > _UNREACHED else -np.inf

"""The unreduced fit, gradient descent on W in R^{k x d}: for checks and for comparisons of speed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench_two_layer.wide_dip.activation import Activation
    from priorbench_two_layer.wide_dip.problem import Instance


def output(instance: Instance, W: NDArray[np.float64], phi: Activation) -> NDArray[np.float64]:
    """Return g(u, W) = V phi(W u) / sqrt(k), (n,) (eq. 4)."""
    g: NDArray[np.float64] = instance.V @ phi.phi(W @ instance.u) / len(W) ** 0.5
    return g


def descend(
    instance: Instance, phi: Activation, *, eta: float = 1.0
) -> Iterator[tuple[NDArray[np.float64], float]]:
    """Yield (W_t, L(W_t)) for t = 0, 1, 2, ... without end; W_t is overwritten by the next step."""
    W, m, k = instance.W.copy(), len(instance.y), len(instance.W)
    while True:
        h = W @ instance.u
        r = instance.A @ (instance.V @ phi.phi(h) / k**0.5) - instance.y
        yield W, float(r @ r) / (2 * m)
        back = instance.V.T @ (instance.A.T @ r)
        W -= eta / (m * k**0.5) * np.outer(phi.slope(h) * back, instance.u)

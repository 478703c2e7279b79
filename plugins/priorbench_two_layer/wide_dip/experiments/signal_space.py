"""The error of the signal and ker A (Remark 1): a fit that reaches y has not found x.

g - x = (its part in the row space of A) + (its part in ker A). The first is at most ||A g - A x|| / sigma_A
and goes to 0 with the loss. The second is not seen by the loss: V is random, so that it stays about what it
was at the start, and the error of the signal with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from priorbench_two_layer.wide_dip.activation import ActivationName, activation
from priorbench_two_layer.wide_dip.monitors import smallest_singular_value_of
from priorbench_two_layer.wide_dip.problem import draw
from priorbench_two_layer.wide_dip.reduced import Descent, fit

if TYPE_CHECKING:
    from numpy.typing import NDArray


def split(A: NDArray[Any], error: NDArray[Any]) -> tuple[float, float]:
    """Return the norms of the parts of a signal's error in the row space of A and in ker A."""
    _, values, right = np.linalg.svd(A, full_matrices=False)
    rows = right[values > values[0] * max(A.shape) * np.finfo(np.float64).eps]
    seen = rows.T @ (rows @ error)
    return float(np.linalg.norm(seen)), float(np.linalg.norm(error - seen))


def signal_error(
    *,
    seed: int,
    m: int,
    n: int,
    k: int,
    noise: float = 0.0,
    steps: int = 25_000,
    phi: ActivationName = "sigmoid",
) -> dict[str, Any]:
    """Fit one problem with a stable step and split the error of its signal.

    Returns
    -------
    dict
        `loss`, the last; `row_space` and `kernel`, the parts of ||g - x|| / ||x|| at the end, and
        `kernel_start`, the second one at the start; `bound` = ||A g - A x|| / (sigma_A ||x||), which bounds
        the first; `unseen` = ||P x|| / ||x||, P the projection onto ker A: the error of the best signal that
        knows nothing of ker A.
    """
    rng, function = np.random.default_rng([seed, m, n, k]), activation(phi)
    instance = draw(m=m, n=n, k=k, d=2, rng=rng, noise=noise)
    reduced = instance.reduce()
    run = fit(reduced, function, Descent(eta=None, steps=steps))
    norm = float(np.linalg.norm(instance.x))

    def error(h: NDArray[np.float64]) -> NDArray[np.float64]:
        g: NDArray[np.float64] = instance.V @ function.phi(h) / k**0.5
        return g - instance.x

    row_space, kernel = split(instance.A, error(run.h[0]))
    misfit = float(np.linalg.norm(instance.A @ error(run.h[0])))
    return {
        "loss": float(run.loss[0]),
        "row_space": row_space / norm,
        "kernel": kernel / norm,
        "kernel_start": split(instance.A, error(reduced.h[0]))[1] / norm,
        "bound": misfit / smallest_singular_value_of(instance.A) / norm,
        "unseen": split(instance.A, instance.x)[1] / norm,
    }

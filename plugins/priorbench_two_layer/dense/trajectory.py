"""A fit of the two-layer generator against its linearisation, for any U: Theorems 3, 4 and 5 measured.

r_tau ~ sum_i (1 - eta sigma_i^2)^tau w_i <w_i, r_0>, and by eq. 28 the weights move by

||C_tau - C_0||^2 ~ sum_i <w_i, r_0>^2 ((1 - (1 - eta sigma_i^2)^tau) / sigma_i)^2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from priorbench_two_layer.dense.descent import descend
from priorbench_two_layer.dense.matrix import Dense
from priorbench_two_layer.jacobian import output_weights
from priorbench_two_layer.linearised import contraction

if TYPE_CHECKING:
    from numpy.typing import NDArray


def linearised(
    model: Dense, eta: float, at: Sequence[int], r0: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Theorem 5's residuals, (T, n), and distances ||theta_tau - theta_0||, (T,) (eq. 28).

    Parameters
    ----------
    model : Dense
        U.
    eta : float
        step size, at most 1 / sigma_1^2.
    at : Sequence[int]
        iterations.
    r0 : ndarray
        first residual G(C_0) - y, (n,).
    """
    coefficients = model.W.T @ r0
    left = contraction(model.sigma, eta, list(at))
    sigma = np.where(model.sigma > 0, model.sigma, 1)
    distances: NDArray[np.float64] = np.sqrt(np.sum((coefficients * (1 - left) / sigma) ** 2, axis=-1))
    return (left * coefficients) @ model.W.T, distances


def against_linear(
    model: Dense,
    y: NDArray[Any],
    *,
    k: int,
    seed: int,
    omega: float = 1.0,
    at: Sequence[int] = (1, 2, 5, 10, 20, 50, 100, 200),
) -> dict[str, Any]:
    """Fit y with eta = 1 / ||U||^2 from C_0 ~ N(0, omega^2 ||y||^2 / n) and compare with the linearisation.

    Returns
    -------
    dict
        `at`; `xi` = ||G - Glin|| / ||y||, Theorem 3's accuracy as it is measured; `moved` = ||C_tau - C_0||
        and `predicted`, eq. 28; `flipped`, the share of signs of U C that changed.
    """
    rng, eta = np.random.default_rng(seed), model.step_size
    norm = float(np.linalg.norm(y))
    C = rng.standard_normal((model.U.shape[1], k)) * (omega * norm / model.n**0.5)
    v = output_weights(k)
    fitted = descend(model.U, C, v, y, eta=eta, at=at)
    residuals, predicted = linearised(model, eta, fitted.at, np.maximum(model.U @ C, 0) @ v - y)
    return {
        "at": list(fitted.at),
        "xi": (np.linalg.norm(fitted.outputs - y - residuals, axis=1) / norm).tolist(),
        "moved": fitted.moved.tolist(),
        "predicted": predicted.tolist(),
        "flipped": fitted.flipped.tolist(),
    }

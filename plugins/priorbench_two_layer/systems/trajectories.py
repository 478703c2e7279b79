"""Fits of the two-layer generator against their linearisation, in the set-up of the published check values.

n = 128, a triangle of half-width 8 (15 taps), eta = 1 / ||U||^2, x of norm 1 in the span of the 9 lowest
functions, noise of s = 0.5, weights of omega = ||y|| / sqrt(n).
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import scipy.linalg

from priorbench.toolkit.checks import one_of
from priorbench_two_layer.basis import analyse, basis, by_frequency
from priorbench_two_layer.bounds import stopping_time
from priorbench_two_layer.circulant import Circulant, triangle
from priorbench_two_layer.dense.descent import descend
from priorbench_two_layer.dense.matrix import Dense
from priorbench_two_layer.dense.trajectory import against_linear
from priorbench_two_layer.dual_kernel import dual_kernel
from priorbench_two_layer.jacobian import output_weights
from priorbench_two_layer.linearised import error_bound, prediction

Beginning = Literal["independent", "symmetric", "small"]
Kind = Literal["gaussian", "skewed", "circulant"]

N, P, S = 128, 9, 0.5
#: widths in the order in which their weights are drawn
WIDTHS = (256, 1024, 4096)
#: iterations of the published distances, and of the published errors
AT, TAU = (10, 50, 200), (1, 2, 5, 10, 20, 50, 100, 200)


def from_linear(*, seed: int, k: int, start: Beginning = "independent") -> dict[str, Any]:
    """Return how far a fit is from its linearisation; seed 0 has the draws of the published values.

    Parameters
    ----------
    seed : int
        of one stream: coefficients of x, noise, and for each width its symmetric, independent and small
        weights.
    k : int
        width, 256, 1024 or 4096.
    start : {'independent', 'symmetric', 'small'}, default 'independent'
        ``small`` has omega = 0.01 ||y|| / sqrt(n).

    Returns
    -------
    dict
        `at`; `distance` = ||r - rlin|| / ||y|| at each; `flipped`, the share of signs of U C that changed by
        then.
    """
    one_of(get_args(Beginning), start=start)
    if k not in WIDTHS:
        raise ValueError(f"k must be one of {', '.join(map(str, WIDTHS))}, not {k}")
    rng, circulant = np.random.default_rng(seed), Circulant(triangle(N, 8))
    x, z = _drawn(rng)
    weights: dict[str, np.ndarray] = {}
    for width in WIDTHS[: WIDTHS.index(k) + 1]:
        weights["symmetric"] = np.tile(rng.standard_normal((N, width // 2)), 2)
        weights["independent"] = rng.standard_normal((N, width))
        weights["small"] = rng.standard_normal((N, width)) * 0.01
    y, U, v = x + z, scipy.linalg.circulant(circulant.u), output_weights(k)
    norm = float(np.linalg.norm(y))
    C = weights[start] * (norm / N**0.5)
    fitted = descend(U, C, v, y, eta=circulant.step_size, at=AT)
    g0 = np.maximum(U @ C, 0) @ v
    linear = prediction(dual_kernel(circulant), circulant.step_size, AT, y, g0)
    return {
        "at": list(AT),
        "distance": (np.linalg.norm(fitted.outputs - linear, axis=1) / norm).tolist(),
        "flipped": fitted.flipped.tolist(),
    }


def linear_errors(*, seed: int) -> dict[str, Any]:
    """Return the error of the linearised fit over the iterations, and what Theorem 1 says of it.

    Returns
    -------
    dict
        `tau` and `error` = ||Glin - x||; `bound`, eq. 2's, at each; `best`, the iteration of the least error;
        `time`, Theorem 1's T; `noise_term` = s sqrt(2 p / n); `at_time`, the error after T
        iterations, and `time_bound`, Theorem 1's bound on it without its term of the linearisation.
    """
    circulant = Circulant(triangle(N, 8))
    x, z = _drawn(np.random.default_rng(seed))
    sigma, eta = dual_kernel(circulant), circulant.step_size
    ordered = by_frequency(sigma)
    every = np.arange(1, 201)
    curve = np.linalg.norm(prediction(sigma, eta, every, x + z) - x, axis=1)
    time = stopping_time(ordered, eta, P)
    at_time = prediction(sigma, eta, time, x + z) - x
    return {
        "tau": list(TAU),
        "error": curve[np.array(TAU) - 1].tolist(),
        "bound": error_bound(ordered, eta, TAU, p=P, x_norm=1.0, noise=analyse(z)).tolist(),
        "best": int(every[curve.argmin()]),
        "time": time,
        "noise_term": S * (2 * P / N) ** 0.5,
        "at_time": float(np.linalg.norm(at_time)),
        "time_bound": (1 - eta * float(ordered[P - 1]) ** 2) ** time + S * (2 * P / N) ** 0.5,
    }


def any_matrix(*, seed: int, kind: Kind, k: int, n: int = 64) -> dict[str, Any]:
    """Fit a signal with a U that need not be circulant: Theorem 3's accuracy and eq. 28's distance, measured.

    Parameters
    ----------
    seed : int
        of U, the noise and the weights.
    kind : {'gaussian', 'skewed', 'circulant'}
        i.i.d. N(0, 1/n); the same with rows that fall to a tenth; a triangle of half-width 4.
    k, n : int
        width, entries.

    Returns
    -------
    dict
        that of `priorbench_two_layer.dense.trajectory.against_linear`, and `condition` = beta / alpha.
    """
    one_of(get_args(Kind), kind=kind)
    rng = np.random.default_rng([seed, n])
    U = rng.standard_normal((n, n)) / n**0.5
    if kind == "skewed":
        U = U * np.geomspace(1, 0.1, n)[:, None]
    model = Dense(scipy.linalg.circulant(triangle(n, 4)) if kind == "circulant" else U)
    x, z = model.W[:, :5] @ np.full(5, 5**-0.5), rng.standard_normal(n) * S / n**0.5
    return against_linear(model, x + z, k=k, seed=seed) | {"condition": model.norm / model.alpha}


def _drawn(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return x and z of the published values."""
    coefficients, z = rng.standard_normal(P), rng.standard_normal(N) * S / N**0.5
    coefficients[2::2] *= -1  # drawn for sines of the other sign
    x: np.ndarray = basis(N)[:, :P] @ (coefficients / np.linalg.norm(coefficients))
    return x, z

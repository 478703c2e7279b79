"""The set-up of the published check values of trajectories: n = 128, p = 9 functions, s = 0.5."""

from __future__ import annotations

import numpy as np

from priorbench_two_layer import basis as trigonometric
from priorbench_two_layer.circulant import Circulant, triangle
from priorbench_two_layer.dual_kernel import dual_kernel

SMALL = Circulant(triangle(128, 8))
SIGMA = trigonometric.by_frequency(dual_kernel(SMALL))
ETA = SMALL.step_size


def small_signal() -> tuple[np.ndarray, np.ndarray]:
    """Return the coefficients of the 9 functions and the noise (in space) of the check values."""
    rng = np.random.default_rng(0)
    coefficients, z = rng.standard_normal(9), rng.standard_normal(128) * 0.5 / 128**0.5
    coefficients[2::2] *= -1  # drawn for sines of the other sign
    return coefficients / np.linalg.norm(coefficients), z


def padded(coefficients: np.ndarray, n: int = 128) -> np.ndarray:
    return np.concatenate([coefficients, np.zeros(n - len(coefficients))])

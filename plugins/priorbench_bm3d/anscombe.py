"""The generalised Anscombe transform: noise of variance a x + b made nearly Gaussian, of variance 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench import NoiseDescriptor


def gain_and_variance(noise: NoiseDescriptor | None) -> tuple[float, float] | None:
    """Return (a, b) of noise with variance a x + b, or None for noise that needs no stabilising."""
    if noise is None or noise.family not in ("poisson", "poisson-gaussian"):
        return None
    if noise.family == "poisson":
        return 1 / float(noise.parameters["peak"]), 0.0
    a, b = float(noise.parameters["a"]), float(noise.parameters["b"])
    return (a, b) if a > 0 else None


def forward(image: NDArray[np.float64], a: float, b: float) -> NDArray[np.float64]:
    """Return f(y) = (2 / a) sqrt(max(a y + 3 a^2 / 8 + b, 0)), whose noise has a deviation of about 1.

    J.-L. Starck, F. Murtagh, A. Bijaoui, "Image Processing and Data Analysis", Cambridge (1998).
    """
    result: NDArray[np.float64] = 2 / a * np.sqrt(np.maximum(a * image + 3 / 8 * a**2 + b, 0.0))
    return result


def inverse(stable: NDArray[np.float64], a: float, b: float) -> NDArray[np.float64]:
    """Return x with E f(y) = `stable`, by the closed form of the exact unbiased inverse.

    M. Mäkitalo, A. Foi, "Optimal inversion of the generalized Anscombe transformation for Poisson-Gaussian
    noise", IEEE Transactions on Image Processing 22 (2013). The algebraic inverse would be biased where
    counts are low.
    """
    d = np.maximum(stable, 2 * np.sqrt(3 / 8))  # the closed form is 0 there, and useless below
    root = np.sqrt(3 / 2)
    counts = d**2 / 4 + root / (4 * d) - 11 / (8 * d**2) + 5 * root / (8 * d**3) - 1 / 8 - b / a**2
    result: NDArray[np.float64] = a * np.maximum(counts, 0.0)
    return result

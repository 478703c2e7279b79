"""The energy of Gaussian noise after clipping to [0, 1]."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray


def clipped_noise_energy(clean: NDArray[np.float64], sigma: float) -> float:
    """Return the mean of E (clip(x + n) - x)^2 over the pixels, n ~ N(0, sigma^2).

    With a = -x / sigma, b = (1 - x) / sigma, and Phi, phi the normal distribution function and density:

    sigma^2 [Phi(b) - Phi(a) - b phi(b) + a phi(a)] + x^2 Phi(a) + (1 - x)^2 (1 - Phi(b))

    Parameters
    ----------
    clean : ndarray of float64
        the clean image, or an estimate of it, any shape; values outside [0, 1] are brought there.
    sigma : float
        standard deviation of the noise before clipping, above 0.

    Returns
    -------
    float
        Between sigma^2 / 2 (a picture of black and white only) and sigma^2, for small sigma.
    """
    return float(np.mean(clipped_noise_energies(clean, sigma)))


def clipped_noise_energies(clean: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Return `clipped_noise_energy` of each pixel, in the shape of `clean`.

    Parameters
    ----------
    clean : ndarray of float64
        the clean image, or an estimate of it, any shape; values outside [0, 1] are brought there.
    sigma : float
        standard deviation of the noise before clipping, above 0.
    """
    x = np.clip(clean, 0.0, 1.0)
    a, b = -x / sigma, (1 - x) / sigma
    inside = ndtr(b) - ndtr(a) - b * _density(b) + a * _density(a)
    energies: NDArray[np.float64] = sigma**2 * inside + x**2 * ndtr(a) + (1 - x) ** 2 * ndtr(-b)
    return energies


def _density(t: NDArray[np.float64]) -> NDArray[np.float64]:
    density: NDArray[np.float64] = np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi)
    return density

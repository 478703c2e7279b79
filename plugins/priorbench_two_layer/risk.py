"""Closed-form risk of stopping after tau iterations, and the iteration that minimises it.

E ||G_tau - x||^2 = sum_i (1 - eta sigma_i^2)^(2 tau) <w_i, x>^2
                    + (s^2 / n) sum_i (1 - (1 - eta sigma_i^2)^tau)^2

for y = x + z, z ~ N(0, (s^2 / n) I) and a start at G = 0: bias and variance of eq. 2 of Heckel &
Soltanolkotabi 2020. It falls, then rises. Theorem 1's own stopping time is useless unless the spectrum has a
cliff at p.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from priorbench.toolkit.checks import at_least
from priorbench_two_layer.linearised import contraction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: points for each factor of ten of the first search for a minimum
_PER_DECADE = 40


def risk(
    sigma: NDArray[Any], eta: float, tau: ArrayLike, signal: NDArray[Any], s: float
) -> NDArray[np.float64]:
    """Return the expected squared error ||G_tau - x||^2, (T,) or a number.

    Parameters
    ----------
    sigma : ndarray
        singular values, any shape.
    eta, tau : float or ArrayLike
        step size, iterations.
    signal : ndarray
        squared coefficients <w_i, x>^2 of the clean signal, shaped like sigma; see
        `priorbench_two_layer.linearised.fourier_energies`.
    s : float
        the noise has E ||z||^2 = s^2; for white noise of standard deviation d, s = d sqrt(n).
    """
    left = contraction(sigma, eta, tau)
    axes = tuple(range(-np.ndim(sigma), 0))
    bias = np.sum(np.square(left) * signal, axis=axes)
    variance = s**2 / np.size(sigma) * np.sum(np.square(1 - left), axis=axes)
    total: NDArray[np.float64] = bias + variance
    return total


def best_iteration(
    sigma: NDArray[Any], eta: float, signal: NDArray[Any], s: float, *, most: int = 100_000
) -> int:
    """Return the number of iterations in 0..most with the least closed-form risk.

    The minimum is searched on a logarithmic grid, then among all iterations around its best point.
    """
    at_least(1, most=most)
    points = max(2, int(np.ceil(np.log10(most + 1) * _PER_DECADE)))
    grid = np.unique(np.round(np.geomspace(1, most + 1, points)).astype(int)) - 1

    def least(candidates: NDArray[np.int_]) -> int:
        return int(np.argmin([risk(sigma, eta, int(tau), signal, s) for tau in candidates]))

    near = least(grid)
    around = np.arange(grid[max(near - 1, 0)], grid[min(near + 1, len(grid) - 1)] + 1)
    while len(around) > 64:  # the risk has one minimum between neighbours of a fine grid
        coarse = around[:: len(around) // 32]
        near = least(coarse)
        around = np.arange(coarse[max(near - 1, 0)], coarse[min(near + 1, len(coarse) - 1)] + 1)
    return int(around[least(around)])

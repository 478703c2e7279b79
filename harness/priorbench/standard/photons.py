"""Counts of photons from uniform numbers: the inverse of Poisson's distribution function, exactly.

A generator's own Poisson numbers take as many random numbers as the mean asks for, so that two levels share
none. Here one uniform number makes one count, and a larger mean never makes a smaller count of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: largest mean: beyond it, a float64 does not hold every count
LARGEST_MEAN = 2.0**53
#: below this mean, the expansion is of no use
_FEW = 2.0
#: means and squares of w beyond which, if both are, scipy's distribution function has only some digits: its
#: series and fractions end after 2000 terms. The expansion has more.
_MANY, _FAR = 1e5, 18.0


def photons(mean: Array, rng: np.random.Generator) -> Array:
    """Return Poisson numbers, one for each mean, as whole float64 numbers.

    Parameters
    ----------
    mean : ndarray of float64
        expected counts.
    rng : numpy.random.Generator
        gives one uniform number for each mean.

    Raises
    ------
    ValueError
        Where a mean is negative, no number, or larger than `LARGEST_MEAN`.
    """
    if not (mean >= 0).all():
        raise ValueError("a mean count of photons is negative, or no number")
    if not (mean <= LARGEST_MEAN).all():
        raise ValueError(f"a mean count of {mean.max():.3g} photons is more than {LARGEST_MEAN:.3g}")
    return inverse_poisson(rng.random(mean.shape), mean)


def inverse_poisson(u: Array, mean: Array) -> Array:
    """Return the smallest k with u <= P(N <= k), N a Poisson number.

    Parameters
    ----------
    u : ndarray of float64
        in [0, 1); 0 stands for the middle of its step of 2**-53.
    mean : ndarray of float64
        of the same shape, from 0 to `LARGEST_MEAN`.
    """
    u = np.maximum(u, 2.0**-54)
    guess, error = _expansion(u, mean)
    counts: Array = np.floor(guess)
    # where the error could reach the next whole number, the distribution function decides
    doubtful = np.abs(guess - np.rint(guess)) <= error
    counts[doubtful] = _decided(np.maximum(counts[doubtful], 0.0), u[doubtful], mean[doubtful])
    return counts


def _expansion(u: Array, mean: Array) -> tuple[Array, Array]:
    """Return the continuous inverse Q(u), of which k is the whole part, nearly; and a bound of its error.

    The expansion of Q by M. B. Giles, "Algorithm 955: approximation of the inverse Poisson cumulative
    distribution function", ACM Transactions on Mathematical Software 42 (2016), up to 1 / mean. The bound is
    about twice the largest error that was measured, for means from 2 on; the tests measure it again.
    """
    from scipy.special import ndtri

    w = ndtri(u)
    square, root, divisor = w * w, np.sqrt(mean), np.maximum(mean, _FEW)
    guess = mean + root * w + (1 / 3 + square / 6) - w * (1 + square / 2) / (36 * np.sqrt(divisor))
    guess += (square * (7 / 810 + square / 270) - 8 / 405) / divisor
    error = (0.06 + 0.002 * square * square * square) / (divisor * np.sqrt(divisor)) + 4 * np.spacing(mean)
    few = mean < _FEW
    error[few], guess[few] = 1.0, 0.0
    error[(mean > _MANY) & (square > _FAR)] = 0.0
    return guess, error


def _decided(counts: Array, u: Array, mean: Array) -> Array:
    """Return the counts after as many steps, up or down, as the distribution function asks for."""
    found = counts.copy()
    reached = _covers(found, u, mean)
    low, high = np.flatnonzero(~reached), np.flatnonzero(reached & (found > 0))
    while len(low):
        found[low] += 1
        low = low[~_covers(found[low], u[low], mean[low])]
    while len(high):
        high = high[_covers(found[high] - 1, u[high], mean[high])]
        found[high] -= 1
        high = high[found[high] > 0]
    return found


def _covers(k: Array, u: Array, mean: Array) -> NDArray[np.bool_]:
    """Say where u <= P(N <= k); the tail that is asked is the smaller one, which has all its digits."""
    from scipy.special import pdtr, pdtrc

    covers, upper = np.empty(u.shape, dtype=bool), u > 0.5
    covers[~upper] = u[~upper] <= pdtr(k[~upper], mean[~upper])
    covers[upper] = pdtrc(k[upper], mean[upper]) <= 1 - u[upper]
    return covers

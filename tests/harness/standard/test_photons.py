"""Counts of photons, against scipy's own quantiles one by one, sums of many digits, and the distribution."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import mpmath
import numpy as np
import pytest
import scipy.stats
from denoising_support import photograph
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincc, ndtr, ndtri

from priorbench.standard.noise_models import Poisson, PoissonGaussian
from priorbench.standard.photons import LARGEST_MEAN, _expansion, inverse_poisson, photons

Array = NDArray[np.float64]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_every_count_is_the_quantile_that_scipy_finds_one_by_one() -> None:
    """scipy.stats looks for it by a search of its own, and tries one count less."""
    u = np.concatenate([rng(1).random(60), [1e-12, 1e-5, 0.5, 1 - 1e-5, 1 - 1e-12]])
    for mean in (1e-3, 0.05, 0.7, 1.99, 2.0, 3.3, 9.9, 25.0, 180.0, 1e3, 4.5e4):
        expected = [scipy.stats.poisson.ppf(one, mean) for one in u]
        assert np.array_equal(inverse_poisson(u, np.full_like(u, mean)), expected), mean


def tails(count: int, mean: float) -> tuple[mpmath.mpf, mpmath.mpf]:
    """P(N <= count) and P(N > count), added up from the smaller tail with 40 digits."""
    with mpmath.workdps(40):
        a = mpmath.mpf(mean)
        down = count < mean
        at = count if down else count + 1
        term = mpmath.exp(-a + at * mpmath.log(a) - mpmath.loggamma(at + 1))
        total = mpmath.mpf(0)
        while term > total * mpmath.mpf(10) ** -25:
            total += term
            at += -1 if down else 1
            term = term * (at + 1) / a if down else term * a / at
        return (total, 1 - total) if down else (1 - total, total)


def of_every_size() -> Iterator[tuple[float, float]]:
    for mean in (0.3, 4.0, 37.5, 1e3, 99e3, 1e6 + 0.25, 1e7):
        for u in (2.0**-53, 3e-7, 0.1, 0.625, 1 - 2.0**-22, 1 - 2.0**-52):
            yield mean, u


@pytest.mark.parametrize(("mean", "u"), list(of_every_size()))
def test_the_distribution_function_steps_over_u_at_the_count(mean: float, u: float) -> None:
    """Far in the tails of large means, where scipy's distribution function has five digits, too."""
    count = int(inverse_poisson(np.array([u]), np.array([mean]))[0])
    with mpmath.workdps(40):
        upper = 1 - mpmath.mpf(u)  # exact
        assert tails(count, mean)[0] >= u if u < 0.5 else tails(count, mean)[1] <= upper
        if count:
            assert tails(count - 1, mean)[0] < u if u < 0.5 else tails(count - 1, mean)[1] > upper


def test_the_bound_of_the_expansion_is_nearly_twice_its_error() -> None:
    """The continuous inverse by bisection of the incomplete gamma function, from its smaller side."""
    w = np.linspace(-8.2, 8.2, 411)
    u, low_side = ndtr(w), w < 0
    for mean in np.geomspace(2.0, 5e4, 30):
        means = np.full_like(w, mean)
        guess, error = _expansion(u, means)
        sharp = np.abs(ndtri(u) - w) < 1e-9  # near 1, u is too coarse to be a w
        low, high = np.full_like(w, 1e-9), means * 2 + 60
        for _ in range(80):
            middle = (low + high) / 2
            more = np.where(low_side, gammaincc(middle, means) < ndtr(w), gammainc(middle, means) > ndtr(-w))
            low, high = np.where(more, middle, low), np.where(more, high, middle)
        used = sharp & (error < 0.5)
        assert used.sum() > 100
        assert (np.abs(guess - middle)[used] < 0.6 * error[used]).all(), mean


@pytest.mark.parametrize("mean", [0.2, 3.0, 40.0, 2500.0])
def test_the_counts_have_the_distribution(mean: float) -> None:
    counts = photons(np.full(200_000, mean), rng(5))
    edges = np.unique(scipy.stats.poisson.ppf(np.linspace(0.02, 0.98, 25), mean))
    cdf = np.concatenate([[0.0], scipy.stats.poisson.cdf(edges, mean), [1.0]])
    seen = np.bincount(np.searchsorted(edges, counts), minlength=len(cdf) - 1)
    assert scipy.stats.chisquare(seen, np.diff(cdf) * len(counts)).pvalue > 1e-3
    assert counts.mean() == pytest.approx(mean, abs=4 * (mean / len(counts)) ** 0.5)
    assert counts.var() == pytest.approx(mean, rel=0.03)


def test_the_ends_of_the_range() -> None:
    def one(u: float, mean: float) -> float:
        return float(inverse_poisson(np.array([u]), np.array([mean]))[0])

    assert one(0.7, 0.0) == one(1 - 2.0**-53, 0.0) == one(0.9, 1e-300) == 0
    assert one(0.0, 3.0) == 0
    # in place of 0, the middle of its step: 8.29 standard deviations below the mean, not the count 0
    assert one(0.0, 1e6) == one(2.0**-54, 1e6) == pytest.approx(1e6 - 8290, abs=20)
    assert one(0.5, 1e12) == 1e12  # the median is the mean where that is whole
    assert photons(np.zeros((2, 0)), rng()).shape == (2, 0)


@pytest.mark.parametrize("mean", [-1e-9, np.nan, np.inf, 2 * LARGEST_MEAN])
def test_a_mean_that_cannot_be_is_refused(mean: float) -> None:
    with pytest.raises(ValueError, match="mean count"):
        photons(np.array([0.5, mean]), rng())


def standardised(model: Poisson | PoissonGaussian, clean: Array, variance: Array) -> Array:
    return (model.corrupt(clean, rng(3)) - clean) / np.sqrt(variance)


def test_levels_share_their_photons() -> None:
    """It was -0.001 and 0.10: a generator's own Poisson numbers take as many draws as the mean asks for."""
    clean = 0.2 + 0.7 * photograph(3, 64, 64)
    few, many = (standardised(Poisson(peak=peak), clean, clean / peak) for peak in (30.0, 120.0))
    assert np.corrcoef(few.ravel(), many.ravel())[0, 1] > 0.99
    mixed = [
        standardised(PoissonGaussian(a=a, b=b), clean, a * clean + b) for a, b in ((0.01, 4e-4), (0.02, 1e-4))
    ]
    assert np.corrcoef(mixed[0].ravel(), mixed[1].ravel())[0, 1] > 0.85
    readout = [PoissonGaussian(a=a, b=1.0).corrupt(clean, rng(3)) for a in (0.0, 1e-6)]
    assert np.allclose(*readout, atol=0.01)  # it is drawn first


def test_a_higher_level_never_has_fewer_photons() -> None:
    clean = photograph(3, 64, 64)
    counts = [np.rint(peak * Poisson(peak=peak).corrupt(clean, rng(4))) for peak in (0.5, 2, 2.1, 30, 1e4)]
    assert all((less <= more).all() for less, more in itertools.pairwise(counts))
    assert counts[1].sum() < counts[2].sum()


def test_golden_counts() -> None:
    """New counts would be new noise, for which the protocol needs a new version."""
    mean = np.geomspace(0.1, 1e6, 12)
    u = np.modf(np.arange(1, 13) * (5**0.5 - 1) / 2)[0]
    expected = [scipy.stats.poisson.ppf(a, b) for a, b in zip(u, mean, strict=True)]
    assert inverse_poisson(u, mean).tolist() == expected == GOLDEN


GOLDEN = [0, 0, 3, 8, 27, 159, 646, 2933, 12346, 53156, 231415, 999789]

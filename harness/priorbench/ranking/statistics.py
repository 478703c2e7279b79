"""Statistics over images: bootstrap intervals, the signed-rank test, Holm's correction.

The image is the unit: arrays have one row for each method (or pair of methods) and one column for each image.
A value that is missing is NaN.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from priorbench.ranking.boards import Interval

LEVEL = 0.95
SEED = 20200601
#: resamples of an interval, up to `_DRAWS` drawn images; with more than 2000 images there are fewer
RESAMPLES = 10_000
_FEWEST_RESAMPLES = 1000
_DRAWS = 20_000_000
#: values that agree to so many decimals, in dB or logarithms, are the same
_DECIMALS = 6
#: how often, in per cent, intervals of the mean of so few normal values cover the true mean; measured
_COVERAGE = {2: 50, 3: 75, 4: 87, 5: 92, 8: 94}
#: differences, up to which the distribution of the signed-rank statistic is worked out exactly
_EXACT = 50

Array = NDArray[np.float64]
Resampled = NDArray[np.float32]


def resample_count(images: int) -> int:
    """Return how many resamples intervals over so many images are made of."""
    return max(_FEWEST_RESAMPLES, min(RESAMPLES, _DRAWS // max(1, images)))


def resampled(values: Array) -> Resampled:
    """Return each row's mean over each resample of the images, less the row's own mean.

    A mean over a resample is a mean weighted by how often each image was drawn. So the same resamples serve
    all rows in one matrix product, and for rows that lack the same images, the resampled difference is the
    difference of the resampled means. Less the mean, single precision is good to a millionth of a decibel.

    Parameters
    ----------
    values : ndarray of float64
        (rows, images).

    Returns
    -------
    ndarray of float32
        (rows, resamples); NaN where a resample has none of a row's images.
    """
    images = values.shape[1]
    counts = _resamples(images)
    missing = ~np.isfinite(values)
    deviations = _deviations(values).astype(np.float32)
    lacking = np.flatnonzero(missing.any(axis=0))
    holes = missing[:, lacking].astype(np.float32)
    found = np.empty((len(values), len(counts)), dtype=np.float32)
    step = max(1, min(len(counts), 250_000 // max(1, images)))
    buffer = np.empty((step, images), dtype=np.float32)
    for start in range(0, len(counts), step):
        weights = buffer[: len(counts) - start]
        np.copyto(weights, counts[start : start + step])
        part = slice(start, start + step)
        np.matmul(deviations, weights.T, out=found[:, part])
        if len(lacking):
            drawn = images - holes @ weights[:, lacking].T
            found[:, part] *= images / np.where(drawn, drawn, np.float32(np.nan))
    found /= images
    return found


@functools.lru_cache(maxsize=4)
def _resamples(images: int) -> NDArray[np.uint8]:
    """Return how often each image occurs in each resample: (resamples, images)."""
    rng = np.random.default_rng(SEED)
    total = resample_count(images)
    counts = np.empty((total, images), dtype=np.uint8)
    step = max(1, 200_000 // max(1, images))
    for start in range(0, total, step):
        number = min(step, total - start)
        drawn = rng.integers(0, images, (number, images)) + images * np.arange(number)[:, None]
        counts[start : start + number] = np.bincount(drawn.ravel(), minlength=number * images).reshape(
            number, images
        )
    counts.flags.writeable = False
    return counts


def mean_intervals(values: Array, resamples: Resampled) -> list[Interval | None]:
    """Return the BCa bootstrap interval of each row's mean, expanded for small samples.

    The same as ``scipy.stats.bootstrap`` with ``method="BCa"`` and the confidence level of `expanded_tail`;
    it is not used because its jackknife takes time and memory that grow with the square of the number of
    images; for a mean the jackknife is known.

    Parameters
    ----------
    values : ndarray of float64
        (rows, images).
    resamples : ndarray of float32
        (rows, resamples), `resampled` of the values.

    Returns
    -------
    list[Interval or None]
        One interval for each row; None for fewer than two images.

    References
    ----------
    B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, 1993, equations 14.9 to 14.15.
    """
    found: list[Interval | None] = []
    for start in range(0, len(values), 64):  # the sorted copies of all rows at once may be large
        found += _intervals(values[start : start + 64], resamples[start : start + 64])
    return found


def _intervals(values: Array, resamples: Resampled) -> list[Interval | None]:
    number = np.isfinite(values).sum(axis=1)
    centre, deviations = _row_means(values), _deviations(values)
    constant = np.abs(deviations).max(axis=1, initial=0.0) < 10.0**-_DECIMALS
    ordered = np.sort(resamples, axis=1)  # NaN last
    tails = expanded_tail(number)
    levels = _bca_levels(deviations, ordered, tails)
    undefined: NDArray[np.bool_] = np.asarray(np.isnan(levels).any(axis=1))
    levels[undefined] = np.column_stack([tails, 1 - tails])[undefined]
    low, high = (centre[:, None] + _quantiles(ordered, levels)).T
    found: list[Interval | None] = []
    for row in range(len(values)):
        if number[row] < 2:
            found.append(None)
        elif constant[row]:
            same = round(float(centre[row]), _DECIMALS) + 0.0
            found.append(Interval(low=same, high=same, kind="constant"))
        else:
            kind = "percentile" if undefined[row] else "bca"
            found.append(Interval(low=float(low[row]), high=float(high[row]), kind=kind))
    return found


def expanded_tail(images: NDArray[np.int64]) -> Array:
    """Return the share of resampled means to leave out on each side, for so many images.

    Means of resamples spread too little by sqrt(1 - 1/n), and a normal quantile is too small where the
    spread is estimated. Taking tails of Phi(-sqrt(n / (n - 1)) t_(n - 1)) in the place of 2.5 % makes up for
    both; for many images it is 2.5 %.

    References
    ----------
    T. C. Hesterberg, What Teachers Should Know About the Bootstrap, The American Statistician 69 (2015),
    section 5.3: the expanded percentile interval.
    """
    n = np.maximum(images, 2)
    return np.asarray(special.ndtr(-np.sqrt(n / (n - 1)) * special.stdtrit(n - 1, (1 + LEVEL) / 2)))


def _bca_levels(deviations: Array, ordered: Resampled, tails: Array) -> Array:
    """Return the levels of the two quantiles of each row: (rows, 2); NaN where they are undefined."""
    # Resampled means that equal the mean but for rounding count one half, as exact equals do.
    rounding = 1e-6 * np.abs(deviations).max(axis=1, initial=0.0)
    columns = zip(ordered, rounding, _valid(ordered), strict=True)
    below = [
        (row.searchsorted(-error) + row.searchsorted(error, side="right")) / (2 * max(1, number))
        for row, error, number in columns
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        bias = special.ndtri(below)[:, None]
        acceleration = (deviations**3).sum(axis=1) / (6 * (deviations**2).sum(axis=1) ** 1.5)
        shifted = bias + special.ndtri(tails)[:, None] * [1, -1]
        return np.asarray(special.ndtr(bias + shifted / (1 - acceleration[:, None] * shifted)))


def _quantiles(ordered: Resampled, levels: Array) -> Array:
    """Return quantiles, linearly interpolated, of sorted rows that may end in NaN: (rows, levels)."""
    last = np.maximum(_valid(ordered) - 1, 0)[:, None]
    position = levels * last
    lower = np.floor(position).astype(np.int64)
    upper = np.minimum(lower + 1, last)
    below, above = (np.take_along_axis(ordered, place, axis=1) for place in (lower, upper))
    return np.asarray(below + (position - lower) * (above - below))


def _valid(ordered: Resampled) -> NDArray[np.int64]:
    """Return how many values of each sorted row are not NaN."""
    return np.array([row.searchsorted(np.inf, side="right") for row in ordered], dtype=np.int64)


def _row_means(values: Array) -> Array:
    there = np.isfinite(values)
    return np.asarray(np.where(there, values, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1))


def _deviations(values: Array) -> Array:
    """Return the values less their row's mean; 0 where there is none."""
    return np.where(np.isfinite(values), values - _row_means(values)[:, None], 0.0)


def signed_rank_p(differences: Array) -> list[float]:
    """Return the two-sided p of Wilcoxon's signed-rank test for each row.

    Zeros are left out, as Wilcoxon did; a row without other values gives 1. For up to 50 differences the p is
    exact, with ties too; above it is the normal approximation, its variance corrected for ties. The same as
    ``scipy.stats.wilcoxon``, whose import takes longer than ranking a hundred thousand records.

    Parameters
    ----------
    differences : ndarray of float64
        (rows, images).

    References
    ----------
    M. Hollander, D. A. Wolfe and E. Chicken, Nonparametric Statistical Methods, 2014, section 3.1.
    """
    rounded = np.round(differences, _DECIMALS)  # ties and zeros that only rounding hides
    return [_signed_rank_p(row[np.isfinite(row) & (row != 0)]) for row in rounded]


def _signed_rank_p(differences: Array) -> float:
    if not len(differences):
        return 1.0
    _, group, size = np.unique(np.abs(differences), return_inverse=True, return_counts=True)
    doubled = (2 * np.cumsum(size) - size + 1)[group]  # twice the mean rank of each group of ties
    positive = int(doubled[differences > 0].sum())
    if len(differences) <= _EXACT:
        return _exact_tail(doubled, positive)
    mean, variance = doubled.sum() / 2, (doubled.astype(np.float64) ** 2).sum() / 4
    return float(2 * special.ndtr(-abs(positive - mean) / np.sqrt(variance)))


def _exact_tail(ranks: NDArray[np.int64], positive: int) -> float:
    """Return the two-sided p of a sum of positive ranks, of its distribution over all signs."""
    ways = np.zeros(ranks.sum() + 1)  # ways[w]: how many choices of signs give the sum w
    ways[0] = 1.0
    for rank in ranks:
        ways[rank:] = ways[rank:] + ways[:-rank]
    tail = min(ways[: positive + 1].sum(), ways[positive:].sum())
    return float(min(1.0, 2 * tail / 2.0 ** len(ranks)))


def holm(p: Sequence[float]) -> list[float]:
    """Return the p values of a family, corrected by Holm's method.

    References
    ----------
    S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979).
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values)
    stepped = np.maximum.accumulate(values[order] * (len(values) - np.arange(len(values))))
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(stepped, 1.0)
    return [float(value) for value in corrected]


def win_rates(differences: Array) -> list[float]:
    """Return the share of positive values in each row; a zero counts one half, no value gives NaN."""
    number = np.isfinite(differences).sum(axis=1)
    won = (differences > 0).sum(axis=1) + 0.5 * (differences == 0).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return [float(value) for value in won / number]


def smallest_p(images: int) -> float:
    """Return the smallest two-sided p that the signed-rank test can give with so many images."""
    return float(min(1.0, 2.0 ** (1 - images)))


def coverage(images: int) -> int:
    """Return how often, in per cent, an interval over so few images covers its true value."""
    return round(float(np.interp(images, list(_COVERAGE), list(_COVERAGE.values()))))


def caveats(images: int, comparisons: int) -> list[str]:
    """Return what a reader of so many comparisons over so many images must know."""
    if not comparisons:
        return []
    if images == 1:
        return ["one image: no intervals, and nothing can be told apart"]
    notes = []
    if images < max(_COVERAGE):
        notes.append(f"{images} images: such intervals hold about {coverage(images)} times in 100, not 95")
    smallest = smallest_p(images)
    if smallest * comparisons > 1 - LEVEL:
        corrected = f", corrected {min(1.0, smallest * comparisons):.2g}" if comparisons > 1 else ""
        plural = "" if comparisons == 1 else "s"
        notes.append(
            f"no p can be below {1 - LEVEL:.2g} here: the smallest for {images} images and {comparisons} "
            f"comparison{plural} is {smallest:.2g}{corrected}"
        )
    if resample_count(images) < RESAMPLES:
        notes.append(f"intervals are of {resample_count(images)} resamples, for the number of images")
    return notes

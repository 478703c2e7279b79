"""Statistics over images: means with intervals, Holm's correction, shares of images won.

The image is the unit: arrays have one row for each method (or pair of methods) and one column for each image.
A value that is missing is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy  # its parts load when they are used
from numpy.typing import NDArray

from priorbench.ranking.boards import Interval
from priorbench.ranking.claims import Claims
from priorbench.ranking.inference.sign_flips import DECIMALS, smallest_p
from priorbench.words import plural

#: how often, in per cent, a 95 % interval of the mean of so many lognormal values covers the true mean;
#: measured: tests/benchmarks/statistics_coverage.py
_SKEWED = {3: 84, 5: 81, 8: 84, 12: 84, 24: 88}

Array = NDArray[np.float64]


def mean_intervals(values: Array, level: float) -> list[Interval | None]:
    """Return Student's t interval of each row's mean.

    Of the intervals that were measured (docs/explanation/statistics.md) it covers differences of methods most
    reliably, at every number of images; it has no random part, and goes with the test of `sign_flips`.

    Parameters
    ----------
    values : ndarray of float64
        (rows, images).
    level : float
        how often it is to hold, in (0, 1).

    Returns
    -------
    list[Interval or None]
        One interval for each row; None where nothing tells how values scatter: for fewer than two images,
        and where all images say the same.
    """
    there = np.isfinite(values)
    number = there.sum(axis=1)
    means = np.where(there, values, 0.0).sum(axis=1) / np.maximum(number, 1)
    deviations = np.where(there, values - means[:, None], 0.0)
    free = np.maximum(number - 1, 1)
    half = scipy.special.stdtrit(free, (1 + level) / 2) * np.sqrt(
        (deviations**2).sum(axis=1) / free / (free + 1)
    )
    scatters = (number > 1) & (np.abs(deviations).max(axis=1, initial=0.0) >= 10.0**-DECIMALS)
    return [
        Interval(low=float(mean - width), high=float(mean + width)) if known else None
        for mean, width, known in zip(means, half, scatters, strict=True)
    ]


def zero_leaves(mean: float, interval: Interval, images: int, level: float) -> float:
    """Return the error rate at which zero is an end of this interval of `mean_intervals`.

    At a higher error rate, which is a lower level, the interval is shorter and zero lies outside of it.
    """
    free = images - 1
    error = (interval.high - interval.low) / 2 / scipy.special.stdtrit(free, (1 + level) / 2)
    return float(2 * scipy.special.stdtr(free, -abs(mean) / error)) if error > 0 else 0.0


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


def caveats(
    images: int,
    claims: Claims,
    others: Sequence[int] = (),
    what: str = "methods",
    with_psnr: int | None = None,
) -> list[str]:
    """Return what a reader of comparisons over this many images must know.

    Parameters
    ----------
    images : int
        that the test is over, those that were restored exactly among them.
    claims : Claims
        when methods are told apart.
    others : Sequence[int], default ()
        images of the other comparisons, if Holm's method corrects for them; tests that are flipped together
        need no correction.
    what : str, default 'methods'
        what is compared.
    with_psnr : int or None, optional
        images that intervals are over, without exact ones; default all.
    """
    if images == 1:
        return ["one image: no intervals, and nothing can be told apart"]
    notes = []
    smallest = _least_adjusted(images, others)
    if smallest > claims.error:
        enough = next((n for n in range(images, 15) if _least_adjusted(n, others) <= claims.error), None)
        notes.append(
            f"{plural(images, 'image')}: no {what} can be told apart; the smallest possible p is"
            f" {smallest:.2g}" + (f"; it takes {enough} images" if enough else "")
        )
    return [*notes, *_of_intervals(images if with_psnr is None else with_psnr)]


def _least_adjusted(images: int, others: Sequence[int]) -> float:
    """Return the smallest p that Holm's method can leave: all others are as clear as they can be, too.

    No corrected p is below this one, because none of them falls where any p of the family rises.
    """
    return holm([smallest_p(images), *map(smallest_p, others)])[0]


def _of_intervals(images: int) -> list[str]:
    """Return what must be known of intervals over so many images."""
    if images >= max(_SKEWED):
        return []
    if images < min(_SKEWED):  # nothing is measured for so few
        return [f"{plural(images, 'image')}: no interval can be trusted"] if images > 1 else []
    covered = round(float(np.interp(images, list(_SKEWED), list(_SKEWED.values()))))
    return [
        f"{plural(images, 'image')}: few for intervals; a 95 % interval of very skewed values holds the"
        f" true mean in about {covered} % of cases"
    ]

"""Ratios of times, with intervals that know of images and of occasions.

All means of times are geometric, over repetitions and over images: so the ratio of two of them is the mean of
ratios, and an image that takes a hundred times as long counts as much as any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy  # its parts load when they are used
from numpy.typing import NDArray

from priorbench.ranking.boards import Interval, TimeRatio
from priorbench.ranking.inference.sign_flips import DECIMALS

if TYPE_CHECKING:  # it numbers the occasions
    from priorbench.ranking.panels import Panel

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

LEVEL = 0.95


def logarithms(seconds: Array) -> Array:
    """Return logarithms; NaN where there is no time."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.log(seconds)
    return np.where(np.isfinite(found), found, np.nan)


def geometric_means(logarithms: Array) -> list[float | None]:
    """Return the geometric mean of each row of logarithms; None where a row has none."""
    finite = (row[np.isfinite(row)] for row in logarithms)
    return [float(np.exp(row.mean())) if len(row) else None for row in finite]


def time_ratios(
    panel: Panel, seconds: Array, environment: Array, reference: int, *, level: float = LEVEL
) -> dict[int, TimeRatio]:
    """Return the ratio of times to the reference's, of rows that ran on the same device with as many threads.

    Trials are compared in one environment only. Where some trials of both rows are of one occasion, these
    alone count; where none is, all do, and there is no interval.

    Parameters
    ----------
    panel : Panel
        the panel.
    seconds : ndarray of float64
        (rows, slots); NaN where there is none.
    environment : ndarray of float64
        (rows, slots), a number for each fingerprint; only trials of one fingerprint are compared.
    reference : int
        row.
    level : float, default 0.95
        of the intervals.
    """
    own = panel.places[reference]
    rows = [
        row
        for row, place in enumerate(panel.places)
        if row != reference and (place.device, place.threads) == (own.device, own.threads)
    ]
    values, occasion = logarithms(seconds), panel.by_slot(panel.occasion)
    found = {}
    for row in rows:
        alike = environment[row] == environment[reference]
        ratio = np.where(alike, values[row] - values[reference], np.nan)
        together = np.where(occasion[row] == occasion[reference], occasion[row], np.nan)
        if np.isfinite(ratio).any():
            found[row] = _time_ratio(panel, ratio, together, level)
    return found


def _time_ratio(panel: Panel, ratio: Array, occasion: Array, level: float) -> TimeRatio:
    """Return a ratio of its logarithms by slot; the occasion is NaN where the two trials share none."""
    shared = np.isfinite(ratio) & np.isfinite(occasion)
    ratio = np.where(shared, ratio, np.nan) if shared.any() else ratio
    there = np.isfinite(ratio)
    sizes = np.add.reduceat(there.astype(np.int64), panel.starts)
    image = np.repeat(np.arange(len(sizes)), np.diff([*panel.starts, panel.slots]))[there]
    images = int(np.count_nonzero(sizes))
    share = 1 / (sizes[image] * images)  # a slot has a share in its image, an image in the whole
    centre = float((share * ratio[there]).sum())
    interval, number = None, 0
    if shared.any():
        occasions, of_slot = np.unique(occasion[there], return_inverse=True)
        number = len(occasions)
        half = half_width(ratio[there], share, image, of_slot, level) if images > 1 else None
        interval = _around(centre, half) if half and half > 10.0**-DECIMALS else None
    return TimeRatio(images=images, value=float(np.exp(centre)), interval=interval, occasions=number)


def _around(centre: float, half: float) -> Interval:
    with np.errstate(over="ignore"):  # of very unlike times the upper end is infinite
        low, high = np.exp([centre - half, centre + half]).tolist()
    return Interval(low=low, high=high)


def half_width(values: Array, share: Array, image: Indices, occasion: Indices, level: float = LEVEL) -> float:
    """Return the half width of the interval of a weighted mean of values of images on occasions.

    A value is taken as mu + a (image) + b (occasion) + what is left. The variance of the mean has a part of
    the images and a part of the occasions; what both parts hold is taken off once (Cameron, Gelbach and
    Miller 2011):

        half^2 = t_(n - 1)^2 (V(images) - V(cells)) + t_(k - 1)^2 V(occasions)

    for n images, k occasions and the cells that a pair of both is; V is `variance_of_mean` of their means.
    It is no less than Student's interval over images alone, or over occasions alone. With one occasion it is
    the former. If each image is of one occasion, cells are images, and it is the wider one of the two.

    The estimate weighs all images alike, not occasions by their inverse variances as a random-effects mean
    does: so it stays the ratio of the two mean times that a board shows.

    Parameters
    ----------
    values, share : ndarray of float64
        (values,) logarithms, and the share of each in the mean; shares add to 1.
    image, occasion : ndarray of int64
        (values,) where each belongs, from 0; at least two images.
    level : float, default 0.95
        of the interval.

    References
    ----------
    A. C. Cameron, J. B. Gelbach and D. L. Miller, Robust Inference With Multiway Clustering, Journal of
    Business and Economic Statistics 29 (2011), section 2.
    J. IntHout, J. P. A. Ioannidis and G. F. Borm, The Hartung-Knapp-Sidik-Jonkman method for random effects
    meta-analysis is straightforward and considerably outperforms the standard DerSimonian-Laird method, BMC
    Medical Research Methodology 14 (2014): few groups need Student's t with k - 1 degrees of freedom.
    """
    count = int(occasion.max()) + 1
    of_images, images = variance_of_mean(values, share, image)
    squared = scipy.special.stdtrit(images - 1, (1 + level) / 2) ** 2
    over_images = squared * of_images
    if count < 2:
        return float(np.sqrt(over_images))
    of_occasions, _ = variance_of_mean(values, share, occasion)
    of_cells, _ = variance_of_mean(values, share, image * count + occasion)
    over_occasions = scipy.special.stdtrit(count - 1, (1 + level) / 2) ** 2 * of_occasions
    both = over_images + over_occasions - squared * of_cells
    return float(np.sqrt(max(both, over_images, over_occasions)))


def variance_of_mean(values: Array, share: Array, group: Indices) -> tuple[float, int]:
    """Return the estimated variance of a weighted mean of groups, and how many there are, at least two.

    With the means m_g of the groups, their shares w_g and the mean m = sum w_g m_g,

        v = sum w_g (m_g - m)^2 / (1 - sum w_g^2)

    has the expectation of the groups' variance if they have the same (method of moments), and v sum w_g^2
    that of m. With equal shares that is the square of the standard error.
    """
    _, number = np.unique(group, return_inverse=True)
    w = np.bincount(number, share).astype(np.float64)
    m = np.bincount(number, share * values) / w
    squares = (w**2).sum()
    variance = (w * (m - (w * m).sum()) ** 2).sum() / (1 - squares)
    return float(variance * squares), len(w)

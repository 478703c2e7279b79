"""Ratios of times, with intervals that know of images and of occasions.

All means of times are geometric, over repetitions and over images: so the ratio of two of them is the mean of
ratios, and an image that takes a hundred times as long counts as much as any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from priorbench.ranking.boards import Interval, TimeRatio

if TYPE_CHECKING:  # it numbers the occasions
    from priorbench.ranking.panels import Panel

Array = NDArray[np.float64]

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
    images = panel.by_image(ratio[None])[0]
    there = np.isfinite(images)
    centre, number = float(images[there].mean()), int(there.sum())
    means, weights = _by_occasion(panel, ratio, occasion) if shared.any() else ((), ())
    interval = None
    if len(means) and number > 1:
        half = max(half_width(images[there], level), occasions_half_width(means, weights, level))
        low, high = np.exp([centre - half, centre + half]).tolist()
        interval = Interval(low=low, high=high, kind="student")
    return TimeRatio(images=number, value=float(np.exp(centre)), interval=interval, occasions=len(means))


def _by_occasion(panel: Panel, ratio: Array, occasion: Array) -> tuple[Array, Array]:
    """Return the mean of each occasion, and its share in the mean over images.

    A slot has a share in its image, an image in the whole; slots without a ratio have none.
    """
    there = np.isfinite(ratio)
    sizes = np.add.reduceat(there.astype(np.int64), panel.starts)
    lengths = np.diff([*panel.starts, panel.slots])
    share = np.repeat(1 / (np.maximum(sizes, 1) * np.count_nonzero(sizes)), lengths)[there]
    _, number = np.unique(occasion[there], return_inverse=True)
    weights = np.bincount(number, share).astype(np.float64)
    return np.bincount(number, share * ratio[there]) / weights, weights


def half_width(values: Array | Sequence[float], level: float = LEVEL) -> float:
    """Return the half width of Student's interval of a mean of independent values, at least two."""
    number = len(values)
    quantile = special.stdtrit(number - 1, (1 + level) / 2)
    return float(quantile * np.std(values, ddof=1) / np.sqrt(number))


def occasions_half_width(
    means: Array | Sequence[float], weights: Array | Sequence[float], level: float = LEVEL
) -> float:
    """Return the half width of the interval of a weighted mean of occasions; 0 for a single one.

    The mean m_o of occasion o is taken as mu + b_o, where b_o has variance v: what differs between occasions,
    and what is left of images and repetitions. With the estimate m = sum w_o m_o, sum w_o = 1,

        v = sum w_o (m_o - m)^2 / (1 - sum w_o^2)

    has the expectation of the variance (method of moments, as in DerSimonian and Laird 1986, with the weights
    of the estimate itself), and m has the variance v sum w_o^2. The interval is m plus or minus t_(k - 1)
    times its root, for k occasions. With equal weights that is Student's interval of k means.

    The weights are the shares that occasions have in the mean over images, not the inverse variances of a
    random-effects mean: so the estimate stays the ratio of the two mean times that a board shows.

    Parameters
    ----------
    means, weights : ndarray of float64
        (occasions,) logarithms, and the share of each; shares add to 1.
    level : float, default 0.95
        of the interval.

    References
    ----------
    R. DerSimonian and N. Laird, Meta-analysis in clinical trials, Controlled Clinical Trials 7 (1986).
    J. IntHout, J. P. A. Ioannidis and G. F. Borm, The Hartung-Knapp-Sidik-Jonkman method for random effects
    meta-analysis is straightforward and considerably outperforms the standard DerSimonian-Laird method, BMC
    Medical Research Methodology 14 (2014): Student's t with k - 1 degrees of freedom, no normal quantile.
    """
    m, w = np.asarray(means, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if len(m) < 2:
        return 0.0
    squares = (w**2).sum()
    variance = (w * (m - (w * m).sum()) ** 2).sum() / (1 - squares)
    return float(special.stdtrit(len(m) - 1, (1 + level) / 2) * np.sqrt(variance * squares))

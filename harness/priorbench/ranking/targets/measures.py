"""Success, expected running time, and what is there when the time is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from priorbench.ranking.targets.fits import Fit
from priorbench.ranking.targets.model import Band, Reached, Steps, Within

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

#: points of a line, at most: a page has many
MOST_POINTS = 60
#: an image that was restored exactly counts as this many dB in means and lines
EXACT_DB = 100.0
#: no clock tells shorter times
_SHORTEST = 1e-6


def expected_running_time(
    successes: Sequence[float] | Array, failures: Sequence[float] | Array
) -> float | None:
    """Return what all fits spent for each success; None without a success, or where a time is unknown.

    (sum of the times of successes + sum of the times of whole unsuccessful fits) / number of successes: the
    expected time until the first success of somebody who starts again after every failure, as black-box
    optimisation has it (Hansen, Auger, Ros, Mersmann, Tušar & Brockhoff 2021).
    """
    if not len(successes):
        return None
    total = float(np.sum(successes) + np.sum(failures)) / len(successes)
    return total if np.isfinite(total) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Hits:
    """When the fits of a method first reach a target.

    Attributes
    ----------
    seconds, iterations : ndarray of float64
        (fits,) until then, or of the whole fit where it never does.
    success : ndarray of bool
        (fits,) whether it does.
    """

    seconds: Array
    iterations: Array
    success: NDArray[np.bool_]

    @property
    def times(self) -> Array:
        """Seconds of each fit; infinite where it never reaches the target."""
        return np.where(self.success, self.seconds, np.inf)


def hits_of(fits: Mapping[int, Fit], wanted: Array) -> Hits:
    """Return when fits first reach a target.

    Parameters
    ----------
    fits : Mapping[int, Fit]
        by slot.
    wanted : ndarray of float64
        (slots,) PSNR that is the target on each, in dB; fits of slots where it is NaN are left out.
    """
    found = []
    for slot, target in zip(fits, wanted[list(fits)].tolist(), strict=True):
        if target == target:
            fit = fits[slot]
            number = fit.first(target)
            found.append(
                (fit.end_seconds, fit.end_iteration, False)
                if number is None
                else (fit.seconds[number], fit.iteration[number], True)
            )
    columns = np.array(found, dtype=np.float64).reshape(-1, 3).T
    return Hits(seconds=columns[0], iterations=columns[1], success=columns[2] > 0)


def reached(name: str, hits: Hits, *, timed: bool) -> Reached:
    """Return how a method does on the target of this name; `timed` says whether times can be compared."""
    won = hits.success
    seconds, iterations = (
        (expected_running_time(spent[won], spent[~won]), _median(spent[won])) if known else (None, None)
        for spent, known in ((hits.seconds, timed), (hits.iterations, True))
    )
    return Reached(
        target=name,
        fits=len(won),
        successes=int(won.sum()),
        expected_seconds=seconds[0],
        median_seconds=seconds[1],
        expected_iterations=iterations[0],
        median_iterations=iterations[1],
    )


def _median(values: Array) -> float | None:
    found = float(np.median(values)) if len(values) else float("nan")
    return found if np.isfinite(found) else None


def distribution(times: Array) -> Steps | None:
    """Return the share of pairs that were reached against time; None without a pair."""
    if not len(times):
        return None
    at = np.unique(times[np.isfinite(times)])
    if len(at) > MOST_POINTS:
        at = at[np.unique(np.linspace(0, len(at) - 1, MOST_POINTS).round().astype(np.int64))]
    share = np.searchsorted(np.sort(times), at, side="right") / len(times)
    return Steps(at=tuple(at.tolist()), share=tuple(share.tolist()))


class Images:
    """Means over images of what is known of slots: draws of an image are averaged first.

    Parameters
    ----------
    slots : ndarray of int64
        those that count.
    image : ndarray of int64
        (all slots,) number of the image of each.
    noisy : ndarray of float64
        (all slots,) PSNR of the noisy images, in dB; slots without one are in no mean.
    """

    def __init__(self, slots: Indices, image: Indices, noisy: Array) -> None:
        self._slots = slots[np.isfinite(noisy[slots])]
        _, self._image = np.unique(image[self._slots], return_inverse=True)
        self._noisy = noisy

    @property
    def noisy_psnr(self) -> float | None:
        """Mean of the noisy images."""
        return self._mean(self._noisy[self._slots])

    def within(self, fits: Mapping[int, Fit], seconds: float, share: float | None) -> Within:
        """Return what a method has on these slots when the time is over; `share` is of reached pairs."""
        last = np.array([fits[slot].last_until(seconds) for slot in self._slots])
        best = np.array([fits[slot].best_until(seconds) for slot in self._slots])
        noisy = self._noisy[self._slots]
        psnr, best_psnr = (self._mean(_filled(values, noisy)) for values in (last, best))
        start = self._mean(noisy)
        return Within(
            seconds=seconds,
            reached=share,
            psnr=psnr,
            gain=_less(psnr, start),
            best_psnr=best_psnr,
            best_gain=_less(best_psnr, start),
            without=len(np.unique(self._image[np.isnan(last)])),
        )

    @property
    def count(self) -> int:
        """Images in the means."""
        return len(np.unique(self._image))

    def _mean(self, values: Array) -> float | None:
        if not len(values):
            return None
        return float((np.bincount(self._image, values) / np.bincount(self._image)).mean())


def _filled(values: Array, noisy: Array) -> Array:
    return np.minimum(np.where(np.isnan(values), noisy, values), EXACT_DB)


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def band(fits: Mapping[int, Fit], image: Indices, axis: Callable[[Fit], Array]) -> Band | None:
    """Return the quartiles over images of what fits have along an axis; None without a point.

    PSNR is interpolated linearly in the logarithm of the axis, and draws of an image are averaged first. The
    line begins where every fit has a point, and ends at the median of the ends; a fit that ended earlier
    keeps its last value. What has one point for each image, a one-shot method, becomes one at the median.
    """
    lines = {slot: (np.maximum(axis(fit), _SHORTEST), fit.psnr) for slot, fit in fits.items()}
    lines = {slot: line for slot, line in lines.items() if len(line[0]) and np.isfinite(line[0]).all()}
    if not lines:
        return None
    end = float(np.median([at[-1] for at, _ in lines.values()]))
    begin = min(max(float(at[0]) for at, _ in lines.values()), end)
    several = begin < end and any(len(at) > 1 for at, _ in lines.values())
    grid = np.geomspace(begin, end, MOST_POINTS) if several else np.array([end])
    grid[-1] = end
    capped = ((at, np.minimum(psnr, EXACT_DB)) for at, psnr in lines.values())
    values = np.array(
        [np.interp(np.log(grid), np.log(at), psnr) if several else psnr[-1:] for at, psnr in capped]
    )
    _, member, draws = np.unique(image[list(lines)], return_inverse=True, return_counts=True)
    means = np.zeros((len(draws), len(grid)))
    np.add.at(means, member, values)
    means /= draws[:, None]
    low, median, high = np.percentile(means, [25, 50, 75], axis=0)
    columns = (tuple(np.round(column, 3).tolist()) for column in (low, median, high))
    return Band(at=tuple(grid.tolist()), **dict(zip(("low", "median", "high"), columns, strict=True)))

"""From timings in blocks to how far they scatter, and to the difference that a run can resolve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]

LEVEL = 0.95
#: images and repetitions of the runs that are told of
IMAGES, REPETITIONS = (3, 12, 24, 100), (1, 3)
#: of a normal distribution: standard deviation over median absolute deviation
_NORMAL = 1.4826


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolved:
    """The smallest difference in time, in per cent, that a run of so many images and repetitions resolves."""

    images: int
    repetitions: int
    percent: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Scatter:
    """How far the timings of one piece of work scatter; relative to its time.

    Attributes
    ----------
    timings : int
        how many.
    median_seconds : float
        of all.
    typical : float
        robust coefficient of variation of single timings within a block: what most of them do.
    single : float
        standard deviation of single timings within a block, with all that stick out.
    between : float
        standard deviation between blocks, without what single timings add to it: drift.
    marked : float
        share of timings that something disturbed.
    resolved : tuple of Resolved
        what runs can tell apart.
    """

    timings: int
    median_seconds: float
    typical: float
    single: float
    between: float
    marked: float
    resolved: tuple[Resolved, ...]


def scatter(blocks: Sequence[Array], marked: float = 0.0) -> Scatter:
    """Return the scatter of timings.

    With the logarithms x of seconds, n_b of them in block b with the mean m_b:

        single^2  = sum (x - m_b)^2 / sum (n_b - 1)
        between^2 = variance of the m_b - single^2 mean(1 / n_b), or 0 where that is less

    Parameters
    ----------
    blocks : Sequence of ndarray of float64
        seconds, at least two in each of at least two blocks.
    marked : float, default 0.0
        share of timings that something disturbed.
    """
    logarithms = [np.log(block) for block in blocks]
    number = np.array([len(block) for block in blocks])
    means = np.array([block.mean() for block in logarithms])
    squares = sum(float(((block - block.mean()) ** 2).sum()) for block in logarithms)
    single = squares / float((number - 1).sum())
    between = max(0.0, float(means.var(ddof=1)) - single * float((1 / number).mean()))
    apart = np.concatenate([np.abs(block - np.median(block)) for block in logarithms])
    within, drift = math.sqrt(single), math.sqrt(between)
    return Scatter(
        timings=int(number.sum()),
        median_seconds=float(np.median(np.concatenate(blocks))),
        typical=_NORMAL * float(np.median(apart)),
        single=within,
        between=drift,
        marked=marked,
        resolved=tuple(
            Resolved(
                images=images,
                repetitions=repetitions,
                percent=100 * math.expm1(resolvable(within, drift, images=images, repetitions=repetitions)),
            )
            for repetitions in REPETITIONS
            for images in IMAGES
        ),
    )


def resolvable(
    single: float, between: float, *, images: int, repetitions: int = 1, level: float = LEVEL
) -> float:
    """Return the smallest difference of two methods' mean logarithms that a run can tell from none.

    That is the half width of the interval of the ratio of their times,
    t_(n - 1) sqrt(2) sqrt(single^2 / (n r) + between^2), for n images and r repetitions. The two methods are
    not timed at the same moment, so drift does not cancel, and more images do not make it smaller. What
    images themselves add, because one method is slower on some, is not in it.

    Parameters
    ----------
    single, between : float
        standard deviations of logarithms.
    images, repetitions : int
        of the run; at least two images.
    level : float, default 0.95
        of the interval.
    """
    quantile = float(special.stdtrit(images - 1, (1 + level) / 2))
    return quantile * math.sqrt(2) * math.sqrt(single**2 / (images * repetitions) + between**2)

"""Compares the rows of a board pairwise on the same images: differences, and who is told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from priorbench.ranking.boards import Difference, Interval
from priorbench.ranking.claims import Claims
from priorbench.ranking.inference.sign_flips import DECIMALS, flip_tests
from priorbench.ranking.inference.statistics import mean_intervals, win_rates
from priorbench.ranking.panels import Panel

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Pairs = Sequence[tuple[int, int]]

#: differences that are worked out at a time
_CHUNK = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Quality:
    """The PSNR of every row of a panel, to be compared image by image.

    Attributes
    ----------
    panel : Panel
        the panel.
    psnr : ndarray of float64
        (rows, slots) in dB; NaN where there is none.
    exact : ndarray of bool
        (rows, slots) restored bit by bit, so that there is no PSNR.
    """

    panel: Panel
    psnr: Array
    exact: NDArray[np.bool_]

    def intervals(self, level: float) -> list[Interval | None]:
        """Return the interval of each row's mean PSNR over the images."""
        return mean_intervals(self.panel.by_image(self.psnr), level)

    def minus(self, pairs: Pairs) -> Array:
        """Return the first of each pair minus the second in dB, by slot, then by image: (pairs, images).

        NaN for an image that either restored exactly in all draws.
        """
        first, second = _columns(pairs)
        return self.panel.by_image(self.psnr[first] - self.psnr[second])

    def alike(self, pairs: Pairs) -> NDArray[np.bool_]:
        """Mark the pairs that have a PSNR in the same slots, so that means over images can be subtracted."""
        first, second = _columns(pairs)
        there = np.isfinite(self.psnr)
        return np.asarray((there[first] == there[second]).all(axis=1))

    def counted(self, differences: Array, pairs: Pairs) -> Array:
        """Return the differences with those to an exact image: as large as the pair's largest.

        An exact image has no PSNR, and no finite difference is too large for it. That of the pair's largest
        lets it count as a win, and decide no mean by its size; it is 1 dB where there is no other.
        """
        first, second = _columns(pairs)
        signs = np.nan_to_num(self.panel.by_image(self._exact_signs(first, second)))
        largest = np.abs(np.nan_to_num(differences)).max(axis=1, initial=0.0)
        size = np.where(largest > 0, largest, 1.0)[:, None]
        missing = ~np.isfinite(differences)
        both = self.panel.by_image((self.exact[first] & self.exact[second]).astype(np.float64)) > 0
        filled = np.where(missing & (signs != 0), np.sign(signs) * size, differences)
        return np.where(missing & (signs == 0) & both, 0.0, filled)

    def _exact_signs(self, first: Indices, second: Indices) -> Array:
        """Return by slot 1 where only the first is exact, -1 where only the second is, 0 elsewhere."""
        there = np.isfinite(self.psnr) | self.exact
        signs = self.exact[first].astype(np.float64) - self.exact[second]
        return np.where(there[first] & there[second], signs, 0.0)


def _columns(pairs: Pairs) -> tuple[Indices, Indices]:
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """What a pair of rows came to.

    Attributes
    ----------
    difference : Difference or None
        None where no image has a PSNR of both.
    total : float
        sum of the differences that count, in dB: its sign says which row is ahead.
    better : int
        1 where the first row is shown to be better, -1 where the second is, 0 where they are not told apart.
    adjusted : float
        the p of the test, for the family.
    """

    difference: Difference | None
    total: float
    better: int
    adjusted: float


def compared(quality: Quality, pairs: Pairs, claims: Claims) -> list[Compared]:
    """Compare pairs of rows as one family: first minus second.

    Parameters
    ----------
    quality : Quality
        of all rows.
    pairs : Sequence[tuple[int, int]]
        rows.
    claims : Claims
        what is called different, and what equal.
    """
    means = np.nan_to_num(quality.panel.by_image(quality.psnr))
    vectors, operands = [means], []
    found: list[tuple[Difference | None, float]] = []
    step = max(1, _CHUNK // max(1, quality.panel.slots))
    for start in range(0, len(pairs), step):
        part = pairs[start : start + step]
        shown = quality.minus(part)
        counted = quality.counted(shown, part)
        found += zip(
            _differences(shown, counted, claims.level),
            np.nansum(counted, axis=1).round(DECIMALS),
            strict=True,
        )
        for pair, row, alike in zip(part, counted, quality.alike(part), strict=True):
            if alike:
                operands.append(pair)
            else:  # what is compared is not what two means over images differ by
                operands.append((sum(map(len, vectors)), -1))
                vectors.append(np.nan_to_num(row)[None])
    p = flip_tests(np.vstack(vectors), *_columns(operands))
    return [
        _judged(difference, float(total), float(alone), float(adjusted), claims)
        for (difference, total), alone, adjusted in zip(found, p.alone, p.adjusted, strict=True)
    ]


def _differences(shown: Array, counted: Array, level: float) -> list[Difference | None]:
    """Return the differences, with p values to come."""
    columns = zip(shown, mean_intervals(shown, level), win_rates(counted), strict=True)
    return [
        Difference(
            images=int(np.isfinite(value).sum()),
            mean=float(np.nanmean(value)),
            interval=interval,
            win_rate=won,
        )
        if np.isfinite(value).any()
        else None
        for value, interval, won in columns
    ]


def _judged(
    difference: Difference | None, total: float, alone: float, adjusted: float, claims: Claims
) -> Compared:
    sign = int(np.sign(total)) if adjusted <= claims.error else 0
    if difference is None:
        return Compared(difference=None, total=total, better=sign, adjusted=adjusted)
    difference = replace(difference, p=alone, p_adjusted=adjusted)
    told = sign if _shows(difference, sign, claims) else 0
    return Compared(difference=difference, total=total, better=told, adjusted=adjusted)


def _shows(difference: Difference, sign: int, claims: Claims) -> bool:
    """Say whether the mean and its interval lie where the test has the better row, and far enough."""
    low, high = difference.ends
    return sign * difference.mean >= claims.rope and (low > 0 if sign > 0 else high < 0)


def verdict(difference: Difference, better: int, claims: Claims) -> str:
    """Return what may be claimed: ``better``, ``worse``, ``equivalent`` or nothing."""
    if better:
        return "better" if better > 0 else "worse"
    low, high = difference.ends
    known = difference.images > 1
    return "equivalent" if known and -claims.rope <= low and high <= claims.rope else ""

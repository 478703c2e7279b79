"""Compares methods pairwise on the same images: differences, shared ranks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from priorbench.ranking.boards import Difference, Interval
from priorbench.ranking.panels import Panel
from priorbench.ranking.statistics import (
    Resampled,
    holm,
    mean_intervals,
    resampled,
    signed_rank_p,
    win_rates,
)

Array = NDArray[np.float64]


class Paired:
    """A quantity of every row of a panel, to be compared image by image.

    Parameters
    ----------
    panel : Panel
        the panel.
    values : ndarray of float64
        (rows, slots); NaN where there is none.
    """

    def __init__(self, panel: Panel, values: Array) -> None:
        self._panel = panel
        self._slots = values
        self.images = panel.by_image(values)
        self._resampled = resampled(self.images)

    def intervals(self) -> list[Interval | None]:
        """Return the interval of each row's mean over the images."""
        return mean_intervals(self.images, self._resampled)

    def minus(self, rows: Sequence[int], references: Sequence[int]) -> tuple[Array, Resampled]:
        """Return rows minus references, paired slot by slot, and the resampled means of that.

        Parameters
        ----------
        rows, references : Sequence[int]
            of equal length.

        Returns
        -------
        tuple[ndarray, ndarray]
            (rows, images) and (rows, resamples).
        """
        differences = self._panel.by_image(self._slots[rows] - self._slots[references])
        there = np.isfinite(self._slots)
        alike = (there[rows] == there[references]).all(axis=1)
        means = self._resampled[rows] - self._resampled[references]
        if not alike.all():
            means[~alike] = resampled(differences[~alike])
        return differences, means


def differences(psnr: Paired, reference: int) -> dict[int, Difference]:
    """Return the difference to the reference of every row that shares an image with it."""
    rows = [row for row in range(len(psnr.images)) if row != reference]
    values, means = psnr.minus(rows, [reference] * len(rows))
    shared = np.flatnonzero(np.isfinite(values).any(axis=1))
    rows, values = [rows[number] for number in shared], values[shared]
    p = signed_rank_p(values)
    columns = zip(
        rows,
        values,
        mean_intervals(values, means[shared]),
        win_rates(values),
        p,
        holm(p),
        strict=True,
    )
    return {
        row: Difference(
            images=int(np.isfinite(value).sum()),
            mean=float(np.nanmean(value)),
            interval=interval,
            p=alone,
            p_holm=corrected,
            win_rate=won,
        )
        for row, value, interval, won, alone, corrected in columns
    }


def shared_ranks(psnr: Paired, ranked: Sequence[int]) -> list[int]:
    """Return the rank of each row, from the best mean to the worst.

    A row shares the rank of the best row of the group before it, unless the interval of its difference to
    that row excludes zero: then it begins a group of its own. Ranks count rows, as in 1, 1, 3.

    Parameters
    ----------
    psnr : Paired
        of all rows.
    ranked : Sequence[int]
        rows by mean PSNR, best first.
    """
    without = [not np.isfinite(row).any() for row in psnr.images]  # every image exact: better than any PSNR
    neighbours = mean_intervals(*psnr.minus(ranked[1:], ranked[:-1])) if len(ranked) > 1 else []
    ranks: list[int] = []
    leader = -1
    for place, row in enumerate(ranked):
        if leader < 0 or without[row] != without[leader]:
            apart = True
        elif leader == ranked[place - 1]:  # the usual case, worked out for all rows at once
            apart = _excludes_zero(neighbours[place - 1])
        else:
            apart = _excludes_zero(mean_intervals(*psnr.minus([row], [leader]))[0])
        leader = row if apart else leader
        ranks.append(place + 1 if apart else ranks[-1])
    return ranks


def _excludes_zero(interval: Interval | None) -> bool:
    return interval is not None and not interval.low <= 0 <= interval.high

"""The gap between a result and the best iterate of its trajectory, and what else records say of a rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.ranking.inference.sign_flips import DECIMALS
from priorbench.ranking.measured import Measured
from priorbench.ranking.panels import Panel
from priorbench.ranking.rules.groups import Group, Shown
from priorbench.ranking.times import logarithms
from priorbench.words import kind_of

Array = NDArray[np.float64]
Marks = NDArray[np.bool_]

#: dB; two bounds of one trajectory that are nearer to each other are the same: curves are rounded
_SAME = 0.005


class Gaps:
    """What the records of a panel say of its rules, by row.

    Parameters
    ----------
    panel : Panel
        the panel.
    measured : Measured
        its usable results.
    groups : Sequence[Group]
        the rules of each method.
    shown : Sequence[Shown]
        of each row; of a row without a rule it does not matter.
    """

    def __init__(
        self, panel: Panel, measured: Measured, groups: Sequence[Group], shown: Sequence[Shown]
    ) -> None:
        self._panel, self._good = panel, panel.scores.status == "ok"
        self._psnr, self._exact = measured.psnr, measured.exact
        self._seconds, self._environment = measured.seconds, measured.environment
        self._bound = self._spread(panel.scores.oracle_psnr)
        self._best, self._oracle = self._of_trajectory(groups, shown)

    def columns(self, gap: float) -> dict[str, list[Any]]:
        """Return fields of `RuleRow` as columns over the rows; a larger gap than this is a failure."""
        gaps = self._gaps()
        by_image = self._panel.by_image(gaps).round(DECIMALS)
        known = np.isfinite(by_image)
        whole = np.isfinite(gaps) & (self._exact | (self._bound >= self._oracle - _SAME))
        short = np.isfinite(gaps) & ~self._exact & (self._bound < self._best - _SAME)
        return {
            "gap_median": _each(np.median, by_image),
            "gap_95": _each(lambda values: np.percentile(values, 95), by_image),
            "over_gap": _each(lambda values: np.mean(values > gap), by_image),
            "gap_images": known.sum(axis=1).tolist(),
            "full_bound": (known & ~self._any(np.isfinite(gaps) & ~whole)).sum(axis=1).tolist(),
            "short_bound": self._any(short).sum(axis=1).tolist(),
            **self._stops(),
            "seconds": self._medians_of_seconds(),
            **self._fits(),
            "refusals": self._refusals(),
        }

    def _spread(self, values: NDArray[Any]) -> Array:
        return self._panel.by_slot(np.where(self._good, values, np.nan))

    def _any(self, slots: Marks) -> Marks:
        """Mark the images of which any slot is marked: (rows, images)."""
        if not self._panel.slots:
            return slots
        return np.asarray(np.logical_or.reduceat(slots, self._panel.starts, axis=1))

    def _of_trajectory(self, groups: Sequence[Group], shown: Sequence[Shown]) -> tuple[Array, Array]:
        """Return what other rows know of the same trajectory, by row and slot.

        Returns
        -------
        tuple[ndarray, ndarray]
            The highest bound of all rows of it (-inf where there is none, inf where one restored the image
            exactly), and what an oracle rule reached (inf where none ran).
        """
        best, oracle = np.full_like(self._bound, -np.inf), np.full_like(self._bound, np.inf)
        for group in groups:
            for average in {shown[row].average for row in group.rows}:
                rows = [row for row in group.rows if shown[row].average == average]
                best[rows] = _highest(self._bound[rows], self._exact[rows])
                seeing = [row for row in rows if self._panel.entries[row].oracle]
                if seeing:
                    reached = _highest(self._psnr[seeing], self._exact[seeing])
                    oracle[rows] = np.where(reached > -np.inf, reached, np.inf)
        return best, oracle

    def _gaps(self) -> Array:
        """Return the gap by row and slot; NaN where nothing bounds the result.

        An exact result is the best of any trajectory.
        """
        return np.where(self._exact, 0.0, self._bound - self._psnr)

    def _stops(self) -> dict[str, list[Any]]:
        """Return how often criteria were not met, and medians of iterations."""
        scores = self._panel.scores
        fired = self._panel.by_image(self._spread(scores.fired))
        return {
            "never_fired": _each(lambda values: 1 - np.mean(values), fired),
            "stopped_at": _each(np.median, self._panel.by_image(self._spread(scores.stopped_at))),
            "iterations": _each(np.median, self._panel.by_image(self._spread(scores.iterations))),
            "fired_alike": [
                _alike(stops, met)
                for stops, met in zip(
                    self._spread(scores.stopped_at), self._spread(scores.fired), strict=True
                )
            ],
        }

    def _medians_of_seconds(self) -> list[float | None]:
        """Return the median over images of the times; none where trials ran in unlike environments."""
        times = np.exp(self._panel.by_image(logarithms(self._seconds)))
        alike = [len(np.unique(row[np.isfinite(row)])) == 1 for row in self._environment]
        return [value if one else None for value, one in zip(_each(np.median, times), alike, strict=True)]

    def _fits(self) -> dict[str, list[Any]]:
        """Return the images on which a fit failed, and those of which records say whether one did."""
        failed = self._spread(self._panel.scores.fit_failed)
        return {
            "failed_fits": self._any(failed > 0).sum(axis=1).tolist(),
            "fits_judged": self._any(np.isfinite(failed)).sum(axis=1).tolist(),
        }

    def _refusals(self) -> list[dict[str, int]]:
        """Return reason -> trials for each row; reasons that differ in numbers only are the first of them."""
        counts: list[Counter[str]] = [Counter() for _ in self._panel.places]
        first: dict[tuple[int, str], str] = {}
        refused = np.flatnonzero(self._panel.scores.status == "refused")
        for record in refused[np.argsort(self._panel.slot[refused], kind="stable")].tolist():
            row = int(self._panel.row[record])
            text = str(self._panel.scores.reason[record] or "no reason was told")
            counts[row][first.setdefault((row, kind_of(text)), text)] += 1
        return [dict(count) for count in counts]


def _highest(values: Array, exact: Marks) -> Array:
    """Return the highest value of each column: inf for an exact one, -inf where there is none."""
    known = np.where(np.isfinite(values), values, -np.inf)
    return np.asarray(np.where(exact, np.inf, known).max(axis=0))


def _alike(stops: Array, met: Array) -> int | None:
    """Return the iteration at which a rule fired on all slots that it has; None where they differ."""
    there = np.unique(stops[np.isfinite(met)])
    always = (met[np.isfinite(met)] == 1).all()
    return int(there[0]) if always and len(there) == 1 and np.isfinite(there[0]) else None


def _each(reduce: Callable[[Array], Any], values: Array) -> list[float | None]:
    """Reduce the finite values of each row; None where there are none."""
    finite = (row[np.isfinite(row)] for row in values)
    return [float(reduce(row)) if len(row) else None for row in finite]

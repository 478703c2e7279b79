"""Compares two rows of a panel, image by image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.ranking.boards import Difference, Setting, TimeRatio
from priorbench.ranking.claims import Claims
from priorbench.ranking.inference.paired import Quality, compared, verdict
from priorbench.ranking.measured import Measured
from priorbench.ranking.pairs import Pair
from priorbench.ranking.panels import Panel
from priorbench.ranking.times import time_ratios
from priorbench.words import plural

Environments = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Two rows on one image set under one noise and operator.

    Attributes
    ----------
    a, b : str
        names of the rows; the same in two stores.
    psnr_a, psnr_b : float
        mean over the images that are compared, in dB.
    difference : Difference
        of a's PSNR minus b's.
    tested : int
        images that the test is over: those of the difference, and those that either restored exactly.
    time_ratio : TimeRatio or None
        a's time over b's; None with `time_refused` saying why.
    failures_a, failures_b : int
        trials without a result.
    only_a, only_b : int
        images that the other did not restore.
    unlike_noise : int
        images that are left out because the noisy pixels differ.
    notes : tuple of str, default ()
        what else a reader must know.
    """

    a: str
    b: str
    protocol: int
    setting: Setting
    psnr_a: float
    psnr_b: float
    difference: Difference
    tested: int
    time_ratio: TimeRatio | None
    time_refused: str | None
    failures_a: int
    failures_b: int
    only_a: int
    only_b: int
    unlike_noise: int
    notes: tuple[str, ...] = ()


class RefusedError(Exception):
    """Why two rows are not compared."""


class Versus:
    """A panel, in which any two rows can be compared."""

    def __init__(self, panel: Panel, claims: Claims) -> None:
        self._panel, self._claims = panel, claims
        self._measured = Measured(panel)
        numbers: dict[str | None, int] = {}
        digests = [
            numbers.setdefault(problem.noisy_sha256, len(numbers)) for problem in panel.scores.problems
        ]
        self._digest = panel.by_slot(np.array(digests)[panel.scores.problem])

    def compare(self, pair: Pair, environments: Environments) -> Comparison:
        """Compare two rows of the panel.

        Raises
        ------
        RefusedError
            If they share no image, or none with the same noise.
        """
        panel, psnr = self._panel, self._measured.psnr
        rows = [panel.places.index(place) for place in (pair.a, pair.b)]
        like, unlike = self._like(rows)
        fair = Quality(
            panel=panel, psnr=np.where(like, psnr[rows], np.nan), exact=like & self._measured.exact[rows]
        )
        [found] = compared(fair, [(0, 1)], self._claims)
        if found.difference is None:
            raise RefusedError("every image that both restored was restored exactly by one of them")
        both = np.isfinite(fair.psnr).all(axis=0)  # of an image with several draws, one may be exact
        means = np.nanmean(panel.by_image(np.where(both, fair.psnr, np.nan)), axis=1)
        ratio, refused, remarks = self._time(rows, like, pair, environments)
        failures = [int((panel.scores.status[panel.row == row] != "ok").sum()) for row in rows]
        restored = (np.isfinite(psnr[rows]) | self._measured.exact[rows]).astype(np.float64)
        there = panel.by_image(restored) > 0
        return Comparison(
            a=pair.name_a,
            b=pair.name_b,
            protocol=panel.protocol,
            setting=panel.setting,
            psnr_a=float(means[0]),
            psnr_b=float(means[1]),
            difference=replace(
                found.difference, verdict=verdict(found.difference, found.better, self._claims)
            ),
            tested=self._images(like),
            time_ratio=ratio,
            time_refused=refused,
            failures_a=failures[0],
            failures_b=failures[1],
            only_a=int((there[0] & ~there[1]).sum()),
            only_b=int((there[1] & ~there[0]).sum()),
            unlike_noise=unlike,
            notes=(*panel.notes, *remarks),
        )

    def _like(self, rows: Sequence[int]) -> tuple[NDArray[np.bool_], int]:
        """Mark the slots that both rows restored from the same noise; count the images of unlike noise.

        Raises
        ------
        RefusedError
            If there are no such slots.
        """
        restored = np.isfinite(self._measured.psnr[rows]) | self._measured.exact[rows]
        both: NDArray[np.bool_] = np.asarray(restored.all(axis=0))
        like = both & (self._digest[rows[0]] == self._digest[rows[1]])
        shared, fair = self._images(both), self._images(like)
        if not shared:
            raise RefusedError("no image that both restored")
        if not fair:
            images = plural(shared, "image")
            raise RefusedError(f"the noise differs (noisy_sha256) on all of {images} that both restored")
        return like, shared - fair

    def _images(self, slots: NDArray[np.bool_]) -> int:
        """Return how many images have any of these slots."""
        return int(np.logical_or.reduceat(slots, self._panel.starts).sum())

    def _time(
        self, rows: Sequence[int], like: NDArray[np.bool_], pair: Pair, environments: Environments
    ) -> tuple[TimeRatio | None, str | None, list[str]]:
        """Return the ratio of times, or why there is none, and what must be known of it."""
        one, two = pair.called_a, pair.called_b
        for what, a, b in zip(("device", "number of threads"), pair.a[2:], pair.b[2:], strict=True):
            if a != b:
                return None, f"unlike {what}: {one} {a}, {two} {b}", []
        measured = self._measured
        timed = like & np.isfinite(measured.seconds[rows]).all(axis=0)
        if not timed.any():
            return None, "no image that both were timed on", []
        seconds = np.where(timed, measured.seconds, np.nan)
        level = self._claims.level
        ratio = time_ratios(self._panel, seconds, measured.environment, rows[1], level=level).get(rows[0])
        if ratio is None:
            return None, f"unlike environments: {self._unlike(rows, environments)}", []
        scores = self._panel.scores
        marked = int((scores.tainted & np.isin(self._panel.row, rows)).sum())
        remarks = [f"{plural(marked, 'timing')} disturbed, by other work or fits"] if marked else []
        if ratio.images < self._images(timed):
            images, others = plural(ratio.images, "image"), "ran in unlike environments or occasions"
            remarks.append(f"times are compared on {images}; the others {others}")
        return ratio, None, remarks

    def _unlike(self, rows: Sequence[int], environments: Environments) -> str:
        """Say what differs in the environments of two rows."""
        scores = self._panel.scores
        marks = [
            {scores.entries[entry].environment for entry in scores.entry[self._panel.row == row]}
            for row in rows
        ]
        a, b = (environments.get(min(found), {}) for found in marks)
        differing = [name for name in sorted(a.keys() | b.keys()) if a.get(name) != b.get(name)]
        return f"{', '.join(differing)} differ" if differing else " and ".join(min(found) for found in marks)

"""Mean curves of iterative methods, which end at the points of the ranking: same trials, same averages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from priorbench.ranking.boards import Board, Row
from priorbench.ranking.inference.shared_results import shared_results
from priorbench.ranking.names import Place
from priorbench.ranking.panels import Panel
from priorbench.report.gathering import BoardStory, TimedCurve

MeanCurve = tuple[NDArray[np.float32], NDArray[np.float32]]

_POINTS = 48
#: a result this near to the last iterate is taken for it, in dB
_NEAR = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One trial's way to its result.

    Attributes
    ----------
    image : int
        number of the image.
    curve : TimedCurve
        the whole fit, as the harness saw it.
    seconds, psnr : float
        of the result, as the record has them; a PSNR of NaN is that of an exact image, which is in no mean.
    """

    image: int
    curve: TimedCurve
    seconds: float
    psnr: float

    def at(self, shares: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return logarithms of seconds, and PSNR in dB, at shares of the way from the first look to the end.

        Shares are of the logarithm of time. What the curve has after the end of this trial (another rule ran
        on) is cut off, and the last point is the result itself.
        """
        before = self.curve.seconds < self.seconds
        times = np.log([*self.curve.seconds[before].astype(np.float64), self.seconds])
        values = np.array([*self.curve.psnr[before].astype(np.float64), self.psnr])
        at = times[0] + shares * (times[-1] - times[0])
        found = np.interp(at, times, values)
        found[shares == 1] = self.psnr
        at[shares == 1] = times[-1]
        return at, found

    @property
    def jump(self) -> float:
        """Return by how much the result differs from the iterate at the time of its end, in dB."""
        last = np.interp(np.log(self.seconds), np.log(self.curve.seconds), self.curve.psnr)
        return abs(self.psnr - float(last))


def mean_curve(ways: Sequence[Way]) -> MeanCurve | None:
    """Return the curve of a row: what it has on average after each share of its time.

    Means are those of the ranking: PSNR is averaged, and seconds geometrically, over the repetitions of an
    image first and over images then. So the curve ends at the row's point, whatever single trials took.

    Parameters
    ----------
    ways : Sequence[Way]
        every trial of the row.

    Returns
    -------
    tuple or None
        Seconds and PSNR in dB, (points,) each; None where nothing has a PSNR.
    """
    shares = np.linspace(0, 1, _POINTS)
    found = [(way.image, *way.at(shares)) for way in ways]
    times = [(image, at) for image, at, _ in found]
    values = [(image, psnr) for image, _, psnr in found if np.isfinite(psnr).all()]
    if not values:
        return None
    return np.exp(_mean(times)).astype(np.float32), _mean(values).astype(np.float32)


def _mean(parts: Iterable[tuple[int, NDArray[np.float64]]]) -> NDArray[np.float64]:
    """Return the mean over images of their means over repetitions."""
    images: dict[int, list[NDArray[np.float64]]] = {}
    for image, values in parts:
        images.setdefault(image, []).append(values)
    means = [np.mean(draws, axis=0) for draws in images.values()]
    return np.asarray(np.mean(means, axis=0), dtype=np.float64)


def mean_curves(board: Board, story: BoardStory, panel: Panel) -> dict[int, MeanCurve]:
    """Return number of a row -> its mean curve; rules that watched the same fits have one among them.

    That is the rule that reports the last iterate of the whole fit, if there is one: a ranked row before one
    that is not. A row that has a trial without a curve has none: its curve would be over other trials than
    its point.
    """
    shared = shared_results(panel).panel
    fits: dict[tuple[object, ...], dict[int, list[Way]]] = {}
    for number, row in enumerate(board.rows):
        if row.seconds is None or row.psnr is None:
            continue
        ways = _ways(row, story, shared)
        if ways:
            seen = tuple(sorted((way.image, way.curve.psnr.tobytes()) for way in ways))
            fits.setdefault((row.denoiser, row.device, row.threads, seen), {})[number] = ways
    chosen = {_one_of(board, rows): rows for rows in fits.values()}
    curves = {number: mean_curve(chosen[number][number]) for number in sorted(chosen)}
    return {number: curve for number, curve in curves.items() if curve is not None}


def _ways(row: Row, story: BoardStory, shared: Panel) -> list[Way]:
    """Return the way of every trial that the row's means are over; none where a trial has no curve."""
    place = Place(row.denoiser, row.stopping_rule, row.device, row.threads)
    told, scores = story.rows.get(place), shared.scores
    if told is None or place not in shared.places:
        return []
    found = []
    for record in np.flatnonzero((shared.row == shared.places.index(place)) & (scores.status == "ok")):
        problem = scores.problems[scores.problem[record]]
        curve = told.curves.get((problem.image_sha256, problem.repetition))
        if curve is None or not scores.wall_seconds[record] > 0:
            return []
        found.append(
            Way(
                image=int(np.searchsorted(shared.starts, shared.slot[record], side="right")),
                curve=curve,
                seconds=float(scores.wall_seconds[record]),
                psnr=float(scores.psnr[record]),
            )
        )
    return found


def _one_of(board: Board, rows: Mapping[int, Sequence[Way]]) -> int:
    """Return which of the rows that share their fits has the curve."""

    def order(number: int) -> tuple[bool, float, bool, float, int]:
        row, ways = board.rows[number], rows[number]
        jumps = [way.jump for way in ways if np.isfinite(way.psnr)]
        jump = float(np.mean(jumps)) if jumps else 0.0
        whole = all(way.seconds >= way.curve.seconds[-1] for way in ways)
        seconds = row.seconds or 0.0  # of whole fits the one whose rule costs least; of others the longest
        return (
            row.rank is None,
            jump if jump > _NEAR else 0.0,
            not whole,
            seconds if whole else -seconds,
            number,
        )

    return min(rows, key=order)


def pareto_front(points: Iterable[tuple[float, float, int]]) -> list[tuple[float, float, int]]:
    """Return the points that no other one beats in both, by time.

    Parameters
    ----------
    points : Iterable[tuple[float, float, int]]
        seconds, PSNR in dB, and a number that comes back with each.
    """
    front: list[tuple[float, float, int]] = []
    for point in sorted(points, key=lambda point: (point[0], -point[1])):
        if not front or point[1] > front[-1][1]:
            front.append(point)
    return front

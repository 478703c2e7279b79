"""Averages the curves of many trials on one grid of times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from priorbench.report.gathering import TimedCurve

_POINTS = 48


def mean_curve(
    curves: Mapping[tuple[str, int], TimedCurve],
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Return the curve of a row: PSNR that it reaches on average, against time.

    PSNR is interpolated linearly in the logarithm of time and averaged over the images (first over an image's
    repetitions), as in the ranking, so that the curve leads to the row's mean. The grid begins where every
    trial has a first point and ends at the median of the last points; a trial that ended earlier keeps its
    last value.

    Parameters
    ----------
    curves : Mapping[tuple[str, int], TimedCurve]
        (image digest, repetition) -> trajectory.

    Returns
    -------
    tuple or None
        Seconds and PSNR in dB, (points,) each; None without curves.
    """
    if not curves:
        return None
    end = float(np.median([curve.seconds[-1] for curve in curves.values()]))
    begin = min(max(float(curve.seconds[0]) for curve in curves.values()), end)
    grid = np.geomspace(begin, end, _POINTS if begin < end else 1)
    images: dict[str, list[NDArray[np.float64]]] = {}
    for (image, _), curve in curves.items():
        values = np.interp(np.log(grid), np.log(curve.seconds), curve.psnr)
        images.setdefault(image, []).append(values)
    return grid.astype(np.float32), _mean(_mean(draws) for draws in images.values()).astype(np.float32)


def _mean(arrays: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.asarray(np.mean(list(arrays), axis=0))


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

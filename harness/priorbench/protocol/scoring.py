"""Scores an output (clipped, then PSNR, SSIM, further metrics) and each point of the curve."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from priorbench.contract.operators import Identity
from priorbench.contract.records import Curve
from priorbench.protocol.metrics import clip01, mse, psnr, ssim

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from priorbench.protocol.exchange import Problem
    from priorbench.protocol.looks.looking import Point


#: variance that is only the rounding of a difference which is the same in all pixels
_ROUNDING = 1e-30


def finite(value: float | None) -> float | None:
    """Return a number that may enter means and JSON, or None."""
    return None if value is None or not math.isfinite(value) else float(value)


def score(
    output: NDArray[np.float32],
    clean: NDArray[np.float32],
    metrics: Mapping[str, Callable[[Any, Any], float | None]],
    noisy: NDArray[np.float32] | None = None,
) -> dict[str, Any]:
    """Return the scores of an output, by the names of record fields.

    Parameters
    ----------
    output, clean : ndarray of float32
        (channels, height, width); the output is clipped to [0, 1] here.
    metrics : Mapping[str, callable]
        further metrics by name.
    noisy : ndarray of float32 or None, optional
        y, where y - x is the noise that was drawn: see `additive`.
    """
    estimate = clip01(output)
    return {
        "mse": mse(estimate, clean),
        "psnr": finite(psnr(estimate, clean)),
        "ssim": finite(ssim(estimate, clean)),
        "noise_correlation": None if noisy is None else noise_correlation(estimate, clean, noisy),
        "metrics": further(estimate, clean, metrics),
    }


def further(
    estimate: NDArray[np.float32],
    clean: NDArray[np.float32],
    metrics: Mapping[str, Callable[[Any, Any], float | None]],
) -> dict[str, float | None]:
    """Return what further metrics say of an estimate, by their names.

    Parameters
    ----------
    estimate, clean : ndarray of float32
        (channels, height, width); the estimate is clipped.
    metrics : Mapping[str, callable]
        by name.
    """
    return {name: finite(metric(estimate, clean)) for name, metric in metrics.items()}


def additive(problem: Problem) -> NDArray[np.float32] | None:
    """Return y of a problem in which y - x is the noise: one of denoising; None for another operator."""
    return problem.noisy if isinstance(problem.observation.operator, Identity) else None


def noise_correlation(
    estimate: NDArray[np.float32], clean: NDArray[np.float32], noisy: NDArray[np.float32]
) -> float | None:
    """Return Pearson's correlation, over all pixels, of the error and the noise that was drawn.

    What is left of the noise makes it positive: for the posterior mean it is 10^(-gain / 20), for the noisy
    image itself 1.

    Parameters
    ----------
    estimate, clean, noisy : ndarray of float32
        the clipped output, x and y, of one shape.

    Returns
    -------
    float or None
        None where the error or the noise is the same in all pixels.
    """
    error, noise = _deviations(estimate, clean), _deviations(noisy, clean)
    squares = _sum_of_products(error, error), _sum_of_products(noise, noise)
    if min(squares) <= _ROUNDING * error.size:
        return None
    return finite(_sum_of_products(error, noise) / math.sqrt(squares[0] * squares[1]))


def residual_energy(problem: Problem, image: NDArray[np.float32]) -> float:
    """Return the mean square of y - A x over what was measured, of the clean image or of an estimate.

    Parameters
    ----------
    problem : Problem
        y, A, and the pixels that were measured.
    image : ndarray of float32
        x, (channels, height, width).
    """
    observation = problem.observation
    predicted = observation.operator.A(torch.from_numpy(image.astype(np.float64))).numpy()
    difference = problem.noisy.astype(np.float64) - predicted
    if observation.mask is not None:
        difference = difference[np.broadcast_to(observation.mask.cpu().numpy(), difference.shape)]
    return float(np.mean(difference**2))


def _deviations(image: NDArray[np.float32], clean: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return an image minus the clean one, less the mean of that, flat."""
    difference = np.subtract(image, clean, dtype=np.float64).ravel()
    difference -= difference.mean()
    return difference


def _sum_of_products(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the inner product by numpy's own loop: BLAS would wake threads for it."""
    return float(np.einsum("i,i->", one, other))


@dataclass(kw_only=True, slots=True)
class CurveScorer:
    """Scores the points of a trajectory as they come, so that no iterate has to be kept.

    Attributes
    ----------
    problem : Problem
        what the method was given.
    clean : ndarray of float32
        the clean image, (channels, height, width).
    """

    problem: Problem
    clean: NDArray[np.float32]
    iteration: list[int] = field(default_factory=list)
    wall_seconds: list[float] = field(default_factory=list)
    psnr: list[float | None] = field(default_factory=list)
    residual: list[float | None] = field(default_factory=list)
    loss: list[float | None] = field(default_factory=list)

    def __call__(self, point: Point) -> None:
        """Score one point."""
        self.iteration.append(point.iteration)
        self.wall_seconds.append(round(point.wall_seconds, 6))
        self.psnr.append(finite(psnr(clip01(point.estimate), self.clean)))
        self.residual.append(finite(math.sqrt(residual_energy(self.problem, point.estimate))))
        self.loss.append(finite(point.loss))

    def curve(self) -> Curve:
        """Return the curve so far."""
        return Curve(
            iteration=tuple(self.iteration),
            wall_seconds=tuple(self.wall_seconds),
            psnr=tuple(None if value is None else round(value, 5) for value in self.psnr),
            residual=tuple(None if value is None else round(value, 7) for value in self.residual),
            loss=tuple(None if value is None else float(f"{value:.7g}") for value in self.loss),
        )

    def best(self) -> tuple[float | None, int | None]:
        """Return the best PSNR among the points and its iteration."""
        scored = [
            (value, number)
            for value, number in zip(self.psnr, self.iteration, strict=True)
            if value is not None
        ]
        return max(scored, key=lambda pair: pair[0]) if scored else (None, None)

"""A rule that looks at the outputs alone: it stops when their ratio of blurriness to sharpness settles."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from priorbench import PriorbenchError
from priorbench.toolkit.checks import Count, NonNegativeCount, at_least
from priorbench.toolkit.rules import entries
from priorbench_stopping.choosing import first_crossing
from priorbench_stopping.sharpness import LEAST_SIDE, blurriness, grey, sharpness

if TYPE_CHECKING:
    from priorbench import Look, Trajectory, Verdict


class BlurSharpness:
    """Stop when the ratio of blurriness to sharpness of the outputs has settled.

    With r_t = blurriness(x_t) / sharpness(x_t) (see `priorbench_stopping.sharpness`) and n = `window`, it
    fires at the first t > 2n + 1 with

    | mean(r_{t-2n}, ..., r_{t-n-1}) - mean(r_{t-n+1}, ..., r_{t-1}) | < `tolerance`,

    and keeps x_t. Nothing is known of the noise. Where it never fires, the last iterate of the budget is its
    result. It was published for networks whose quality does not fall again, to save time; with others it may
    fire long before or after the best iterate.

    Parameters
    ----------
    window : int, default 100
        n, iterations in each mean, 2 or more.
    tolerance : float, default 0.01
        of the difference of the two means, for images on the scale to 1.
    min_iterations : int, default 0
        it does not fire earlier.
    iterations : int or None, optional
        the budget; null takes the method's own, published one.

    Notes
    -----
    Z. Shi et al., "On measuring and controlling the spectral bias of the deep image prior", IJCV 130 (2022),
    as the published code has it (``code/denoising.py``; the second mean is of n - 1 ratios there). Their
    brightness of grey pictures is not brought to [0, 1]; here it is.
    """

    def __init__(
        self,
        *,
        window: Annotated[int, Field(ge=2)] = 100,
        tolerance: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.01,
        min_iterations: NonNegativeCount = 0,
        iterations: Count | None = None,
    ) -> None:
        at_least(2, window=window)
        at_least(0, min_iterations=min_iterations)
        if not tolerance > 0:
            raise ValueError(f"tolerance must be above 0, not {tolerance}")
        self._window, self._tolerance = window, tolerance
        self._min_iterations = min_iterations
        self._iterations = iterations
        self._budget = 0

    def begin(self, trajectory: Trajectory) -> None:
        """Take the budget."""
        self._budget = trajectory.budget(self._iterations)
        _, height, width = trajectory.observation.shape
        if min(height, width) < LEAST_SIDE:
            raise PriorbenchError(
                f"an image of {height} x {width} is too small for the measure of blurriness: "
                f"it takes {LEAST_SIDE} x {LEAST_SIDE} pixels or more"
            )
        self._ratios: deque[float] = deque(maxlen=2 * self._window)

    def wants(self, iteration: int) -> bool:
        """Every iteration of the budget."""
        return iteration <= self._budget

    def observe(self, look: Look) -> Verdict:
        """Keep the first at which the ratio has settled, or the last."""
        judged = look.iteration > 2 * self._window + 1 and look.iteration >= self._min_iterations
        settled = judged and self._change() < self._tolerance
        plane = grey(entries(look.output).reshape(look.output.shape))
        with np.errstate(divide="ignore", invalid="ignore"):
            self._ratios.append(float(np.divide(blurriness(plane), sharpness(plane))))
        return first_crossing(look.iteration, self._budget, settled)

    def _change(self) -> float:
        """Return the difference of the two means of the ratios so far; NaN where a ratio is."""
        ratios = np.array(self._ratios)
        with np.errstate(invalid="ignore"):  # a flat image has no ratio
            return float(np.abs(ratios[: self._window].mean() - ratios[self._window + 1 :].mean()))

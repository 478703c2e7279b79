"""ES-EMV: the least exponentially weighted variance of the outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from priorbench.toolkit.checks import Count, NonNegativeCount, at_least
from priorbench.toolkit.rules import Best, entries, sum_of_squares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench import Look, Trajectory, Verdict


class MovingVariance:
    """An exponential average a of outputs, and their variance v about it; both are of the last output.

    With d = x_t - a: a <- clip(a + alpha d, 0, 1), v <- (1 - alpha) (v + alpha ||d||^2). They begin as the
    first output and 0.

    Parameters
    ----------
    alpha : float
        weight of the newest output.
    """

    def __init__(self, alpha: float) -> None:
        self._alpha = alpha
        self._value = 0.0
        self._average: NDArray[np.floating] | None = None
        self._difference: NDArray[np.floating] = np.empty(0)

    def add(self, output: NDArray[np.floating]) -> float | None:
        """Add an output; return v, or None at the first."""
        if self._average is None:
            self._average = output.copy()
            self._difference = np.empty_like(output)
            return None
        with np.errstate(invalid="ignore", over="ignore"):  # outputs may be NaN or infinite
            squares = self._move(self._average, output)
        self._value = (1 - self._alpha) * (self._value + self._alpha * squares)
        return self._value

    def _move(self, average: NDArray[np.floating], output: NDArray[np.floating]) -> float:
        """Move the average towards an output; return ||d||^2."""
        difference = np.subtract(output, average, out=self._difference)
        squares = sum_of_squares(difference)
        difference *= self._alpha
        average += difference
        np.clip(average, 0.0, 1.0, out=average)
        return squares


class ExponentialMovingVariance:
    """Keep the iterate at which the moving variance of the outputs is least, as ES-EMV does.

    With x_t the output of iteration t, a_1 = x_1, v_1 = 0, and d_t = x_t - a_{t-1}:

    a_t = clip(a_{t-1} + alpha d_t, 0, 1),    v_t = (1 - alpha) (v_{t-1} + alpha ||d_t||^2).

    From iteration `min_iterations` on it keeps the iterate whose v_t is lower than all before, and fires when
    `patience` iterations have passed without a lower one. The average a_t is only looked at: the notebook
    scores a_t itself, which joins stopping with averaging. Where the budget ends before it fires, the least
    so far is its result; before `min_iterations`, the last iterate.

    Memory: two images. It computes in the precision of the outputs.

    Parameters
    ----------
    alpha : float, default 0.1
        weight of the newest output in the average.
    patience : int, default 1000
        iterations without a lower variance after which it fires.
    min_iterations : int, default 102
        the first iteration that is judged. The notebook counts from 0 and judges from 101 on, which is 102
        counted from 1.
    iterations : int or None, optional
        the budget; null takes the method's own, published one.

    Notes
    -----
    H. Wang et al., "Early stopping for deep image prior", TMLR (2023), and its notebook ``ES_EMV.ipynb``,
    which computes in single precision.
    """

    def __init__(
        self,
        *,
        alpha: Annotated[float, Field(gt=0, lt=1)] = 0.1,
        patience: Count = 1000,
        min_iterations: NonNegativeCount = 102,
        iterations: Count | None = None,
    ) -> None:
        if not 0 < alpha < 1:
            raise ValueError(f"alpha must be between 0 and 1, not {alpha}")
        at_least(1, patience=patience)
        at_least(0, min_iterations=min_iterations)
        self._alpha = alpha
        self._patience, self._min_iterations = patience, min_iterations
        self._iterations = iterations
        self._budget = 0

    def begin(self, trajectory: Trajectory) -> None:
        """Take the budget."""
        self._budget = trajectory.budget(self._iterations)
        self._best = Best(patience=self._patience, budget=self._budget, min_iterations=self._min_iterations)
        self._variance = MovingVariance(self._alpha)

    def wants(self, iteration: int) -> bool:
        """Every iteration of the budget."""
        return iteration <= self._budget

    def observe(self, look: Look) -> Verdict:
        """Keep the least variance; stop when there was none lower for long."""
        value = self._variance.add(entries(look.output))
        return self._best.verdict(look.iteration, value)

"""ES-WMV: the least variance within a window of the last outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from priorbench.toolkit.checks import Count, NonNegativeCount, at_least
from priorbench.toolkit.rules import BLOCK, Best, blocks, entries, sum_of_squares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench import Look, Trajectory, Verdict

#: of the random choice of entries: the same for every fit of images of one size
_SEED = 20230723
#: the part of the sum of squares about the reference that the variance must have; with less, digits are lost
_LEAST_PART = 1e-6


class WindowVariance:
    """The variance of the last W outputs, by running sums; O(entries) for each output.

    With m the mean of the window, and for any reference r,

    sum_k ||x_k - m||^2 = sum_k ||x_k - r||^2 - ||sum_k (x_k - r)||^2 / W.

    The sums are double precision, and r moves to the newest output whenever the difference has lost digits.
    So it is what the outputs give by the definition, to about nine digits; of equal outputs it is 0.

    Parameters
    ----------
    window : int
        W.
    count : int
        entries of an output.
    """

    def __init__(self, window: int, count: int) -> None:
        self._outputs = np.zeros((window, count), np.float32)
        self._squares = np.zeros(window)
        self._sum, self._reference = np.zeros(count), np.zeros(count)
        self._new, self._old = np.empty(min(count, BLOCK)), np.empty(min(count, BLOCK))
        self._added = 0

    def add(self, output: NDArray[np.floating]) -> float | None:
        """Add an output; return (1 / (W count)) sum_k ||x_k - m||^2, or None before the window is full."""
        window, count = self._outputs.shape
        with np.errstate(invalid="ignore", over="ignore"):  # outputs may be NaN or infinite
            of_sum = self._replace(self._added % window, output)
            self._added += 1
            if self._added < window:
                return None
            total = float(self._squares.sum()) - of_sum / window
            if not total >= _LEAST_PART * self._squares.sum():
                self._refer_to(self._outputs[(self._added - 1) % window])
                total = float(self._squares.sum()) - sum_of_squares(self._sum) / window
        return total / (window * count)

    def _replace(self, slot: int, output: NDArray[np.floating]) -> float:
        """Put an output into the place of the oldest, and keep the sums; return ||sum_k (x_k - r)||^2."""
        row, full = self._outputs[slot], self._added >= len(self._outputs)
        if self._added == 0:
            self._reference[...] = output
        squares = of_sum = 0.0
        for part in blocks(row.size):
            reference, sums, kept = self._reference[part], self._sum[part], row[part]
            new, old = self._new[: kept.size], self._old[: kept.size]
            old[...] = kept if full else reference
            kept[...] = output[part]
            new[...] = kept
            sums += np.subtract(new, old, out=old)
            new -= reference
            squares += sum_of_squares(new)
            of_sum += sum_of_squares(sums)
        self._squares[slot] = squares
        return of_sum

    def _refer_to(self, reference: NDArray[np.float32]) -> None:
        """Move the reference, and take the sums anew from all outputs of the window."""
        self._reference[...] = reference
        self._sum[...] = 0
        for slot, output in enumerate(self._outputs):
            new = output - self._reference
            self._sum += new
            self._squares[slot] = sum_of_squares(new)


class WindowedMovingVariance:
    """Keep the iterate at which the variance of the last outputs is least, as ES-WMV does.

    With x_t the output of iteration t and W = `window`, at each t from W on

    V_t = (1 / (W n)) sum_{k = t-W+1}^{t} ||x_k - m_t||^2,    m_t the mean of these W outputs.

    It keeps the iterate at the end t of the window whose V_t is lower than all before, and fires when
    `patience` iterations have passed without a lower one. There is no threshold, and nothing is known of the
    noise. Where the budget ends before it fires, the least so far is its result; before the first window, the
    last iterate.

    Memory: 4 `window` `pixels` bytes, 26 MB with the defaults at any size of image, and a few rows of
    `pixels` numbers.

    Parameters
    ----------
    window : int, default 100
        W, outputs that are compared, 2 or more.
    patience : int, default 1000
        iterations without a lower variance after which it fires.
    min_iterations : int, default 0
        variances of earlier iterations are not considered. The published rule has none; a network without
        batch normalisation may rest at a false minimum for its first hundreds.
    pixels : int, default 65536
        entries of the image that are compared: a random choice, the same for all images of one size. An image
        with fewer is compared as a whole.
    iterations : int or None, optional
        the budget; null takes the method's own, published one.

    Notes
    -----
    H. Wang et al., "Early stopping for deep image prior", TMLR (2023), and its notebook ``ES_WMV.ipynb``,
    which compares all entries, in single precision.
    """

    def __init__(
        self,
        *,
        window: Annotated[int, Field(ge=2)] = 100,
        patience: Count = 1000,
        min_iterations: NonNegativeCount = 0,
        pixels: Count = 65536,
        iterations: Count | None = None,
    ) -> None:
        at_least(2, window=window)
        at_least(1, patience=patience, pixels=pixels)
        at_least(0, min_iterations=min_iterations)
        self._window, self._pixels = window, pixels
        self._patience, self._min_iterations = patience, min_iterations
        self._iterations = iterations
        self._budget = 0

    def begin(self, trajectory: Trajectory) -> None:
        """Take the budget."""
        self._budget = trajectory.budget(self._iterations)
        self._best = Best(patience=self._patience, budget=self._budget, min_iterations=self._min_iterations)
        self._variance: WindowVariance | None = None
        self._chosen: NDArray[np.intp] | None = None

    def wants(self, iteration: int) -> bool:
        """Every iteration of the budget."""
        return iteration <= self._budget

    def observe(self, look: Look) -> Verdict:
        """Keep the least variance; stop when there was none lower for long."""
        output = entries(look.output)
        if self._variance is None:
            self._chosen = chosen_entries(output.size, self._pixels)
            self._variance = WindowVariance(self._window, min(output.size, self._pixels))
        value = self._variance.add(output if self._chosen is None else output.take(self._chosen))
        return self._best.verdict(look.iteration, value)


def chosen_entries(count: int, most: int) -> NDArray[np.intp] | None:
    """Return `most` of `count` places in order, drawn from a constant seed; None where all are taken."""
    if count <= most:
        return None
    drawn = np.random.default_rng(_SEED).choice(count, most, replace=False, shuffle=False)
    return np.sort(drawn).astype(np.intp)

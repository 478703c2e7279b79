"""Pixels that are left out of the loss judge the fit: their residual falls, then rises with overfitting.

The residual of a held-out pixel is the squared error there plus the noise's energy, which no iterate knows.
So its minimum is that of the error, whatever the noise is, as long as other pixels know nothing of it.
"""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field

from priorbench import Companion, Look, Observation, PriorbenchError, Trajectory, Verdict
from priorbench.toolkit.checks import Count, NonNegativeCount, at_least
from priorbench.toolkit.initialisation import stream
from priorbench.toolkit.rules import Best

#: makes the places' random numbers others than those of any method with the same seed
_PURPOSE = "stopping rule hold-out: pixels"

Share = Annotated[float, Field(gt=0, lt=1)]


class HoldOut:
    """Return the iterate with the least squared residual on pixels that are left out of the loss.

    The fit is the rule's own, without these pixels, and so is its result: it has seen fewer pixels than the
    fit of other rules. A place is left out in all channels, since noise may be shared by them. The residual
    is that of the output that the method has anyway; for a network fit that is the output before step t,
    while what is returned is the estimate after it.

    Parameters
    ----------
    fraction : float, default 0.1
        share of the places (row, column) that is left out, rounded to a whole number of them.
    patience : int, default 1000
        iterations without a lower value after which to stop.
    min_iterations : int, default 0
        values of earlier iterations are not considered.
    iterations : int or None, optional
        the budget; null takes the method's own, published one.
    """

    def __init__(
        self,
        *,
        fraction: Share = 0.1,
        patience: Count = 1000,
        min_iterations: NonNegativeCount = 0,
        iterations: Count | None = None,
    ) -> None:
        self._held_out = _HeldOut(fraction, patience, min_iterations, iterations)

    def begin(self, trajectory: Trajectory) -> None:
        """Draw the places."""
        self._held_out.begin(trajectory)

    def companion(self) -> Companion:
        """Ask for a fit without the held-out pixels."""
        return self._held_out.companion()

    def wants_of_companion(self, iteration: int) -> bool:
        """Every iteration of the budget."""
        return self._held_out.wants(iteration)

    def observe_companion(self, look: Look) -> Verdict:
        """Keep the least residual."""
        return self._held_out.verdict(look)

    def wants(self, iteration: int) -> bool:
        """Nothing: the choice has been made."""
        return False

    def observe(self, look: Look) -> Verdict:
        """Stop: the choice has been made."""
        return Verdict(stop=True)


class HoldOutRefit:
    """Return the iterate of a fit to all pixels, at the iteration that ``hold-out`` chooses.

    The fit without the held-out pixels gives nothing but that number. Both fits are paid for.

    Parameters
    ----------
    fraction : float, default 0.1
        share of the places (row, column) that is left out, rounded to a whole number of them.
    patience : int, default 1000
        iterations without a lower value after which to stop.
    min_iterations : int, default 0
        values of earlier iterations are not considered.
    iterations : int or None, optional
        the budget; null takes the method's own, published one.
    """

    def __init__(
        self,
        *,
        fraction: Share = 0.1,
        patience: Count = 1000,
        min_iterations: NonNegativeCount = 0,
        iterations: Count | None = None,
    ) -> None:
        self._held_out = _HeldOut(fraction, patience, min_iterations, iterations)

    def begin(self, trajectory: Trajectory) -> None:
        """Draw the places."""
        self._held_out.begin(trajectory)

    def companion(self) -> Companion:
        """Ask for a fit without the held-out pixels."""
        return self._held_out.companion()

    def wants_of_companion(self, iteration: int) -> bool:
        """Every iteration of the budget."""
        return self._held_out.wants(iteration)

    def observe_companion(self, look: Look) -> Verdict:
        """Remember the iteration with the least residual; keep no iterate."""
        verdict = self._held_out.verdict(look)
        return Verdict(stop=verdict.stop, fired=verdict.fired)

    def wants(self, iteration: int) -> bool:
        """The chosen iteration alone; the first where there is none, to say so."""
        return iteration == max(1, self._held_out.chosen)

    def observe(self, look: Look) -> Verdict:
        """Keep the chosen iteration; stop at once where the companion showed nothing."""
        chosen = self._held_out.chosen
        there = look.iteration == chosen
        return Verdict(keep=there, stop=look.iteration >= chosen, fired=there and self._held_out.fired)


class _HeldOut:
    """The places, their residual, and its least value so far."""

    def __init__(self, fraction: float, patience: int, first: int, iterations: int | None) -> None:
        if not 0 < fraction < 1:
            raise ValueError(f"fraction must lie between 0 and 1, not {fraction}")
        at_least(1, patience=patience)
        at_least(0, min_iterations=first)
        self._fraction, self._patience, self._first, self._iterations = fraction, patience, first, iterations
        #: the chosen iteration, 0 where nothing was looked at
        self.chosen = 0
        self.fired = False

    def begin(self, trajectory: Trajectory) -> None:
        observation = trajectory.observation
        self._budget = trajectory.budget(self._iterations)
        self._best = Best(patience=self._patience, budget=self._budget, min_iterations=self._first)
        self.chosen, self.fired = 0, False
        held = places(observation, self._fraction).expand_as(observation.image)
        allowed = torch.ones_like(held) if observation.mask is None else observation.mask.expand_as(held)
        self._mask, self._held = allowed & ~held, allowed & held
        if not (self._mask.any() and self._held.any()):
            raise PriorbenchError(
                f"hold-out: with fraction {self._fraction:g} of this picture, "
                f"{int(self._mask.sum())} values are left for the loss and {int(self._held.sum())} to judge "
                "it by: both are needed, so give another fraction or a larger picture"
            )
        self._measured = observation.image[self._held].double()

    def companion(self) -> Companion:
        return Companion(mask=self._mask)

    def wants(self, iteration: int) -> bool:
        return iteration <= self._budget

    def verdict(self, look: Look) -> Verdict:
        residual = float((look.output[self._held].double() - self._measured).square().mean())
        verdict = self._best.verdict(look.iteration, residual)
        if verdict.keep:
            self.chosen = look.iteration
        self.fired = verdict.fired
        return verdict


def places(observation: Observation, fraction: float) -> torch.Tensor:
    """Return which places are left out, bool, (1, height, width): a function of seed, size and fraction.

    Parameters
    ----------
    observation : Observation
        whose seed and image are used.
    fraction : float
        share of the places; the nearest whole number of them is taken.
    """
    height, width = observation.image.shape[-2:]
    count = round(fraction * height * width)
    order = torch.randperm(height * width, generator=stream(observation.seed, _PURPOSE))
    held = torch.zeros(height * width, dtype=torch.bool)
    held[order[:count]] = True
    return held.view(1, height, width)

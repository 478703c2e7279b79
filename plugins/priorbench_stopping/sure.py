"""Stein's unbiased estimate of the risk along a fit, with the divergence from a twin trajectory."""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field

from priorbench import Companion, Look, PriorbenchError, Trajectory, Verdict
from priorbench.toolkit.checks import Count, NonNegativeCount, at_least
from priorbench.toolkit.initialisation import stream
from priorbench.toolkit.rules import Best

#: makes the probe's random numbers others than those of any method with the same seed
_PURPOSE = "stopping rule sure: probe"


class Sure:
    """Return the iterate with the least SURE, Stein's unbiased estimate of the mean squared error.

    SURE_t = ||x_t - y||^2 / n - sigma^2 + 2 sigma^2 div_t / n, where div_t is the divergence of the map from
    y to x_t: the whole fit until t. A twin, the same method with the same seed on y + eps b, b ~ N(0, I),
    gives an estimate of it without bias where the map is linear, div_t = b (x'_t - x_t) / eps (Ramani, Blu &
    Unser 2008). The twin runs first, and leaves one number for each iteration.

    x_t is the output that the method has anyway. For a network fit that is the output before step t, while
    what is returned is the estimate after it.

    Parameters
    ----------
    eps : float, default 0.5
        size of the twin's perturbation, in units of sigma. A fit that amplifies rounding wants a large one,
        the derivative of a curved one a small one; Jo et al. (ICCV 2021) take 0.5.
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
        eps: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.5,
        patience: Count = 1000,
        min_iterations: NonNegativeCount = 0,
        iterations: Count | None = None,
    ) -> None:
        if not 0 < eps < float("inf"):
            raise ValueError(f"eps must be a finite number above 0, not {eps}")
        at_least(1, patience=patience)
        at_least(0, min_iterations=min_iterations)
        self._relative_eps, self._patience, self._first = eps, patience, min_iterations
        self._iterations = iterations

    def begin(self, trajectory: Trajectory) -> None:
        """Draw the probe b. That the noise is one that SURE holds for, the rule's needs have said."""
        observation = trajectory.observation
        if not observation.sigma:
            raise PriorbenchError("the rule 'sure' needs to know the deviation of the noise, above 0")
        self._sigma = observation.sigma
        self._budget = trajectory.budget(self._iterations)
        self._best = Best(patience=self._patience, budget=self._budget, min_iterations=self._first)
        self._eps = self._relative_eps * self._sigma
        self._image = observation.image
        self._y = self._image.double()
        random = stream(observation.seed, _PURPOSE)
        self._probe = torch.randn(self._y.shape, generator=random, dtype=torch.float64)
        self._twin: dict[int, float] = {}

    def companion(self) -> Companion:
        """Ask for the twin."""
        perturbed = self._y + self._eps * self._probe
        return Companion(image=perturbed.to(self._image.dtype), lockstep=True)

    def wants_of_companion(self, iteration: int) -> bool:
        """Every iteration of the budget."""
        return iteration <= self._budget

    def observe_companion(self, look: Look) -> Verdict:
        """Keep b x'_t, one number."""
        self._twin[look.iteration] = self._along_probe(look)
        return Verdict(stop=look.iteration >= self._budget)

    def wants(self, iteration: int) -> bool:
        """Every iteration of the budget."""
        return iteration <= self._budget

    def observe(self, look: Look) -> Verdict:
        """Keep the least estimate of the risk; stop where the twin had ended."""
        if look.iteration not in self._twin:
            return Verdict(stop=True)
        return self._best.verdict(look.iteration, self.estimate(look))

    def estimate(self, look: Look) -> float:
        """Return SURE_t of an iterate, whose twin has been seen."""
        divergence = (self._twin[look.iteration] - self._along_probe(look)) / self._eps
        residual = float((look.output.double() - self._y).square().mean())
        return residual - self._sigma**2 + 2 * self._sigma**2 * divergence / self._y.numel()

    def _along_probe(self, look: Look) -> float:
        return float(torch.dot(self._probe.flatten(), look.output.double().flatten()))

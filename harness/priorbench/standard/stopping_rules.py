"""The stopping rules that come with the protocol: a fixed budget, best training loss, and the oracle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from priorbench.contract.limits import check_count
from priorbench.contract.stopping import Look, Trajectory, Verdict
from priorbench.errors import PriorbenchError

if TYPE_CHECKING:
    import torch

#: a number of iterations
Count = Annotated[int, Field(ge=1)]


class Fixed:
    """Return the iterate after a fixed number of iterations.

    Parameters
    ----------
    iterations : int or None, optional
        the budget; null takes the method's own, published one.
    """

    def __init__(self, *, iterations: Count | None = None) -> None:
        self._iterations = iterations
        self._budget = 0

    def begin(self, trajectory: Trajectory) -> None:
        """Take the budget."""
        self._budget = trajectory.budget(self._iterations)

    def wants(self, iteration: int) -> bool:
        """Only the last iteration."""
        return iteration == self._budget

    def observe(self, look: Look) -> Verdict:
        """Keep the last iterate and stop."""
        last = look.iteration == self._budget
        return Verdict(keep=last, stop=last)


class BestLoss:
    """Return the iterate after the step with the best training loss, as in the deep decoder's published code.

    An iterate is kept when the loss computed before its step lies below the best one so far by
    `threshold`: best > (1 + threshold) loss (``find_best`` in the code of Heckel & Soltanolkotabi 2020).

    Parameters
    ----------
    iterations : int or None, optional
        the budget; null takes the method's own, published one.
    threshold : float, default 0.005
        relative improvement that counts.
    """

    def __init__(self, *, iterations: Count | None = None, threshold: float = 0.005) -> None:
        self._iterations = iterations
        self._threshold = threshold
        self._budget = 0
        self._best = math.inf

    def begin(self, trajectory: Trajectory) -> None:
        """Take the budget."""
        self._budget = trajectory.budget(self._iterations)
        self._best = math.inf

    def wants(self, iteration: int) -> bool:
        """Every iteration of the budget: the loss has to be read."""
        return iteration <= self._budget

    def observe(self, look: Look) -> Verdict:
        """Keep on a better loss; stop at the budget."""
        if look.loss is None:
            raise PriorbenchError("the rule 'best-loss' needs a training loss, and the method yields none")
        keep = self._best > (1 + self._threshold) * look.loss
        if keep:
            self._best = look.loss
        return Verdict(keep=keep, stop=look.iteration >= self._budget)


class Oracle:
    """Return the iterate nearest to the clean image: a control that no method can reach, never ranked.

    Parameters
    ----------
    iterations : int or None, optional
        the budget; null takes the method's own, published one.
    every : int, default 1
        look at every n-th iteration, n being this number, and at the last one.
    """

    def __init__(self, *, iterations: Count | None = None, every: Count = 1) -> None:
        check_count("every", every)
        self._iterations = iterations
        self._every = every
        self._budget = 0
        self._best = math.inf
        self._clean: torch.Tensor | None = None
        self._scratch: torch.Tensor | None = None

    def begin(self, trajectory: Trajectory) -> None:
        """Take the budget and the clean image."""
        self._budget = trajectory.budget(self._iterations)
        self._best = math.inf
        self._clean = trajectory.clean
        self._scratch = None

    def wants(self, iteration: int) -> bool:
        """Every `every`-th iteration and the last one."""
        return iteration <= self._budget and (iteration % self._every == 0 or iteration == self._budget)

    def observe(self, look: Look) -> Verdict:
        """Keep the least squared error to the clean image."""
        if self._clean is None:
            raise PriorbenchError("the oracle was not given the clean image")
        estimate = look.estimate
        if self._scratch is None or self._scratch.dtype != estimate.dtype:
            self._scratch = estimate.clone()  # kept: memory that is new costs as much as the arithmetic
        difference = self._scratch.copy_(estimate).clamp_(0, 1).sub_(self._clean)
        error = float(difference.square_().mean())
        keep = error < self._best
        if keep:
            self._best = error
        return Verdict(keep=keep, stop=look.iteration >= self._budget)

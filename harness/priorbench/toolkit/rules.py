"""What stopping rules share: the budget of a fit, and the memory of the best iterate with patience."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from priorbench.contract.stopping import Trajectory, Verdict

#: a number of iterations
Count = Annotated[int, Field(ge=1)]
#: a number of iterations, or none
CountOrNone = Annotated[int, Field(ge=0)]


def budget_of(own: int | None, trajectory: Trajectory) -> int:
    """Return the iterations after which a rule stops at the latest.

    Parameters
    ----------
    own : int or None
        the rule's own parameter ``iterations``; None takes the method's, published one.
    trajectory : Trajectory
        of the fit.

    Raises
    ------
    PriorbenchError
        Where neither is there, or the number is below 1.
    """
    return trajectory.budget(own)


class Best:
    """The least value so far, and how long ago that was.

    A rule that waits for a minimum asks it for the verdict on each iterate.

    Parameters
    ----------
    patience : int
        iterations without a lower value after which to stop.
    budget : int
        iterations after which to stop at the latest.
    min_iterations : int, default 0
        values of earlier iterations are not considered.
    """

    def __init__(self, *, patience: int, budget: int, min_iterations: int = 0) -> None:
        self._patience, self._budget, self._first = patience, budget, min_iterations
        self.value, self.iteration = math.inf, 0

    def verdict(self, iteration: int, value: float | None) -> Verdict:
        """Keep an iterate whose value is strictly lower than all before; stop where none came for long.

        Parameters
        ----------
        iteration : int
            1-based.
        value : float or None
            what is to become small; None = not known yet.
        """
        over = iteration >= self._budget
        if value is None or iteration < self._first:
            return Verdict(stop=over)
        if value < self.value:
            self.value, self.iteration = value, iteration
            return Verdict(keep=True, stop=over)
        waited = self.iteration > 0 and iteration - self.iteration >= self._patience
        return Verdict(stop=over or waited, fired=waited)

"""What stopping rules share: the memory of the least value of something, with patience."""

from __future__ import annotations

import math

from priorbench.contract.stopping import Verdict


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

        Where the budget ends before any value was considered, the last iterate is kept.

        Parameters
        ----------
        iteration : int
            1-based.
        value : float or None
            what is to become small; None = not known yet.
        """
        over = iteration >= self._budget
        if value is None or iteration < self._first:
            return Verdict(keep=over and not self.iteration, stop=over)
        if value < self.value:
            self.value, self.iteration = value, iteration
            return Verdict(keep=True, stop=over)
        if over and not self.iteration:  # no value was a number
            return Verdict(keep=True, stop=True)
        waited = self.iteration > 0 and iteration - self.iteration >= self._patience
        return Verdict(stop=over or waited, fired=waited)

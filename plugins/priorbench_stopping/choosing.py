"""What rules that wait for a property share."""

from __future__ import annotations

from priorbench import Verdict


def first_crossing(iteration: int, budget: int, crossed: bool) -> Verdict:
    """Return the verdict of a rule that takes the first iterate with a property, or the last of the budget.

    Parameters
    ----------
    iteration : int
        1-based.
    budget : int
        iterations after which to stop at the latest.
    crossed : bool
        whether this iterate has the property.
    """
    ends = crossed or iteration >= budget
    return Verdict(keep=ends, stop=ends, fired=crossed)

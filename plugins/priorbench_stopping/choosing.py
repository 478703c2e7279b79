"""What the rules of this package share: the result of a fit that none of its values decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from priorbench import Verdict

if TYPE_CHECKING:
    from priorbench.toolkit.rules import Best


def verdict_of(best: Best, iteration: int, value: float | None) -> Verdict:
    """Return the verdict of `best`; where the budget ends before any value, the last iterate is kept.

    Parameters
    ----------
    best : Best
        the memory of the least value.
    iteration : int
        1-based.
    value : float or None
        what is to become small; None = not known yet.
    """
    verdict = best.verdict(iteration, value)
    return Verdict(keep=True, stop=True) if verdict.stop and not best.iteration else verdict


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

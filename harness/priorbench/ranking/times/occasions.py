"""Occasions: stretches of time in which trials of one environment ran one after the other.

What slows a machine down (its temperature, other tenants, where memory came to lie) changes from hour to hour
and hardly within one. So times of one occasion can be compared closely, those of two less so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from priorbench.store.columns.keys import picked, small
from priorbench.store.scores import Scores

Array = NDArray[np.float64]

#: seconds without a trial after which another occasion begins
PAUSE = 1800.0


def occasions(scores: Scores) -> Array:
    """Number the occasion of each record; NaN where the record does not say when its trial began.

    An occasion ends with a pause of more than half an hour that is longer than the trial before it, too: a
    fit goes on after the iterate that counts, and its record does not say for how long. Failed trials fill a
    pause like others.

    Parameters
    ----------
    scores : Scores
        of all records that are known, whatever is compared: other boards fill pauses, too.
    """
    numbers: dict[str, int] = {}
    of_entry = [numbers.setdefault(entry.environment, len(numbers)) for entry in scores.entries]
    environment = np.array(of_entry, dtype=np.int32)[scores.entry]
    found = np.full(len(scores.keys), np.nan)
    known = np.isfinite(scores.started_at)
    total = 0
    for number in np.unique(environment):
        members = small(np.flatnonzero((environment == number) & known))
        if len(members):
            elapsed = np.nan_to_num(picked(scores.elapsed_seconds, members), copy=False)
            own = _numbered(picked(scores.started_at, members), elapsed)
            found[members] = own + total
            total += int(own.max()) + 1
    return found


def _numbered(started: Array, elapsed: Array) -> NDArray[np.int64]:
    """Number the occasions of trials of one environment."""
    order = small(np.argsort(started, kind="stable"))
    until = np.maximum.accumulate((started + elapsed + np.maximum(elapsed, PAUSE))[order])
    first = started[order][1:] > until[:-1]
    found = np.zeros(len(order), dtype=np.int64)
    found[order[1:]] = np.cumsum(first)
    return found

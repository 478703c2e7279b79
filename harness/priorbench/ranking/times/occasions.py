"""Occasions: stretches of time in which trials of one environment ran one after the other.

What slows a machine down (its temperature, other tenants, where memory came to lie) changes from hour to hour
and hardly within one. So times of one occasion can be compared closely, those of two less so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
    environment = np.array(of_entry, dtype=np.int64)[scores.entry]
    found = np.full(len(scores.keys), np.nan)
    total = 0
    for number in np.unique(environment):
        members = np.flatnonzero((environment == number) & np.isfinite(scores.started_at))
        if len(members):
            own = _numbered(scores.started_at[members], np.nan_to_num(scores.elapsed_seconds[members]))
            found[members] = own + total
            total += int(own.max()) + 1
    return found


def _numbered(started: Array, elapsed: Array) -> NDArray[np.int64]:
    """Number the occasions of trials of one environment."""
    order = np.argsort(started, kind="stable")
    until = np.maximum.accumulate((started + elapsed + np.maximum(elapsed, PAUSE))[order])
    first = started[order][1:] > until[:-1]
    found = np.empty(len(order), dtype=np.int64)
    found[order] = np.concatenate([[0], np.cumsum(first)])
    return found

"""Sums over numbers that follow each other, in an order that is the same on every processor.

Number i belongs to lane i modulo `LANES`, each with a partial sum, and lanes are added in halves. A loop over
lanes uses vectors of any width: it is not a sum to the compiler, only many.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from priorbench.toolkit.fused.compiled import inner

LANES = 256
#: numbers whose sum is taken in their own precision; sums of stretches are added in float64
STRETCH = 32 * LANES


@inner
def cleared(sums: int, kind: Any) -> Any:
    """Return that many lanes of a kind of number, all zero: (sums, `LANES`)."""
    return np.zeros((sums, LANES), kind)


@inner
def taken(lanes: Any) -> Any:
    """Return the sum of the lanes, which become zero again."""
    n = len(lanes)
    while n > 1:
        n //= 2
        low, high = lanes[:n], lanes[n : 2 * n]
        for i in range(n):
            low[i] += high[i]
    total = lanes[0]
    lanes[:] = 0
    return total

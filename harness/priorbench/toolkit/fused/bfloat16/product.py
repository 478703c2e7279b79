# mypy: allow-untyped-defs, allow-untyped-calls
"""Products of matrices that are rounded to bfloat16, for compiled code.

Factors are kept as pairs of numbers that follow each other along the depth, see `block`. An odd depth is
filled up with a zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from priorbench.toolkit.fused.bfloat16.block import COLUMNS, ROWS, multiply_pairs, pair_of
from priorbench.toolkit.fused.compiled import inner

#: what pairs are kept as
PAIR: np.dtype[Any] = np.dtype(np.uint32)


@inner
def panels_in(memory, depth, n):
    """Return panels for a matrix (depth, n), in the beginning of `memory`: (panels, pairs, columns)."""
    pairs, number = (depth + 1) // 2, -(-n // COLUMNS)
    return memory[: number * pairs * COLUMNS].reshape(number, pairs, COLUMNS)


def room_for(depth: int, n: int) -> int:
    """Return how many pairs `panels_in` takes."""
    return -(-n // COLUMNS) * COLUMNS * ((depth + 1) // 2)


@inner
def pack(b, panels, begin, end):
    """Round columns of b (depth, n) to the panels begin to end - 1; missing ones become zero."""
    depth, n = b.shape
    zero = np.float32(0)
    for number in range(begin, end):
        first, panel = number * COLUMNS, panels[number]
        width = min(COLUMNS, n - first)
        for d in range(0, depth, 2):
            to = panel[d // 2]
            if width == COLUMNS and d + 1 < depth:  # numbers that the compiler knows
                low, high = b[d, first : first + COLUMNS], b[d + 1, first : first + COLUMNS]
                for c in range(COLUMNS):
                    to[c] = pair_of(low[c], high[c])
            else:
                for c in range(COLUMNS):
                    one = b[d, first + c] if c < width else zero
                    two = b[d + 1, first + c] if c < width and d + 1 < depth else zero
                    to[c] = pair_of(one, two)


@inner
def along_rows(a, memory):
    """Return a (m, depth) as pairs (m, half the depth), in the beginning of `memory`; rows are contiguous."""
    m, depth = a.shape
    half = depth // 2
    pairs = memory[: m * ((depth + 1) // 2)].reshape(m, -1)
    for i in range(m):
        row, to = a[i], pairs[i]
        for d in range(half):
            to[d] = pair_of(row[2 * d], row[2 * d + 1])
        if depth % 2:
            to[half] = pair_of(row[depth - 1], np.float32(0))
    return pairs


@inner
def along_columns(a, memory):
    """Return the transpose of a (depth, m) as pairs (m, half the depth), a view of `memory`."""
    depth, m = a.shape
    pairs = memory[: m * ((depth + 1) // 2)].reshape(-1, m)
    for d in range(depth // 2):
        low, high, to = a[2 * d], a[2 * d + 1], pairs[d]
        for i in range(m):
            to[i] = pair_of(low[i], high[i])
    if depth % 2:
        row, to = a[depth - 1], pairs[depth // 2]
        for i in range(m):
            to[i] = pair_of(row[i], np.float32(0))
    return pairs.T


@inner
def multiply(a, panels, fresh, out):
    """Write a b to `out` (m, n) where that is `fresh`, else add it: a in pairs, b as packed."""
    m, n = out.shape
    whole = np.empty((ROWS, COLUMNS), out.dtype)
    for number in range(len(panels)):
        first, panel = number * COLUMNS, panels[number]
        for row in range(0, m, ROWS):
            if row + ROWS <= m and first + COLUMNS <= n:
                multiply_pairs(a, row, panel, fresh, out, row, first)
            else:
                multiply_pairs(a, row, panel, True, whole, 0, 0)
                for i in range(min(ROWS, m - row)):
                    for c in range(min(COLUMNS, n - first)):
                        found = whole[i, c]
                        out[row + i, first + c] = found if fresh else found + out[row + i, first + c]

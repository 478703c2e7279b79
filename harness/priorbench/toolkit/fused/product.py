# mypy: allow-untyped-defs, allow-untyped-calls
"""Matrix products for compiled code: factors in any memory layout, the result in contiguous rows.

The right factor is copied into panels, as wide as a block of `priorbench.toolkit.fused.block` and one below
the other, so that a block reads it from beginning to end. A factor that is used often is copied once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from priorbench.toolkit.fused.barrier import part
from priorbench.toolkit.fused.block import COLUMN_BYTES, ROWS, multiply_block
from priorbench.toolkit.fused.compiled import inner

#: numbers in the panels of a stretch of pixels, about: they stay in a core's own cache
STRETCH = 1 << 16


@inner
def panels_in(memory, depth, n):
    """Return panels for a matrix (depth, n), in the beginning of `memory`, flat: (panels, depth, columns)."""
    columns = COLUMN_BYTES // memory.itemsize
    number = -(-n // columns)
    return memory[: number * depth * columns].reshape(number, depth, columns)


def room_for(kind: np.dtype[Any], depth: int, n: int) -> int:
    """Return how many numbers of a kind `panels_in` takes."""
    columns = COLUMN_BYTES // kind.itemsize
    return -(-n // columns) * columns * depth


@inner
def pack(b, origin, panels, begin, end):
    """Copy columns of b (depth, n) to the panels begin to end - 1; missing ones become zero.

    The first panel's first column is number `origin` of b.
    """
    depth, n = b.shape
    columns = COLUMN_BYTES // panels.itemsize
    for number in range(begin, end):
        first, panel = origin + number * columns, panels[number]
        width = min(columns, n - first)
        for d in range(depth):
            to = panel[d]
            if width == columns:  # a number that the compiler knows
                given = b[d, first : first + columns]
                for c in range(columns):
                    to[c] = given[c]
            else:
                for c in range(columns):
                    to[c] = b[d, first + c] if c < width else 0


@inner
def multiply(a, panels, fresh, out):
    """Write a b to `out` (m, n) where that is `fresh`, else add it: a (m, depth), b as packed."""
    m, n = out.shape
    columns = COLUMN_BYTES // panels.itemsize
    whole = np.empty((ROWS, columns), out.dtype)
    for number in range(len(panels)):
        first, panel = number * columns, panels[number]
        for row in range(0, m, ROWS):
            if row + ROWS <= m and first + columns <= n:
                multiply_block(a, row, panel, fresh, out, row, first)
            else:
                multiply_block(a, row, panel, True, whole, 0, 0)
                for i in range(min(ROWS, m - row)):
                    for c in range(min(columns, n - first)):
                        found = whole[i, c]
                        out[row + i, first + c] = found if fresh else found + out[row + i, first + c]


@inner
def multiply_pixels(place, a, b, pixels, out):
    """Write a b to `out`, for planes b and `out` (channels, stride) of which the first `pixels` count."""
    depth, columns = a.shape[1], COLUMN_BYTES // b.itemsize
    stretch = max(2, STRETCH // (depth * columns)) * columns
    memory = np.empty(depth * stretch, b.dtype)
    begin, end = part(place, -(-pixels // stretch))
    for number in range(begin, end):
        first = number * stretch
        last = min(first + stretch, pixels)
        panels = panels_in(memory, depth, last - first)
        pack(b, first, panels, 0, len(panels))
        multiply(a, panels, True, out[:, first:last])

# mypy: allow-untyped-defs, allow-untyped-calls
"""Products of matrices and planes of float32 numbers, which are rounded to bfloat16 on their way.

Planes are channels, a little apart, of which the first `pixels` count, as in
`priorbench.toolkit.fused.layers.Planes`. Each number of a result is added up by one thread, in one order.
"""

from __future__ import annotations

import numpy as np

from priorbench.toolkit.fused.barrier import part
from priorbench.toolkit.fused.bfloat16.block import COLUMNS, ROWS, pair_of
from priorbench.toolkit.fused.bfloat16.product import multiply
from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.convolution.turning import pack_rows

#: pairs in the panels of a stretch of pixels, about: they stay in a core's own cache
_STRETCH = 1 << 16
#: pixels of a stretch of a sum over pixels
DEPTH = 512
#: rows that are rounded before they are multiplied
_GROUP = 8 * ROWS


@inner
def pair_rows(place, a, pairs):
    """Round a matrix (m, depth) to pairs (m, half the depth), rows contiguous; threads share rows."""
    begin, end = part(place, len(a))
    for i in range(begin, end):
        pair_row(a[i], 0, a.shape[1], pairs[i])


@inner
def pair_row(row, begin, end, pairs):
    """Round the numbers begin to end - 1 of a row to pairs; an odd last one is paired with zero."""
    half = (end - begin) // 2
    given = row[begin : begin + 2 * half]
    for p in range(half):
        pairs[p] = pair_of(given[2 * p], given[2 * p + 1])
    if (end - begin) % 2:
        pairs[half] = pair_of(row[end - 1], np.float32(0))


@inner
def pair_channels(place, x, pairs):
    """Round planes to pairs of channels (half the channels, size); threads share channels."""
    begin, end = part(place, len(pairs))
    for c in range(begin, end):
        low, to = x[2 * c], pairs[c]
        if 2 * c + 1 < len(x):
            high = x[2 * c + 1]
            for p in range(len(low)):
                to[p] = pair_of(low[p], high[p])
        else:
            for p in range(len(low)):
                to[p] = pair_of(low[p], np.float32(0))


@inner
def _pack_channels(x, first, pixels, panels):
    """Round planes from pixel `first` on to panels, (panels, half the channels, `COLUMNS`)."""
    zero = np.float32(0)
    for number in range(len(panels)):
        begin, panel = first + number * COLUMNS, panels[number]
        width = min(COLUMNS, pixels - begin)
        for d in range(panels.shape[1]):
            to = panel[d]
            if width == COLUMNS and 2 * d + 1 < len(x):  # numbers that the compiler knows
                low, high = x[2 * d, begin : begin + COLUMNS], x[2 * d + 1, begin : begin + COLUMNS]
                for c in range(COLUMNS):
                    to[c] = pair_of(low[c], high[c])
            else:
                for c in range(COLUMNS):
                    inside = c < width
                    one = x[2 * d, begin + c] if inside else zero
                    two = x[2 * d + 1, begin + c] if inside and 2 * d + 1 < len(x) else zero
                    to[c] = pair_of(one, two)


@inner
def multiply_planes(place, a, b, pixels, fresh, out):
    """Write a b to planes `out` where that is `fresh`, else add it: a in pairs (m, half the planes of b)."""
    m, half = a.shape
    number = -(-pixels // COLUMNS)
    top, bottom, begin, end = 0, m, 0, number
    if number >= 2 * place.threads:
        begin, end = part(place, number)
    else:
        top, bottom = part(place, -(-m // ROWS))
        top, bottom = min(top * ROWS, m), min(bottom * ROWS, m)
    if top >= bottom or begin >= end:
        return
    at_once = max(1, min(_STRETCH // (half * COLUMNS), end - begin))
    memory = np.empty((at_once, half, COLUMNS), np.uint32)
    for panel in range(begin, end, at_once):
        panels = memory[: min(at_once, end - panel)]
        first, last = panel * COLUMNS, min((panel + len(panels)) * COLUMNS, pixels)
        _pack_channels(b, first, pixels, panels)
        multiply(a[top:bottom], panels, fresh, out[top:bottom, first:last])


@inner
def correlate_planes(place, a, b, pixels, out):
    """Write a b', summed over pixels, to `out` (m, n), for planes a and b."""
    m, n = out.shape
    begin, end = part(place, -(-m // ROWS))
    top, bottom = begin * ROWS, min(end * ROWS, m)
    if top >= bottom:
        return
    half, number = (min(DEPTH, pixels) + 1) // 2, -(-n // COLUMNS)
    b_pairs = np.empty((n, half), np.uint32)
    a_pairs = np.empty((min(_GROUP, bottom - top), half), np.uint32)
    memory = np.empty(number * half * COLUMNS, np.uint32)
    for start in range(0, pixels, DEPTH):
        stop = min(start + DEPTH, pixels)
        pairs = (stop - start + 1) // 2
        for i in range(n):
            pair_row(b[i], start, stop, b_pairs[i])
        panels = memory[: number * pairs * COLUMNS].reshape(number, pairs, COLUMNS)
        pack_pairs(b_pairs[:, :pairs], panels)
        for row in range(top, bottom, _GROUP):
            end_row = min(row + _GROUP, bottom)
            for i in range(row, end_row):
                pair_row(a[i], start, stop, a_pairs[i - row])
            multiply(a_pairs[: end_row - row, :pairs], panels, start == 0, out[row:end_row])


@inner
def pack_pairs(rows, panels):
    """Copy rows of pairs (n, half the depth) to panels as their columns; missing ones become zero."""
    pack_rows(rows.view(np.float32), panels.view(np.float32))

# mypy: allow-untyped-defs, allow-untyped-calls
"""Sums over pixels of products of channels: the gradients of weights.

Pixels are taken in stretches of `DEPTH`. In a stretch products are added in order, then stretches are: the
bits depend neither on the processor's vectors nor on the number of threads.
"""

from __future__ import annotations

import numpy as np

from priorbench.toolkit.fused.barrier import part
from priorbench.toolkit.fused.block import COLUMN_BYTES, ROWS
from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.convolution.turning import pack_rows
from priorbench.toolkit.fused.product import STRETCH, multiply, pack, panels_in
from priorbench.toolkit.fused.rows import multiply_rows

#: pixels of a stretch; its panels of 128 channels stay in a core's own cache
DEPTH = 256
#: the same for thin factors, whose rows are read as they lie
_THIN = 2048
#: a matrix with as many rows, or fewer, is thin
THIN = 4
#: blocks of rows that are multiplied with all panels before the next ones
_GROUP = 8


@inner
def correlate(place, a, b, pixels, out):
    """Write a b' to `out` (m, n), for planes a (m, stride) and b (n, stride) of which `pixels` count."""
    m, n = out.shape
    if min(m, n) <= THIN:
        _correlate_thin(place, a, b, pixels, out)
        return
    columns = COLUMN_BYTES // b.itemsize
    number = -(-n // columns)
    top, bottom, first, last = 0, m, 0, n
    if number % place.threads == 0:
        begin, end = part(place, number)
        first, last = begin * columns, min(end * columns, n)
    else:
        begin, end = part(place, -(-m // ROWS))
        top, bottom = begin * ROWS, min(end * ROWS, m)
    if top >= bottom or first >= last:
        return
    memory = np.empty(number * columns * DEPTH, b.dtype)
    for start in range(0, pixels, DEPTH):
        stop = min(start + DEPTH, pixels)
        panels = panels_in(memory, stop - start, last - first)
        pack_rows(b[first:last, start:stop], panels)
        for row in range(top, bottom, _GROUP * ROWS):
            end_row = min(row + _GROUP * ROWS, bottom)
            multiply(a[row:end_row, start:stop], panels, start == 0, out[row:end_row, first:last])


@inner
def _correlate_thin(place, a, b, pixels, out):
    """Do the same where a or b has few rows; each thread has some rows of the other one."""
    m, n = out.shape
    if m <= n:
        begin, end = part(place, n)
        _thin(a, b[begin:end], pixels, out[:, begin:end].T)
    else:
        begin, end = part(place, m)
        _thin(b, a[begin:end], pixels, out[begin:end])


@inner
def _thin(few, many, pixels, out):
    """Write many few' to `out` (many, few)."""
    found = np.empty(out.shape, out.dtype)
    for start in range(0, pixels, _THIN):
        stop = min(start + _THIN, pixels)
        multiply_rows(few[:, start:stop], 0, len(few), many[:, start:stop], found)
        for i in range(len(many)):
            for j in range(len(few)):
                out[i, j] = found[i, j] if start == 0 else out[i, j] + found[i, j]


@inner
def multiply_channels(place, a, b, pixels, fresh, out):
    """Write a b to `out` where that is `fresh`, else add it: for planes b and `out` (channels, stride)."""
    m, depth = a.shape
    columns = COLUMN_BYTES // b.itemsize
    number = -(-pixels // columns)
    top, bottom, begin, end = 0, m, 0, number
    if number >= 2 * place.threads:
        begin, end = part(place, number)
    else:
        top, bottom = part(place, -(-m // ROWS))
        top, bottom = min(top * ROWS, m), min(bottom * ROWS, m)
    if top >= bottom or begin >= end:
        return
    at_once = max(1, STRETCH // (depth * columns))
    memory = np.empty(at_once * depth * columns, b.dtype)
    for panel in range(begin, end, at_once):
        first, last = panel * columns, min((panel + at_once) * columns, end * columns, pixels)
        panels = panels_in(memory, depth, last - first)
        pack(b, first, panels, 0, len(panels))
        multiply(a[top:bottom], panels, fresh, out[top:bottom, first:last])

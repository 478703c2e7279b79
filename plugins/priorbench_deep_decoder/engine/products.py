# mypy: allow-untyped-defs
"""The products of a mixing of channels, on a tile of pixels that is in the cache.

A mixing into a few channels (the image's) is left to loops: BLAS would copy the tile first.
"""

from __future__ import annotations

import numpy as np

from priorbench.toolkit.fused.compiled import inner

#: a mixing into so few channels is not left to BLAS
NARROW = 8


@inner
def mix(x, weight, bias, out):
    """Write x weight^T + bias to `out` (pixels, outputs)."""
    pixels, k = x.shape
    outputs = weight.shape[0]
    if outputs > NARROW:
        np.dot(x, weight.T, out)
        for p in range(pixels):
            for o in range(outputs):
                out[p, o] += bias[o]
        return
    for p in range(pixels):
        row = x[p]
        for o in range(outputs):
            w = weight[o]
            total = bias[o]
            for c in range(k):
                total += w[c] * row[c]
            out[p, o] = total


@inner
def correlate(d, x, spare, totals, column):
    """Add d^T x to `totals` (outputs, k) and the sum of d over pixels to `column`; `spare` is like `totals`."""
    pixels, k = x.shape
    outputs = d.shape[1]
    for o in range(outputs):
        total = d.dtype.type(0)
        for p in range(pixels):
            total += d[p, o]
        column[o] += total
    if outputs > NARROW:
        np.dot(d.T, x, spare)
        for o in range(outputs):
            for c in range(k):
                totals[o, c] += spare[o, c]
        return
    whole = pixels - pixels % 4
    for o in range(outputs):
        total = totals[o]
        for p in range(0, whole, 4):
            x0, x1, x2, x3 = x[p], x[p + 1], x[p + 2], x[p + 3]
            d0, d1, d2, d3 = d[p, o], d[p + 1, o], d[p + 2, o], d[p + 3, o]
            for c in range(k):
                total[c] += (d0 * x0[c] + d1 * x1[c]) + (d2 * x2[c] + d3 * x3[c])
        for p in range(whole, pixels):
            row, value = x[p], d[p, o]
            for c in range(k):
                total[c] += value * row[c]


@inner
def spread(d, weight, g):
    """Write d weight to `g` (pixels, k), for d (pixels, outputs)."""
    pixels, k = g.shape
    outputs = weight.shape[0]
    if outputs > NARROW:
        np.dot(d, weight, g)
        return
    for p in range(pixels):
        row = g[p]
        first, w = d[p, 0], weight[0]
        for c in range(k):
            row[c] = first * w[c]
        for o in range(1, outputs):
            value, w = d[p, o], weight[o]
            for c in range(k):
                row[c] += value * w[c]

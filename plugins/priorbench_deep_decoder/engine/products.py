# mypy: allow-untyped-defs, allow-untyped-calls
"""Matrix products that mix channels, on a tile of pixels that is in the cache.

A mixing into a few channels (the image's) is done three at a time: blocks would be mostly empty.

`halves` says whether factors are rounded to bfloat16: each thread's memory for them, or None where they are
not. Numba leaves out what does not apply when it compiles. A mixing into a few channels is never rounded.
"""

from __future__ import annotations

from priorbench.toolkit.fused import product
from priorbench.toolkit.fused.bfloat16 import product as rounded
from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.rows import multiply_rows
from priorbench_deep_decoder.network import NARROW


@inner
def panels_in(memory, halves, depth, n):
    """Return panels for a matrix (depth, n), in the beginning of `memory`."""
    if halves is None:
        return product.panels_in(memory, depth, n)
    return rounded.panels_in(memory, depth, n)


@inner
def pack(matrix, halves, panels, begin, end):
    """Put columns of a matrix into the panels begin to end - 1."""
    if halves is None:
        product.pack(matrix, 0, panels, begin, end)
    else:
        rounded.pack(matrix, panels, begin, end)


@inner
def _multiply(a, panels, halves, thread, out):
    """Write the product of a (pixels, depth) and what is in panels to `out`."""
    if halves is None:
        product.multiply(a, panels, True, out)
    else:
        spare = halves[thread]
        step = max(1, len(spare) // ((a.shape[1] + 1) // 2))
        for start in range(0, len(a), step):
            pairs = rounded.along_rows(a[start : start + step], spare)
            rounded.multiply(pairs, panels, True, out[start : start + step])


@inner
def mix(x, weight, panels, halves, thread, bias, out):
    """Write x weight^T + bias to `out` (pixels, outputs); no bias is an empty one.

    `panels` hold weight^T where it is not narrow.
    """
    pixels, outputs = len(x), len(weight)
    if outputs > NARROW:
        _multiply(x, panels, halves, thread, out)
        if len(bias):
            for p in range(pixels):
                row = out[p]
                for o in range(outputs):
                    row[o] += bias[o]
        return
    multiply_rows(weight, 0, outputs, x, out)
    for o in range(len(bias)):
        for p in range(pixels):
            out[p, o] += bias[o]


@inner
def sum_up(d, spare, column):
    """Add the sums of d over pixels to `column` (outputs,), in float64; `spare` is like it, but as d."""
    pixels, outputs = d.shape
    for o in range(outputs):
        spare[o] = 0
    for p in range(pixels):
        row = d[p]
        for o in range(outputs):
            spare[o] += row[o]
    for o in range(outputs):
        column[o] += spare[o]


@inner
def correlate(d, x, memory, halves, thread, fresh, totals):
    """Write d^T x to `totals` (outputs, k) where those are `fresh`, else add it.

    There is `memory` for x in panels.
    """
    pixels, k = x.shape
    outputs = d.shape[1]
    if outputs > NARROW:
        panels = panels_in(memory, halves, pixels, k)
        pack(x, halves, panels, 0, len(panels))
        if halves is None:
            product.multiply(d.T, panels, fresh, totals)
        else:
            rounded.multiply(rounded.along_columns(d, halves[thread]), panels, fresh, totals)
        return
    if fresh:
        for o in range(outputs):
            for c in range(k):
                totals[o, c] = 0
    threes = outputs - outputs % 3
    for o in range(0, threes, 3):
        _correlate_three(d, x, o, totals[o], totals[o + 1], totals[o + 2])
    for o in range(threes, outputs):
        total = totals[o]
        for p in range(pixels):
            row, value = x[p], d[p, o]
            for c in range(k):
                total[c] += value * row[c]


@inner
def _correlate_three(d, x, o, t0, t1, t2):
    pixels, k = x.shape
    whole = pixels - pixels % 4
    for p in range(0, whole, 4):
        x0, x1, x2, x3 = x[p], x[p + 1], x[p + 2], x[p + 3]
        d0, d1, d2, d3 = d[p], d[p + 1], d[p + 2], d[p + 3]
        a0, a1, a2, a3 = d0[o], d1[o], d2[o], d3[o]
        b0, b1, b2, b3 = d0[o + 1], d1[o + 1], d2[o + 1], d3[o + 1]
        c0, c1, c2, c3 = d0[o + 2], d1[o + 2], d2[o + 2], d3[o + 2]
        for c in range(k):
            v0, v1, v2, v3 = x0[c], x1[c], x2[c], x3[c]
            t0[c] += (a0 * v0 + a1 * v1) + (a2 * v2 + a3 * v3)
            t1[c] += (b0 * v0 + b1 * v1) + (b2 * v2 + b3 * v3)
            t2[c] += (c0 * v0 + c1 * v1) + (c2 * v2 + c3 * v3)
    for p in range(whole, pixels):
        row, values = x[p], d[p]
        a0, b0, c0 = values[o], values[o + 1], values[o + 2]
        for c in range(k):
            t0[c] += a0 * row[c]
            t1[c] += b0 * row[c]
            t2[c] += c0 * row[c]


@inner
def spread(d, weight, panels, halves, thread, g):
    """Write d weight to `g` (pixels, k), for d (pixels, outputs); `panels` hold weight unless narrow."""
    pixels, k = g.shape
    outputs = weight.shape[0]
    if outputs > NARROW:
        _multiply(d, panels, halves, thread, g)
        return
    if outputs == 3:
        w0, w1, w2 = weight[0], weight[1], weight[2]
        for p in range(pixels):
            row, d0, d1, d2 = g[p], d[p, 0], d[p, 1], d[p, 2]
            for c in range(k):
                row[c] = d0 * w0[c] + d1 * w1[c] + d2 * w2[c]
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

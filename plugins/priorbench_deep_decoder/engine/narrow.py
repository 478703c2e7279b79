# mypy: allow-untyped-defs
"""Kernels for the output layer, a mixing of k channels into a few: products would need V = U Z in memory.

See `priorbench_deep_decoder.engine.upsampled` for cells. `w` is (outputs, k), `d` (height, width, outputs).
"""

from __future__ import annotations

import numba
import numpy as np

from priorbench_deep_decoder.engine.compiling import ZERO, compiled, parallel, share_of


@compiled
def _cell(z, top, bottom, left, right, first, last, inner, scale, offset, outer, v):
    """Write the four activations of a cell to v (4, k)."""
    number = z.dtype.type
    near, far = number(0.75), number(0.25)
    z0, z1, z2, z3 = z[top, left], z[top, right], z[bottom, left], z[bottom, right]
    v0, v1, v2, v3 = v[0], v[1], v[2], v[3]
    for c in range(first, last):
        l0, l1 = near * z0[c] + far * z2[c], far * z0[c] + near * z2[c]
        r0, r1 = near * z1[c] + far * z3[c], far * z1[c] + near * z3[c]
        a, b = scale[c], offset[c]
        v0[c] = max(max(near * l0 + far * r0, inner) * a + b, outer)
        v1[c] = max(max(far * l0 + near * r0, inner) * a + b, outer)
        v2[c] = max(max(near * l1 + far * r1, inner) * a + b, outer)
        v3[c] = max(max(far * l1 + near * r1, inner) * a + b, outer)


@compiled
def _dot(w, v):
    total = w.dtype.type(0)
    for c in range(w.shape[0]):
        total += w[c] * v[c]
    return total


@compiled
def _read_out(z, begin, end, inner, scale, offset, outer, w, bias, out):
    height, width, k = z.shape
    v = np.empty((4, k), z.dtype)
    for i in range(begin, end):
        top, bottom = max(i, 0), min(i + 1, height - 1)
        upper, lower = max(2 * i + 1, 0), min(2 * i + 2, 2 * height - 1)
        for j in range(-1, width):
            left, right = max(j, 0), min(j + 1, width - 1)
            west, east = max(2 * j + 1, 0), min(2 * j + 2, 2 * width - 1)
            _cell(z, top, bottom, left, right, ZERO, np.uintp(k), inner, scale, offset, outer, v)
            for o in range(w.shape[0]):
                out[upper, west, o] = bias[o] + _dot(w[o], v[0])
                out[upper, east, o] = bias[o] + _dot(w[o], v[1])
                out[lower, west, o] = bias[o] + _dot(w[o], v[2])
                out[lower, east, o] = bias[o] + _dot(w[o], v[3])


@parallel
def read_out(z, inner, scale, offset, outer, w, bias, out, threads):
    """Write X w^T + bias to `out`, with X = max(max(U z, inner) scale + offset, outer)."""
    rows = z.shape[0] + 1
    if threads == 1:
        _read_out(z, -1, rows - 1, inner, scale, offset, outer, w, bias, out)
    else:
        for t in numba.prange(threads):
            begin, end = t * rows // threads - 1, (t + 1) * rows // threads - 1
            _read_out(z, begin, end, inner, scale, offset, outer, w, bias, out)


@compiled
def _correlate(z, first, last, inner, scale, offset, outer, d, totals):
    height, width, k = z.shape
    outputs = d.shape[2]
    v = np.empty((4, k), z.dtype)
    sums = np.empty((outputs, last), z.dtype)
    for i in range(-1, height):
        top, bottom = max(i, 0), min(i + 1, height - 1)
        upper, lower = max(2 * i + 1, 0), min(2 * i + 2, 2 * height - 1)
        sums[:] = z.dtype.type(0)
        for j in range(-1, width):
            left, right = max(j, 0), min(j + 1, width - 1)
            west, east = max(2 * j + 1, 0), min(2 * j + 2, 2 * width - 1)
            share = z.dtype.type(1) if left != right else z.dtype.type(0.5)
            _cell(z, top, bottom, left, right, first, last, inner, scale, offset, outer, v)
            v0, v1, v2, v3 = v[0], v[1], v[2], v[3]
            for o in range(outputs):
                d0, d1 = share * d[upper, west, o], share * d[upper, east, o]
                d2, d3 = share * d[lower, west, o], share * d[lower, east, o]
                total = sums[o]
                for c in range(first, last):
                    total[c] += (d0 * v0[c] + d1 * v1[c]) + (d2 * v2[c] + d3 * v3[c])
        weight = 1.0 if top != bottom else 0.5
        for o in range(outputs):
            for c in range(first, last):
                totals[o, c] += weight * sums[o, c]


@parallel
def correlate(z, inner, scale, offset, outer, d, totals, threads):
    """Add to `totals` (outputs, k) the product d^T X, with X as in `read_out`."""
    k = z.shape[2]
    if threads == 1:
        _correlate(z, ZERO, np.uintp(k), inner, scale, offset, outer, d, totals)
    else:
        for t in numba.prange(threads):
            first, last = share_of(t, k, threads)
            _correlate(z, first, last, inner, scale, offset, outer, d, totals)


@compiled
def _spread(d, begin, end, w, g):
    for pixel in range(begin, end):
        row = g[pixel]
        first, weights = d[pixel, 0], w[0]
        for c in range(w.shape[1]):
            row[c] = first * weights[c]
        for o in range(1, w.shape[0]):
            value, weights = d[pixel, o], w[o]
            for c in range(w.shape[1]):
                row[c] += value * weights[c]


@parallel
def spread(d, w, g, threads):
    """Write the product d w to `g` (pixels, k), for d (pixels, outputs)."""
    pixels = d.shape[0]
    if threads == 1:
        _spread(d, 0, pixels, w, g)
    else:
        for t in numba.prange(threads):
            _spread(d, t * pixels // threads, (t + 1) * pixels // threads, w, g)

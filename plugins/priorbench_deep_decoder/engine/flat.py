# mypy: allow-untyped-defs, allow-untyped-calls
"""Kernels for layers that do not upsample: arrays are (pixels, channels).

Sums run in the arrays' precision over a run of pixels and in float64 from run to run.
"""

from __future__ import annotations

import numpy as np

from priorbench.toolkit.fused.compiled import inner

_RUN = 256


@inner
def statistics(z, floor, shift, totals):
    """Add to `totals` (2, k) the sums of x - shift and (x - shift)^2 over x = max(z, floor)."""
    pixels, k = z.shape
    sums = np.empty((2, k), z.dtype)
    one, two = sums[0], sums[1]
    for start in range(0, pixels, _RUN):
        sums[:] = z.dtype.type(0)
        for pixel in range(start, min(start + _RUN, pixels)):
            v = z[pixel]
            for c in range(k):
                difference = max(v[c], floor) - shift[c]
                one[c] += difference
                two[c] += difference * difference
        for c in range(k):
            totals[0, c] += one[c]
            totals[1, c] += two[c]


@inner
def expand(z, lower, scale, offset, outer, x):
    """Write max(max(z, lower) scale + offset, outer) to `x`."""
    pixels, k = z.shape
    for pixel in range(pixels):
        v, y = z[pixel], x[pixel]
        for c in range(k):
            y[c] = max(max(v[c], lower) * scale[c] + offset[c], outer)


@inner
def moments(z, g, scale, offset, centre, totals):
    """Add to `totals` (2, k) the sums of h and h (z - centre), with h = g where z scale + offset > 0."""
    pixels, k = z.shape
    zero = z.dtype.type(0)
    sums = np.empty((2, k), z.dtype)
    one, two = sums[0], sums[1]
    for start in range(0, pixels, _RUN):
        sums[:] = zero
        for pixel in range(start, min(start + _RUN, pixels)):
            v, h = z[pixel], g[pixel]
            for c in range(k):
                passed = h[c] if v[c] * scale[c] + offset[c] > zero else zero
                one[c] += passed
                two[c] += passed * (v[c] - centre[c])
        for c in range(k):
            totals[0, c] += one[c]
            totals[1, c] += two[c]


@inner
def gradient(z, g, scale, offset, factor, slope, constant, masked):
    """Replace z by factor g + slope z + constant where z scale + offset > 0.

    Elsewhere it is 0 where `masked`, and slope z + constant where not.
    """
    pixels, k = z.shape
    zero = z.dtype.type(0)
    for pixel in range(pixels):
        v, h = z[pixel], g[pixel]
        for c in range(k):
            passes = v[c] * scale[c] + offset[c] > zero
            rest = slope[c] * v[c] + constant[c]
            if masked:
                v[c] = factor[c] * h[c] + rest if passes else zero
            else:
                v[c] = factor[c] * h[c] + rest if passes else rest

# mypy: allow-untyped-defs
"""Kernels for layers that do not upsample: arrays are (pixels, channels), a thread has some of the channels.

Sums run in the arrays' precision over a run of pixels and in float64 from run to run.
"""

from __future__ import annotations

import numba
import numpy as np

from priorbench_deep_decoder.engine.compiling import ZERO, compiled, parallel, share_of

_RUN = 256


@compiled
def _statistics(z, first, last, floor, shift, totals):
    sums = np.empty((2, last), z.dtype)
    one, two = sums[0], sums[1]
    for start in range(0, z.shape[0], _RUN):
        sums[:] = z.dtype.type(0)
        for pixel in range(start, min(start + _RUN, z.shape[0])):
            v = z[pixel]
            for c in range(first, last):
                difference = max(v[c], floor) - shift[c]
                one[c] += difference
                two[c] += difference * difference
        for c in range(first, last):
            totals[0, c] += one[c]
            totals[1, c] += two[c]


@parallel
def statistics(z, floor, shift, totals, threads):
    """Add to `totals` (2, k) the sums of x - shift and (x - shift)^2 over x = max(z, floor)."""
    k = z.shape[1]
    if threads == 1:
        _statistics(z, ZERO, np.uintp(k), floor, shift, totals)
    else:
        for t in numba.prange(threads):
            first, last = share_of(t, k, threads)
            _statistics(z, first, last, floor, shift, totals)


@compiled
def _expand(z, first, last, inner, scale, offset, outer, x):
    for pixel in range(z.shape[0]):
        v, y = z[pixel], x[pixel]
        for c in range(first, last):
            y[c] = max(max(v[c], inner) * scale[c] + offset[c], outer)


@parallel
def expand(z, inner, scale, offset, outer, x, threads):
    """Write max(max(z, inner) scale + offset, outer) to `x`."""
    k = z.shape[1]
    if threads == 1:
        _expand(z, ZERO, np.uintp(k), inner, scale, offset, outer, x)
    else:
        for t in numba.prange(threads):
            first, last = share_of(t, k, threads)
            _expand(z, first, last, inner, scale, offset, outer, x)


@compiled
def _moments(z, first, last, g, scale, offset, centre, totals):
    zero = z.dtype.type(0)
    sums = np.empty((2, last), z.dtype)
    one, two = sums[0], sums[1]
    for start in range(0, z.shape[0], _RUN):
        sums[:] = zero
        for pixel in range(start, min(start + _RUN, z.shape[0])):
            v, h = z[pixel], g[pixel]
            for c in range(first, last):
                passed = h[c] if v[c] * scale[c] + offset[c] > zero else zero
                one[c] += passed
                two[c] += passed * (v[c] - centre[c])
        for c in range(first, last):
            totals[0, c] += one[c]
            totals[1, c] += two[c]


@parallel
def moments(z, g, scale, offset, centre, totals, threads):
    """Add to `totals` (2, k) the sums of h and h (z - centre), with h = g where z scale + offset > 0."""
    k = z.shape[1]
    if threads == 1:
        _moments(z, ZERO, np.uintp(k), g, scale, offset, centre, totals)
    else:
        for t in numba.prange(threads):
            first, last = share_of(t, k, threads)
            _moments(z, first, last, g, scale, offset, centre, totals)


@compiled
def _gradient(z, first, last, g, scale, offset, factor, slope, constant, masked):
    zero = z.dtype.type(0)
    for pixel in range(z.shape[0]):
        v, h = z[pixel], g[pixel]
        for c in range(first, last):
            passes = v[c] * scale[c] + offset[c] > zero
            rest = slope[c] * v[c] + constant[c]
            if masked:
                v[c] = factor[c] * h[c] + rest if passes else zero
            else:
                v[c] = factor[c] * h[c] + rest if passes else rest


@parallel
def gradient(z, g, scale, offset, factor, slope, constant, masked, threads):
    """Replace z by factor g + slope z + constant where z scale + offset > 0.

    Elsewhere it is 0 where `masked`, and slope z + constant where not.
    """
    k = z.shape[1]
    if threads == 1:
        _gradient(z, ZERO, np.uintp(k), g, scale, offset, factor, slope, constant, masked)
    else:
        for t in numba.prange(threads):
            first, last = share_of(t, k, threads)
            _gradient(z, first, last, g, scale, offset, factor, slope, constant, masked)

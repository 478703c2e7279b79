# mypy: allow-untyped-defs, allow-untyped-calls
"""Kernels for layers that upsample: the upsampled tensor V = U Z is formed in registers, never in memory.

Bilinear upsampling by two, pixel centres aligned, is worked off in *cells*: between the neighbouring coarse
pixels (i, j) and (i + 1, j + 1) lie the four fine pixels (2i + 1, 2j + 1) to (2i + 2, 2j + 2), with weights
3/4 and 1/4. Cells begin at -1 and coarse indices are clamped at the border, where a cell holds each of its
fine pixels twice: there it counts half.

Arrays are (height, width, channels); work is given as rows of cells, begin to end - 1. Sums run in the
arrays' precision along a row and in float64 from row to row.
"""

from __future__ import annotations

import numpy as np

from priorbench.toolkit.fused.compiled import inner


@inner
def statistics(z, begin, end, floor, shift, totals):
    """Add to `totals` (2, k) the sums of x - shift and (x - shift)^2 over x = max(U z, floor)."""
    height, width, k = z.shape
    number = z.dtype.type
    near, far = number(0.75), number(0.25)
    sums = np.empty((2, k), z.dtype)
    one, two = sums[0], sums[1]
    for i in range(begin, end):
        top, bottom = max(i, 0), min(i + 1, height - 1)
        sums[:] = number(0)
        for j in range(-1, width):
            left, right = max(j, 0), min(j + 1, width - 1)
            share = number(1) if left != right else number(0.5)
            z0, z1, z2, z3 = z[top, left], z[top, right], z[bottom, left], z[bottom, right]
            for c in range(k):
                l0, l1 = near * z0[c] + far * z2[c], far * z0[c] + near * z2[c]
                r0, r1 = near * z1[c] + far * z3[c], far * z1[c] + near * z3[c]
                v0 = max(near * l0 + far * r0, floor) - shift[c]
                v1 = max(far * l0 + near * r0, floor) - shift[c]
                v2 = max(near * l1 + far * r1, floor) - shift[c]
                v3 = max(far * l1 + near * r1, floor) - shift[c]
                one[c] += share * ((v0 + v1) + (v2 + v3))
                two[c] += share * ((v0 * v0 + v1 * v1) + (v2 * v2 + v3 * v3))
        weight = 1.0 if top != bottom else 0.5
        for c in range(k):
            totals[0, c] += weight * one[c]
            totals[1, c] += weight * two[c]


@inner
def expand(z, begin, end, lower, scale, offset, outer, x):
    """Write max(max(U z, lower) scale + offset, outer) of the cells to the rows `x`."""
    height, width, k = z.shape
    number = z.dtype.type
    near, far = number(0.75), number(0.25)
    start = max(2 * begin + 1, 0)
    for i in range(begin, end):
        top, bottom = max(i, 0), min(i + 1, height - 1)
        upper, under = max(2 * i + 1, 0) - start, min(2 * i + 2, 2 * height - 1) - start
        for j in range(-1, width):
            left, right = max(j, 0), min(j + 1, width - 1)
            west, east = max(2 * j + 1, 0), min(2 * j + 2, 2 * width - 1)
            z0, z1, z2, z3 = z[top, left], z[top, right], z[bottom, left], z[bottom, right]
            x0, x1, x2, x3 = x[upper, west], x[upper, east], x[under, west], x[under, east]
            for c in range(k):
                l0, l1 = near * z0[c] + far * z2[c], far * z0[c] + near * z2[c]
                r0, r1 = near * z1[c] + far * z3[c], far * z1[c] + near * z3[c]
                a, b = scale[c], offset[c]
                x0[c] = max(max(near * l0 + far * r0, lower) * a + b, outer)
                x1[c] = max(max(far * l0 + near * r0, lower) * a + b, outer)
                x2[c] = max(max(near * l1 + far * r1, lower) * a + b, outer)
                x3[c] = max(max(far * l1 + near * r1, lower) * a + b, outer)


@inner
def adjoint(z, begin, end, g, scale, offset, slope, constant, gradient, edge, shared):
    """Add to `gradient` U* of: g + slope V + constant where V scale + offset > 0, and 0 elsewhere.

    `g` holds the fine rows of the cells. The coarse row `shared`, which another thread adds to, is in `edge`.
    """
    height, width, k = z.shape
    number = z.dtype.type
    near, far, zero = number(0.75), number(0.25), number(0)
    passed = np.empty((4, k), z.dtype)
    p0, p1, p2, p3 = passed[0], passed[1], passed[2], passed[3]
    start = max(2 * begin + 1, 0)
    for i in range(begin, end):
        top, bottom = max(i, 0), min(i + 1, height - 1)
        upper, lower = max(2 * i + 1, 0) - start, min(2 * i + 2, 2 * height - 1) - start
        weight = number(1) if top != bottom else number(0.5)
        below = edge if bottom == shared else gradient[bottom]
        for j in range(-1, width):
            left, right = max(j, 0), min(j + 1, width - 1)
            west, east = max(2 * j + 1, 0), min(2 * j + 2, 2 * width - 1)
            share = weight if left != right else weight * number(0.5)
            z0, z1, z2, z3 = z[top, left], z[top, right], z[bottom, left], z[bottom, right]
            g0, g1, g2, g3 = g[upper, west], g[upper, east], g[lower, west], g[lower, east]
            d0, d1, d2, d3 = gradient[top, left], gradient[top, right], below[left], below[right]
            for c in range(k):
                l0, l1 = near * z0[c] + far * z2[c], far * z0[c] + near * z2[c]
                r0, r1 = near * z1[c] + far * z3[c], far * z1[c] + near * z3[c]
                v0, v1 = near * l0 + far * r0, far * l0 + near * r0
                v2, v3 = near * l1 + far * r1, far * l1 + near * r1
                a, b, m, n = scale[c], offset[c], slope[c], constant[c]
                h0 = share * (g0[c] + m * v0 + n)
                h1 = share * (g1[c] + m * v1 + n)
                h2 = share * (g2[c] + m * v2 + n)
                h3 = share * (g3[c] + m * v3 + n)
                p0[c] = h0 if v0 * a + b > zero else zero
                p1[c] = h1 if v1 * a + b > zero else zero
                p2[c] = h2 if v2 * a + b > zero else zero
                p3[c] = h3 if v3 * a + b > zero else zero
            for c in range(k):  # apart from the above: together they need too many registers
                l0, l1 = near * p0[c] + far * p1[c], near * p2[c] + far * p3[c]
                r0, r1 = far * p0[c] + near * p1[c], far * p2[c] + near * p3[c]
                d0[c] += near * l0 + far * l1
                d1[c] += near * r0 + far * r1
                d2[c] += far * l0 + near * l1
                d3[c] += far * r0 + near * r1


@inner
def moments(z, begin, end, g, scale, offset, centre, totals):
    """Add to `totals` (2, k) the sums of h and h (V - centre), with h = g where V scale + offset > 0."""
    height, width, k = z.shape
    number = z.dtype.type
    near, far, zero = number(0.75), number(0.25), number(0)
    start = max(2 * begin + 1, 0)
    sums = np.empty((2, k), z.dtype)
    one, two = sums[0], sums[1]
    for i in range(begin, end):
        top, bottom = max(i, 0), min(i + 1, height - 1)
        upper, lower = max(2 * i + 1, 0) - start, min(2 * i + 2, 2 * height - 1) - start
        sums[:] = zero
        for j in range(-1, width):
            left, right = max(j, 0), min(j + 1, width - 1)
            west, east = max(2 * j + 1, 0), min(2 * j + 2, 2 * width - 1)
            share = number(1) if left != right else number(0.5)
            z0, z1, z2, z3 = z[top, left], z[top, right], z[bottom, left], z[bottom, right]
            g0, g1, g2, g3 = g[upper, west], g[upper, east], g[lower, west], g[lower, east]
            for c in range(k):
                l0, l1 = near * z0[c] + far * z2[c], far * z0[c] + near * z2[c]
                r0, r1 = near * z1[c] + far * z3[c], far * z1[c] + near * z3[c]
                v0, v1 = near * l0 + far * r0, far * l0 + near * r0
                v2, v3 = near * l1 + far * r1, far * l1 + near * r1
                a, b, m = scale[c], offset[c], centre[c]
                h0 = g0[c] if v0 * a + b > zero else zero
                h1 = g1[c] if v1 * a + b > zero else zero
                h2 = g2[c] if v2 * a + b > zero else zero
                h3 = g3[c] if v3 * a + b > zero else zero
                one[c] += share * ((h0 + h1) + (h2 + h3))
                two[c] += share * ((h0 * (v0 - m) + h1 * (v1 - m)) + (h2 * (v2 - m) + h3 * (v3 - m)))
        weight = 1.0 if top != bottom else 0.5
        for c in range(k):
            totals[0, c] += weight * one[c]
            totals[1, c] += weight * two[c]


@inner
def smooth(z, begin, end, scale, slope, constant, gradient):
    """Replace the coarse rows of `gradient` by scale gradient + slope U* U z + constant.

    U* U has the weights 3/8, 5/4, 3/8 in each direction.
    """
    height, width, k = z.shape
    number = z.dtype.type
    middle, side = number(1.25), number(0.375)
    for i in range(begin, end):
        above, below = max(i - 1, 0), min(i + 1, height - 1)
        for j in range(width):
            west, east = max(j - 1, 0), min(j + 1, width - 1)
            a0, a1, a2 = z[above, west], z[above, j], z[above, east]
            b0, b1, b2 = z[i, west], z[i, j], z[i, east]
            c0, c1, c2 = z[below, west], z[below, j], z[below, east]
            d = gradient[i, j]
            for c in range(k):
                centre = side * (a1[c] + c1[c]) + middle * b1[c]
                sides = side * ((a0[c] + a2[c]) + (c0[c] + c2[c])) + middle * (b0[c] + b2[c])
                d[c] = scale[c] * d[c] + slope[c] * (middle * centre + side * sides) + constant[c]

# mypy: allow-untyped-defs, allow-untyped-calls
"""Kernels for a layer's statistics and small matrices, each one pass instead of a dozen calls."""

from __future__ import annotations

import numpy as np

from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.rows import multiply_rows


@inner
def bounded(v, lower):
    """Return max(v, lower) of a vector."""
    found = np.empty_like(v)
    for c in range(len(v)):
        found[c] = max(v[c], lower)
    return found


@inner
def copy(given, to):
    """Copy a matrix."""
    for row in range(len(given)):
        for c in range(given.shape[1]):
            to[row, c] = given[row, c]


@inner
def standardise(totals, shift, gamma, beta, pixels, epsilon, last, moments, transform):
    """Fill in a layer's moments and what turns V into X, see `memory.Memory`, from the sums over its bands.

    `totals` (bands, 2, k) holds those of x - shift and its square; `last`: normalisation after activation.
    """
    for c in range(len(shift)):
        first = second = 0.0
        for band in range(totals.shape[0]):
            first += totals[band, 0, c]
            second += totals[band, 1, c]
        first /= pixels
        second /= pixels
        mean = shift[c] + first
        rstd = 1 / np.sqrt(max(second - first * first, 0.0) + epsilon)
        factor = rstd if last else gamma[c] * rstd
        moments[0, c], moments[1, c] = mean, rstd
        transform[0, c], transform[2, c] = factor, mean
        transform[1, c] = (0.0 if last else beta[c]) - mean * factor


@inner
def fold(mixing, begin, end, gamma, beta, weight, bias):
    """Write mixing diag(gamma) and mixing beta, a mixing after scale and shift: rows begin to end - 1."""
    for o in range(begin, end):
        row, out = mixing[o], weight[o]
        for c in range(len(row)):
            out[c] = row[c] * gamma[c]
    multiply_rows(mixing, begin, end, beta.reshape(1, -1), bias.reshape(1, -1))


@inner
def add_up(begin, end, parts, totals):
    """Write the sum of `parts` (bands, ...) to the rows begin to end - 1 of `totals` (...), matrices."""
    for o in range(begin, end):
        total = totals[o]
        for c in range(len(total)):
            total[c] = parts[0, o, c]
        for band in range(1, parts.shape[0]):
            part = parts[band, o]
            for c in range(len(total)):
                total[c] += part[c]


@inner
def normalisation_last(
    product, columns, mixing, gamma, beta, moments, pixels, d_gamma, d_beta, spread, lines
):
    """From d^T x^ and the sums of d: gradients, and what `kernels.through_normalisation_last` needs.

    `product` (outputs, k), d^T x^, becomes dL/d(mixing); `columns` (bands, outputs) are sums of d. The
    kernel's weight is written to `spread`, its slope and constant to `lines`.
    """
    outputs, k = mixing.shape
    mean, rstd, slope, constant = moments[0], moments[1], lines[1], lines[2]
    sums = np.zeros((2, k))
    for o in range(outputs):
        column = 0.0
        for band in range(columns.shape[0]):
            column += columns[band, o]
        row, found, out = mixing[o], product[o], spread[o]
        for c in range(k):
            sums[0, c] += row[c] * found[c]
            sums[1, c] += row[c] * column
            found[c] = found[c] * gamma[c] + column * beta[c]
            out[c] = row[c] * gamma[c] * rstd[c]
    for c in range(k):
        m1 = gamma[c] * sums[1, c] / pixels  # mean over pixels of dL/dx^
        m2 = gamma[c] * sums[0, c] / pixels  # and of x^ dL/dx^
        slope[c] = -rstd[c] * rstd[c] * m2
        constant[c] = rstd[c] * (mean[c] * rstd[c] * m2 - m1)
        d_gamma[c], d_beta[c] = sums[0, c], sums[1, c]


@inner
def activation_last(totals, gamma, moments, pixels, share, d_gamma, d_beta, lines):
    """From the sums of h and h (V - mean): gradients, and what `kernels.through_activation_last` needs.

    `totals` (bands, 2, k) holds the sums; `share` is the sum of a column of U*. The kernel's factor, slope
    and constant are written to `lines`.
    """
    for c in range(len(gamma)):
        first = second = 0.0
        for band in range(totals.shape[0]):
            first += totals[band, 0, c]
            second += totals[band, 1, c]
        mean, rstd = moments[0, c], moments[1, c]
        second *= rstd
        factor = gamma[c] * rstd
        slope = -factor * rstd * second / pixels
        lines[0, c], lines[1, c] = factor, slope
        lines[2, c] = -share * (factor * first / pixels + slope * mean)
        d_gamma[c], d_beta[c] = second, first


@inner
def interleave(planes, begin, end, pixels):
    """Write the pixels begin to end - 1 of an image (c, n) to (n, c)."""
    if len(planes) == 3:
        red, green, blue = planes[0], planes[1], planes[2]
        for p in range(begin, end):
            pixels[p, 0], pixels[p, 1], pixels[p, 2] = red[p], green[p], blue[p]
        return
    for p in range(begin, end):
        for c in range(len(planes)):
            pixels[p, c] = planes[c, p]


@inner
def deinterleave(pixels, begin, end, planes):
    """Write the pixels begin to end - 1 of an image (n, c) to (c, n)."""
    for c in range(len(planes)):
        plane = planes[c]
        for p in range(begin, end):
            plane[p] = pixels[p, c]

# mypy: allow-untyped-defs, allow-untyped-calls
"""What is done with a layer's statistics and small matrices, each in one pass instead of a dozen calls."""

from __future__ import annotations

import numpy as np

from priorbench.toolkit.fused.compiled import inner


@inner
def standardise(totals, shift, gamma, beta, pixels, epsilon, last, mean, rstd, scale, offset):
    """Fill in mean, 1 / std and what turns V into X (see `kernels`) from the sums over the bands.

    `totals` (bands, 2, k) holds those of x - shift and its square; `last`: normalisation after activation.
    """
    for c in range(len(shift)):
        first = second = 0.0
        for band in range(totals.shape[0]):
            first += totals[band, 0, c]
            second += totals[band, 1, c]
        first /= pixels
        second /= pixels
        mean[c] = shift[c] + first
        rstd[c] = 1 / np.sqrt(max(second - first * first, 0.0) + epsilon)
        factor = rstd[c] if last else gamma[c] * rstd[c]
        scale[c] = factor
        offset[c] = (0.0 if last else beta[c]) - mean[c] * factor


@inner
def fold(mixing, gamma, beta, weight, bias):
    """Write mixing diag(gamma) and mixing beta: a mixing after scale and shift."""
    for o in range(mixing.shape[0]):
        total = 0.0
        for c in range(mixing.shape[1]):
            weight[o, c] = mixing[o, c] * gamma[c]
            total += mixing[o, c] * beta[c]
        bias[o] = total


@inner
def add_up(parts, totals):
    """Write the sum of `parts` (bands, ...) to `totals` (...), matrices."""
    for o in range(totals.shape[0]):
        total = totals[o]
        total[:] = parts[0, o]
        for band in range(1, parts.shape[0]):
            part = parts[band, o]
            for c in range(len(total)):
                total[c] += part[c]


@inner
def unfold(
    product, columns, mixing, gamma, beta, mean, rstd, pixels, d_gamma, d_beta, spread, slope, constant
):
    """From d^T x^ and the sums of d: gradients, and what `kernels.through_normalisation_last` needs.

    `product` (outputs, k), d^T x^, becomes dL/d(mixing); `columns` (bands, outputs) are sums of d; dL/dgamma
    and dL/dbeta (k,) are zeros at first. `spread`, `slope` and `constant` are those of the kernel.
    """
    outputs, k = mixing.shape
    for o in range(outputs):
        column = 0.0
        for band in range(columns.shape[0]):
            column += columns[band, o]
        row, found, out = mixing[o], product[o], spread[o]
        for c in range(k):
            d_gamma[c] += row[c] * found[c]
            d_beta[c] += row[c] * column
            found[c] = found[c] * gamma[c] + column * beta[c]
            out[c] = row[c] * gamma[c] * rstd[c]
    for c in range(k):
        m1 = gamma[c] * d_beta[c] / pixels  # mean over pixels of dL/dx^
        m2 = gamma[c] * d_gamma[c] / pixels  # and of x^ dL/dx^
        slope[c] = -rstd[c] * rstd[c] * m2
        constant[c] = rstd[c] * (mean[c] * rstd[c] * m2 - m1)


@inner
def interleave(planes, pixels):
    """Write an image (c, n) to (n, c)."""
    for p in range(pixels.shape[0]):
        for c in range(pixels.shape[1]):
            pixels[p, c] = planes[c, p]


@inner
def deinterleave(pixels, planes):
    """Write an image (n, c) to (c, n)."""
    for c in range(planes.shape[0]):
        for p in range(planes.shape[1]):
            planes[c, p] = pixels[p, c]

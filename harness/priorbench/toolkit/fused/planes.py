"""Kernels for one channel while it is in the cache: statistics, normalisation, activation.

A plane is a channel's pixels, flat. Sums run over short stretches in the plane's precision, in an order of
their own (`priorbench.toolkit.fused.lanes`), and over the stretches in float64; a variance is the mean square
of what is left when the mean is taken off.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.lanes import LANES, STRETCH, cleared, taken


@inner
def mean_and_inverse(x: Any, epsilon: float) -> tuple[Any, Any]:
    """Return the mean m of x and r = 1 / sqrt(var(x) + epsilon)."""
    mean, lanes = mean_of(x), cleared(1, x.dtype)[0]
    total = 0.0
    for start in range(0, x.size, STRETCH):
        total += _squares(x[start : start + STRETCH], mean, lanes)
    return mean, 1 / np.sqrt(total / x.size + epsilon)


@inner
def mean_of(x: Any) -> Any:
    """Return the mean."""
    return sum_of(x) / x.size


@inner
def sum_of(x: Any) -> Any:
    """Return the sum."""
    total, lanes = 0.0, cleared(1, x.dtype)[0]
    for start in range(0, x.size, STRETCH):
        total += _sum(x[start : start + STRETCH], lanes)
    return total


@inner
def _sum(x: Any, lanes: Any) -> Any:
    for start in range(0, x.size, LANES):
        part = x[start : start + LANES]
        for i in range(part.size):
            lanes[i] += part[i]
    return taken(lanes)


@inner
def _squares(x: Any, mean: float, lanes: Any) -> Any:
    m = x.dtype.type(mean)
    for start in range(0, x.size, LANES):
        part = x[start : start + LANES]
        for i in range(part.size):
            lanes[i] += (part[i] - m) * (part[i] - m)
    return taken(lanes)


@inner
def normalise(x: Any, y: Any, mean: float, inverse: float, gain: float, shift: float, slope: float) -> None:
    """Write y = act(gain (x - mean) inverse + shift), act the leaky ReLU of a slope; slope 1 = none."""
    kind = x.dtype.type
    m, a, b, below = kind(mean), kind(gain * inverse), kind(shift), kind(slope)
    for i in range(x.size):
        value = a * (x[i] - m) + b
        y[i] = value if value > 0 else below * value


@inner
def normalise_backward(
    x: Any, dy: Any, mean: float, inverse: float, gain: float, shift: float, slope: float
) -> tuple[float, float]:
    """Turn dy into dx, in place, for the y of `normalise`; return the gradients of gain and shift."""
    d_gain, d_shift, lanes = 0.0, 0.0, cleared(2, x.dtype)
    for start in range(0, x.size, STRETCH):
        stop = min(start + STRETCH, x.size)
        for first in range(start, stop, LANES):
            row, gradient = x[first : first + LANES], dy[first : first + LANES]
            _through_activation(row, gradient, mean, inverse, gain, shift, slope, lanes[0], lanes[1])
        d_gain += taken(lanes[0])
        d_shift += taken(lanes[1])
    kind = x.dtype.type
    m, r, outer = kind(mean), kind(inverse), kind(gain * inverse)
    along_mean, along_scale = kind(d_shift / x.size), kind(d_gain / x.size)
    for i in range(x.size):
        dy[i] = outer * (dy[i] - along_mean - (x[i] - m) * r * along_scale)
    return d_gain, d_shift


@inner
def _through_activation(
    x: Any,
    dy: Any,
    mean: float,
    inverse: float,
    gain: float,
    shift: float,
    slope: float,
    d_gain: Any,
    d_shift: Any,
) -> None:
    kind = x.dtype.type
    m, r, a, b, below = kind(mean), kind(inverse), kind(gain * inverse), kind(shift), kind(slope)
    for i in range(x.size):
        centred = x[i] - m
        gradient = dy[i] if a * centred + b > 0 else below * dy[i]
        dy[i] = gradient
        d_gain[i] += gradient * (centred * r)
        d_shift[i] += gradient


@inner
def rectify_backward(y: Any, dy: Any) -> float:
    """Turn dy into dx, in place, for y = relu(x); return the sum of dx."""
    sum_of_all, lanes = 0.0, cleared(1, y.dtype)[0]
    for start in range(0, y.size, STRETCH):
        sum_of_all += _through_relu(y[start : start + STRETCH], dy[start : start + STRETCH], lanes)
    return sum_of_all


@inner
def _through_relu(y: Any, dy: Any, lanes: Any) -> Any:
    zero = y.dtype.type(0)
    for start in range(0, y.size, LANES):
        row, gradient = y[start : start + LANES], dy[start : start + LANES]
        for i in range(row.size):
            passed = gradient[i] if row[i] > 0 else zero
            gradient[i] = passed
            lanes[i] += passed
    return taken(lanes)


@inner
def upsampled_mean_and_inverse(x: Any, width: int, epsilon: float) -> tuple[float, float]:
    """Return what `mean_and_inverse` would of x upsampled bilinearly by two, from the coarse pixels.

    The mean is that of x. With U the upsampling of one direction and c = x - mean, the upsampled squares add
    up to <c, T c T>, T = U'U: the filter [0.375, 1.25, 0.375] with border pixels repeated outwards.
    """
    mean = mean_of(x)
    smooth, columns, total = np.empty(width, x.dtype), np.zeros(width), 0.0
    m = x.dtype.type(mean)
    for start in range(0, x.size, width):
        smooth_row(x, mean, start, width, smooth)
        row = x[start : start + width]
        for j in range(width):
            columns[j] += (row[j] - m) * smooth[j]
    for j in range(width):
        total += columns[j]
    return mean, 1 / np.sqrt(total / (4 * x.size) + epsilon)


@inner
def smooth_row(x: Any, mean: float, start: int, width: int, out: Any) -> None:
    """Write the row of T (x - mean) T that begins at `start`."""
    kind = x.dtype.type
    m, centre, side = kind(mean), kind(1.25), kind(0.375)
    above, below = max(start - width, 0), min(start + width, x.size - width)
    one, two, three = x[above : above + width], x[start : start + width], x[below : below + width]
    column = np.empty(width + 2, x.dtype)
    inside = column[1:]
    for j in range(width):
        inside[j] = centre * (two[j] - m) + side * ((one[j] - m) + (three[j] - m))
    column[0], column[width + 1] = column[1], column[width]
    for j in range(width):
        out[j] = centre * column[j + 1] + side * (column[j] + column[j + 2])


@inner
def upsampled_normalise_backward(
    x: Any, dy: Any, width: int, mean: float, inverse: float, gain: float
) -> tuple[float, float]:
    """Turn dy into dx, in place, for y = gain (x - mean) inverse + shift, of the upsampled statistics."""
    kind = x.dtype.type
    m, d_gain, d_shift, lanes = kind(mean), 0.0, 0.0, cleared(2, x.dtype)
    one, two = lanes[0], lanes[1]
    for start in range(0, x.size, STRETCH):
        for first in range(start, min(start + STRETCH, x.size), LANES):
            row, gradient = x[first : first + LANES], dy[first : first + LANES]
            for i in range(row.size):
                one[i] += gradient[i] * (row[i] - m)
                two[i] += gradient[i]
        d_gain += taken(one) * inverse
        d_shift += taken(two)
    outer, along_mean = kind(gain * inverse), kind(d_shift / x.size)
    along_scale = kind(d_gain * inverse / (4 * x.size))
    smooth = np.empty(width, x.dtype)
    for start in range(0, x.size, width):
        smooth_row(x, mean, start, width, smooth)
        gradient = dy[start : start + width]
        for j in range(width):
            gradient[j] = outer * (gradient[j] - along_mean - along_scale * smooth[j])
    return d_gain, d_shift

"""Kernels over all channels, one channel after the other on each thread.

Images lie in arrays (channels, stride) of which the first `pixels` of a row count. In each channel the
statistics come from one thread in one order, so that the bits do not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any

from priorbench.toolkit.fused.barrier import Member, part
from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.planes import (
    mean_and_inverse,
    normalise,
    normalise_backward,
    rectify_backward,
    sum_of,
    upsampled_mean_and_inverse,
    upsampled_normalise_backward,
)


@inner
def normalise_planes(
    place: Member, x: Any, y: Any, pixels: int, gain: Any, shift: Any, slope: float, epsilon: float, kept: Any
) -> None:
    """Normalise each channel of x by its own statistics, which are `kept` (2, channels), and activate."""
    begin, end = part(place, x.shape[0])
    for o in range(begin, end):
        plane = x[o, :pixels]
        mean, inverse = mean_and_inverse(plane, epsilon)
        kept[0, o], kept[1, o] = mean, inverse
        normalise(plane, y[o, :pixels], mean, inverse, gain[o], shift[o], slope)


@inner
def normalise_planes_backward(
    place: Member,
    x: Any,
    dy: Any,
    pixels: int,
    gain: Any,
    shift: Any,
    slope: float,
    kept: Any,
    d_gain: Any,
    d_shift: Any,
) -> None:
    """Turn dy into dx, in place."""
    begin, end = part(place, x.shape[0])
    for o in range(begin, end):
        d_gain[o], d_shift[o] = normalise_backward(
            x[o, :pixels], dy[o, :pixels], kept[0, o], kept[1, o], gain[o], shift[o], slope
        )


@inner
def normalise_upsampled(
    place: Member, x: Any, y: Any, pixels: int, width: int, gain: Any, shift: Any, epsilon: float, kept: Any
) -> None:
    """Normalise each channel of x by the statistics that it has after bilinear upsampling by two."""
    begin, end = part(place, x.shape[0])
    for o in range(begin, end):
        plane = x[o, :pixels]
        mean, inverse = upsampled_mean_and_inverse(plane, width, epsilon)
        kept[0, o], kept[1, o] = mean, inverse
        normalise(plane, y[o, :pixels], mean, inverse, gain[o], shift[o], 1.0)


@inner
def normalise_upsampled_backward(
    place: Member, x: Any, dy: Any, pixels: int, width: int, gain: Any, kept: Any, d_gain: Any, d_shift: Any
) -> None:
    """Turn dy into dx, in place."""
    begin, end = part(place, x.shape[0])
    for o in range(begin, end):
        d_gain[o], d_shift[o] = upsampled_normalise_backward(
            x[o, :pixels], dy[o, :pixels], width, kept[0, o], kept[1, o], gain[o]
        )


@inner
def sum_planes(place: Member, x: Any, pixels: int, sums: Any) -> None:
    """Write the sum of each channel's pixels."""
    begin, end = part(place, x.shape[0])
    for o in range(begin, end):
        sums[o] = sum_of(x[o, :pixels])


@inner
def rectify_planes(place: Member, x: Any, pixels: int, bias: Any) -> None:
    """Turn x into relu(x + bias), in place."""
    begin, end = part(place, x.shape[0])
    for o in range(begin, end):
        plane = x[o, :pixels]
        zero, b = plane.dtype.type(0), bias[o]
        for i in range(pixels):
            plane[i] = max(plane[i] + b, zero)


@inner
def rectify_planes_backward(place: Member, y: Any, dy: Any, pixels: int, d_bias: Any) -> None:
    """Turn dy into dx, in place, for y = relu(x + bias)."""
    begin, end = part(place, y.shape[0])
    for o in range(begin, end):
        d_bias[o] = rectify_backward(y[o, :pixels], dy[o, :pixels])

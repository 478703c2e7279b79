# mypy: allow-untyped-defs, allow-untyped-calls
"""The two passes over a decoder, one compiled function each, with barriers between the kernels.

A thread does its part of the bands; what is small is done by thread 0 alone.
"""

from __future__ import annotations

from priorbench.toolkit.fused.barrier import part, wait_for_all
from priorbench.toolkit.fused.compiled import inlined, inner
from priorbench_deep_decoder.engine import kernels, products, small
from priorbench_deep_decoder.engine.memory import (
    affine_of,
    bounds_of,
    layer_of,
    mixing_of,
    panels_of,
    parts_of,
    pixels_of,
    rows_of,
)


@inner
def forward(place, memory, theta, b, planes):
    """Write the output before the sigmoid to `planes` (outputs, pixels).

    Parameters
    ----------
    theta : ndarray
        all parameters: the mixing of each hidden layer and, where trained, its scale and shift; the last
        mixing.
    b : ndarray
        the input, (pixels, k).
    """
    _mix_input(place, memory, mixing_of(memory, theta, 0), b)
    for n in range(len(memory.layers)):
        layer = layer_of(memory, n)
        weight, bias = mixing_of(memory, theta, n + 1), memory.bias[:0]
        if memory.normalise_last:
            weight, bias = memory.folded[: len(weight)], memory.bias[: len(weight)]
        _prepare(place, memory, theta, n, weight, bias)
        _normalise(place, memory, theta, layer)
        wait_for_all(place)
        target = memory.output
        if n + 1 < len(memory.layers):
            target = rows_of(layer_of(memory, n + 1).z)
        kernels.mix(place, memory, layer, weight, bias, target)
        wait_for_all(place)
    first, last = part(place, len(memory.output))
    small.deinterleave(memory.output, first, last, planes)


@inlined
def _mix_input(place, memory, weight, b):
    """Write b weight^T to the first Z."""
    _pack(place, memory, weight.T)
    wait_for_all(place)
    z, panels = rows_of(layer_of(memory, 0).z), panels_of(memory, weight.T)
    first, last = part(place, len(b))
    halves, x = memory.halves, b[first:last]
    products.mix(x, weight, panels, halves, place.thread, memory.bias[:0], z[first:last])
    wait_for_all(place)


@inlined
def _prepare(place, memory, theta, n, weight, bias):
    """Find the mixing after layer n, which takes over its scale and shift, and put it into panels."""
    if memory.normalise_last:
        panels = panels_of(memory, weight.T)
        begin, end = part(place, len(panels))
        columns = panels.shape[2]
        first, last = columns * begin, min(columns * end, len(weight))
        gamma, beta = affine_of(memory, theta, n, memory.plain)
        small.fold(mixing_of(memory, theta, n + 1), first, last, gamma, beta, weight, bias)
    _pack(place, memory, weight.T)


@inlined
def _normalise(place, memory, theta, layer):
    """Find the statistics of a layer, and what normalises it."""
    lower, _ = bounds_of(memory)
    shift = small.bounded(layer.z[0, 0], lower)
    kernels.statistics(place, memory, layer, shift)
    wait_for_all(place)
    if place.thread == 0:
        n, totals, last = layer.n, memory.totals[: layer.bands], memory.normalise_last
        gamma, beta = affine_of(memory, theta, n, memory.plain)
        given = totals, shift, gamma, beta, pixels_of(layer), memory.epsilon, last
        small.standardise(*given, memory.moments[n], memory.transform[n])


@inlined
def _pack(place, memory, matrix):
    """Put the thread's part of a mixing, or of its transpose, into panels."""
    panels = panels_of(memory, matrix)
    begin, end = part(place, len(panels))
    products.pack(matrix, memory.halves, panels, begin, end)


@inner
def backward(place, memory, theta, b, planes, d_first, d_theta):
    """Write dL/d(first Z) (pixels, k) and the gradient of all parameters, for dL/d(output) in `planes`.

    What `forward` kept is used up.
    """
    first, last = part(place, len(memory.output))
    small.interleave(planes, first, last, memory.output)
    wait_for_all(place)
    d, free = memory.output, memory.spare
    for n in range(len(memory.layers) - 1, -1, -1):
        layer = layer_of(memory, n)
        z = layer.z
        target = free[: z.size].reshape(z.shape) if layer.up else z
        parts, columns = parts_of(memory, layer, d.shape[1])
        if not memory.normalise_last:
            _pack(place, memory, mixing_of(memory, theta, n + 1))
        kernels.correlate(place, memory, layer, d, parts, columns)
        wait_for_all(place)
        if memory.normalise_last:
            _through_normalisation_last(place, memory, theta, layer, d, parts, columns, target, d_theta)
        else:
            _through_activation_last(place, memory, theta, layer, d, parts, target, d_theta)
        wait_for_all(place)
        if layer.up:
            free = z.reshape(-1)
        d = rows_of(target)
    if place.thread == 0:
        _correlate_input(memory, d, b, mixing_of(memory, d_theta, 0))
        small.copy(d, d_first)


@inlined
def _correlate_input(memory, d, b, totals):
    """Write d^T b, tile by tile, by one thread."""
    step = memory.tiles.shape[1]
    for start in range(0, len(b), step):
        x = b[start : start + step]
        given = memory.packed[0], memory.halves, 0
        products.correlate(d[start : start + step], x, *given, start == 0, totals)


@inlined
def _through_normalisation_last(place, memory, theta, layer, d, parts, columns, target, d_theta):
    """Turn d, of the next Z, into that of the layer's; find gradients of scale, shift and the next mixing."""
    n = layer.n
    mixing, d_mixing = mixing_of(memory, theta, n + 1), mixing_of(memory, d_theta, n + 1)
    spread = memory.folded[: len(mixing)]
    first, last = part(place, len(mixing))
    small.add_up(first, last, parts, d_mixing)
    wait_for_all(place)
    if place.thread == 0:
        gamma, beta = affine_of(memory, theta, n, memory.plain)
        d_gamma, d_beta = affine_of(memory, d_theta, n, memory.lost)
        given = d_mixing, columns, mixing, gamma, beta, memory.moments[n], pixels_of(layer)
        small.normalisation_last(*given, d_gamma, d_beta, spread, memory.lines)
    wait_for_all(place)
    _pack(place, memory, spread)
    wait_for_all(place)
    kernels.through_normalisation_last(place, memory, layer, d, spread, target)
    wait_for_all(place)
    kernels.join(place, memory, layer, target)


@inlined
def _through_activation_last(place, memory, theta, layer, d, parts, target, d_theta):
    """Do the same where the normalisation stands before the activation."""
    n = layer.n
    mixing, d_mixing = mixing_of(memory, theta, n + 1), mixing_of(memory, d_theta, n + 1)
    kernels.masked_adjoint(place, memory, layer, d, mixing, target)
    wait_for_all(place)
    first, last = part(place, len(mixing))
    small.add_up(first, last, parts, d_mixing)
    kernels.join(place, memory, layer, target)
    if place.thread == 0:
        gamma, _ = affine_of(memory, theta, n, memory.plain)
        d_gamma, d_beta = affine_of(memory, d_theta, n, memory.lost)
        share = 4 if layer.up else 1  # the sum of a column of U*
        totals = memory.totals[: layer.bands]
        given = totals, gamma, memory.moments[n], pixels_of(layer), share
        small.activation_last(*given, d_gamma, d_beta, memory.lines)
    wait_for_all(place)
    kernels.through_activation_last(place, memory, layer, d, mixing, target)

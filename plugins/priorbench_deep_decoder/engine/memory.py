# mypy: allow-untyped-defs, allow-untyped-calls
"""The memory of a decoder's two passes, and its layout."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from priorbench.toolkit.fused.compiled import inner
from priorbench_deep_decoder.engine.bands import number_of
from priorbench_deep_decoder.engine.products import panels_in


class Memory(NamedTuple):
    """What both passes work on; k channels, numbers of the network's precision where nothing is said.

    Attributes
    ----------
    layers : Any
        height, width and begin of each hidden layer's Z in `z`, and whether it upsamples; (layers, 4).
    normalise_last : bool
        normalisation after the activation.
    affine : bool
        the normalisation has a trainable scale and shift.
    epsilon : float
        added to the variance.
    z : Any
        Z of all layers, one after the other.
    spare : Any
        as large as the largest Z that is upsampled: memory for a gradient.
    moments : Any
        mean and 1 / standard deviation of each layer, (layers, 2, k), float64.
    transform : Any
        what turns V into X: scale, offset, and the mean once more; (layers, 3, k).
    lines : Any
        factor, slope and constant of a gradient, (3, k).
    plain, lost : Any
        scale and shift where none are trained, and where their gradients go, (2, k).
    totals : Any
        sums over each band, (bands, 2, k), float64.
    columns : Any
        sums of a gradient over each band, float64.
    parts : Any
        d^T X of each band.
    sums : Any
        memory of each thread, (threads, outputs).
    folded, bias : Any
        a mixing that takes over scale and shift: (outputs, k), (outputs,).
    edges : Any
        what a band adds to the first row of the next one.
    panels : Any
        a mixing as `priorbench.toolkit.fused.product` wants it, or `priorbench.toolkit.fused.bfloat16`.
    tiles : Any
        memory of each thread, (threads, pixels, k).
    packed : Any
        memory of each thread for a tile in panels.
    halves : Any
        memory of each thread for a tile in bfloat16; None where nothing is rounded to that.
    output : Any
        (pixels, outputs).
    """

    layers: Any
    normalise_last: bool
    affine: bool
    epsilon: float
    z: Any
    spare: Any
    moments: Any
    transform: Any
    lines: Any
    plain: Any
    lost: Any
    totals: Any
    columns: Any
    parts: Any
    sums: Any
    folded: Any
    bias: Any
    edges: Any
    panels: Any
    tiles: Any
    packed: Any
    halves: Any
    output: Any


class Layer(NamedTuple):
    """A hidden layer: its number, its Z (height, width, k), whether it upsamples, its bands."""

    n: int
    z: Any
    up: bool
    bands: int


@inner
def layer_of(memory, n):
    """Return hidden layer n."""
    height, width, start, up = memory.layers[n]
    k = memory.plain.shape[1]
    z = memory.z[start : start + height * width * k].reshape(height, width, k)
    return Layer(n, z, up != 0, number_of(z, up != 0))


@inner
def rows_of(z):
    """Return an image (height, width, k) as (pixels, k)."""
    return z.reshape(-1, z.shape[2])


@inner
def pixels_of(layer):
    """Return the number of pixels of X."""
    return layer.z.shape[0] * layer.z.shape[1] * (4 if layer.up else 1)


@inner
def bounds_of(memory):
    """Return the lower bounds before and after scaling."""
    number = memory.z.dtype.type
    low, zero = number(-np.inf), number(0)
    return (zero, low) if memory.normalise_last else (low, zero)


@inner
def mixing_of(memory, theta, n):
    """Return mixing n, (k, k), or the last one, (outputs, k), of parameters or their gradient."""
    k = memory.plain.shape[1]
    start = n * (k * k + (2 * k if memory.affine else 0))
    stop = start + k * k if n < len(memory.layers) else len(theta)
    return theta[start:stop].reshape(-1, k)


@inner
def affine_of(memory, theta, n, otherwise):
    """Return scale and shift of layer n, or their gradients, (k,); `otherwise` where none are trained."""
    k = memory.plain.shape[1]
    if not memory.affine:
        return otherwise[0], otherwise[1]
    stop = (n + 1) * (k * k + 2 * k)
    return theta[stop - 2 * k : stop - k], theta[stop - k : stop]


@inner
def parts_of(memory, layer, outputs):
    """Return memory for d^T X and the sums of d of each band: (bands, outputs, k), (bands, outputs)."""
    k, number = memory.plain.shape[1], layer.bands * outputs
    parts = memory.parts[: number * k].reshape(layer.bands, outputs, k)
    return parts, memory.columns[:number].reshape(layer.bands, outputs)


@inner
def edges_of(memory, layer):
    """Return memory for the edges of a layer's bands, (bands, width, k)."""
    _, width, k = layer.z.shape
    return memory.edges[: layer.bands * width * k].reshape(layer.bands, width, k)


@inner
def panels_of(memory, matrix):
    """Return memory for a mixing, or its transpose, in panels."""
    return panels_in(memory.panels, memory.halves, matrix.shape[0], matrix.shape[1])

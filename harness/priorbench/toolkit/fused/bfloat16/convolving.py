# mypy: allow-untyped-defs, allow-untyped-calls
"""A k x k convolution with rounded factors, and its gradients.

What the taps see is laid out as for `priorbench.toolkit.fused.convolution.layer.Convolve`, from images whose
channels are rounded in pairs. Its tables are those of `priorbench.toolkit.fused.convolution.geometry`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from priorbench.toolkit.fused.barrier import part, wait_for_all
from priorbench.toolkit.fused.bfloat16.block import COLUMNS, ROWS, pair_of
from priorbench.toolkit.fused.bfloat16.planes import (
    DEPTH,
    multiply_planes,
    pack_pairs,
    pair_channels,
    pair_row,
    pair_rows,
)
from priorbench.toolkit.fused.bfloat16.product import PAIR, multiply
from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.convolution import kernels
from priorbench.toolkit.fused.convolution.geometry import Phase
from priorbench.toolkit.fused.convolution.kernels import find_places, lay_out, share_out, spread
from priorbench.toolkit.fused.convolution.layer import Convolve
from priorbench.toolkit.fused.layers import Planes


class RoundedConvolve(Convolve):
    """The same convolution, factors rounded to bfloat16, here and in the gradients; see `Convolve`."""

    def forward(self, x: Planes, y: Planes) -> None:
        """Write y. What `backward` needs of x is kept."""
        g = self._geometry
        tables = g.row_sources, g.column_sources, g.pitch
        self._share(kernels.pad, x.array, x.width, g.stride, g.pad, *tables, self._padded)
        weight = self._weight.flatten(2).numpy()
        own = self._scratch_of("weight", self._outputs, self._inputs, g.taps**2)
        image = self._scratch_of("image", 1, self._inputs, self._padded.shape[1])[0]
        given = self._padded, image, g.offsets, g.width, g.pitch, weight, own
        self._share(_convolve, *given, g.height * g.width, y.array)

    def backward(self, dy: Planes, dx: Planes | None) -> torch.Tensor:
        """Write dx where it is wanted; return the gradient of the weight. `dy` is kept as it is."""
        g = self._geometry
        self._share(kernels.add_margins, dy.array, g.height, g.width, g.pitch, g.margin, self._planes)
        weight = self._weight
        gradient = torch.empty_like(weight)
        flat = gradient.flatten(2).numpy()
        size = self._padded.shape[1] // 2
        even, odd = (self._team.scratch(name, (self._inputs, size), PAIR) for name in ("even", "odd"))
        given = self._padded, even, odd, g.offsets, self._planes, g.margin, g.positions
        self._share(_correlate_taps, *given, self._sums, flat)
        if dx is not None and self._thin:
            self._rounded_back_thin(weight, dx)
        elif dx is not None:
            image = self._scratch_of("image", 1, self._outputs, self._planes.shape[1])[0]
            self._share(pair_channels, self._planes, image)
            for phase in g.phases:
                self._convolve_back(phase, weight.flatten(2).numpy(), image, dx)
        return gradient

    def _rounded_back_thin(self, weight: torch.Tensor, dx: Planes) -> None:
        g, (phase,) = self._geometry, self._geometry.phases
        turned = weight.permute(1, 2, 3, 0).flatten(0, 2).contiguous().numpy()
        own = self._team.scratch("weight", (len(turned), (self._outputs + 1) // 2), PAIR)
        tables = phase.offsets, phase.starts, phase.targets, phase.sources
        size = g.height, g.width, g.pitch, g.margin
        self._share(_convolve_back_thin, self._planes, size, tables, turned, own, self._products, dx.array)

    def _convolve_back(self, phase: Phase, weight: Any, image: Any, dx: Planes) -> None:
        g = self._geometry
        own = self._scratch_of("weight", self._inputs, self._outputs, len(phase.taps))
        tables = phase.taps, phase.offsets, phase.starts, phase.targets, phase.sources
        where = g.stride, phase.row, phase.column
        size = g.width, g.pitch, g.height * g.width
        self._share(_convolve_back, image, weight, own, tables, size, where, dx.array)

    def _scratch_of(self, name: str, first: int, channels: int, last: int) -> Any:
        return self._team.scratch(name, (first, (channels + 1) // 2, last), PAIR)


@inner
def _pair_weight(place, weight, pairs):
    """Round a weight (outputs, inputs, taps) to pairs of inputs."""
    begin, end = part(place, len(pairs))
    for o in range(begin, end):
        for c in range(pairs.shape[1]):
            low, high, to = weight[o, 2 * c], weight[o, min(2 * c + 1, weight.shape[1] - 1)], pairs[o, c]
            alone = 2 * c + 1 == weight.shape[1]
            for t in range(len(to)):
                to[t] = pair_of(low[t], np.float32(0) if alone else high[t])


@inner
def _pair_turned(place, weight, taps, pairs):
    """Round some taps of a weight to pairs of outputs, (inputs, half the outputs, taps)."""
    begin, end = part(place, len(pairs))
    for c in range(begin, end):
        for o in range(pairs.shape[1]):
            for t in range(len(taps)):
                low = weight[2 * o, c, taps[t]]
                high = weight[2 * o + 1, c, taps[t]] if 2 * o + 1 < len(weight) else np.float32(0)
                pairs[c, o, t] = pair_of(low, high)


@inner
def _convolve(place, padded, image, offsets, width, pitch, weight, own, pixels, y):
    """Write the convolution to `y` (outputs, stride)."""
    pair_channels(place, padded, image)
    _pair_weight(place, weight, own)
    wait_for_all(place)
    matrix = own.reshape(len(own), own.shape[1] * own.shape[2])
    begin, end, top, bottom = share_out(place, -(-pixels // COLUMNS), len(matrix))
    if top == bottom:
        return
    panel = np.empty((1, matrix.shape[1], COLUMNS), np.uint32)
    places = np.empty(COLUMNS, np.int64)
    for number in range(begin, end):
        first = number * COLUMNS
        last = min(first + COLUMNS, pixels)
        find_places(first, pixels, width, pitch, places)
        lay_out(image, offsets, places, width % 8 == 0, panel[0])
        multiply(matrix[top:bottom], panel, True, y[top:bottom, first:last])


@inner
def _convolve_back(place, image, weight, own, tables, size, phase, dx):
    """Write the pixels of a phase (stride, row, column) of dx (inputs, stride).

    `tables` are taps, offsets, starts, targets and sources, `size` is width, pitch and number of the pixels.
    """
    taps, offsets, starts, targets, sources = tables
    width, pitch, pixels = size
    _pair_turned(place, weight, taps, own)
    wait_for_all(place)
    matrix = own.reshape(len(own), own.shape[1] * own.shape[2])
    begin, end, top, bottom = share_out(place, -(-pixels // COLUMNS), len(matrix))
    panel = np.empty((1, matrix.shape[1], COLUMNS), np.uint32)
    block = np.empty((len(matrix), COLUMNS), dx.dtype)
    places = np.empty(COLUMNS, np.int64)
    for number in range(begin, end if top < bottom else begin):
        first = number * COLUMNS
        last = min(first + COLUMNS, pixels)
        find_places(first, pixels, width, pitch, places)
        lay_out(image, offsets, places, width % 8 == 0, panel[0])
        if phase[0] == 1:
            multiply(matrix[top:bottom], panel, True, dx[top:bottom, first:last])
        else:
            multiply(matrix[top:bottom], panel, True, block[top:bottom, : last - first])
            spread(block, top, bottom, first, last, width, phase, dx)
    wait_for_all(place)
    for t in range(len(taps)):
        mirrored = targets[starts[t] : starts[t + 1]], sources[starts[t] : starts[t + 1]]
        _add_mirrored(place, image, own[:, :, t], mirrored, width, phase, block, dx)


@inner
def _add_mirrored(place, image, matrix, mirrored, width, phase, block, dx):
    """Add to some pixels of dx what a tap, whose weight is `matrix` (inputs, pairs), sees in a mirror."""
    targets, sources = mirrored
    stride, a, b = phase
    begin, end = part(place, -(-len(matrix) // ROWS))
    top, bottom = begin * ROWS, min(end * ROWS, len(matrix))
    if top >= bottom:
        return
    panel = np.zeros((1, len(image), COLUMNS), np.uint32)
    for first in range(0, len(targets), COLUMNS):
        number = min(COLUMNS, len(targets) - first)
        for o in range(len(image)):
            for q in range(number):
                panel[0, o, q] = image[o, sources[first + q]]
        multiply(matrix[top:bottom], panel, True, block[top:bottom, :number])
        for c in range(top, bottom):
            for q in range(number):
                i, j = targets[first + q] // width, targets[first + q] % width
                dx[c, (stride * i + a) * stride * width + stride * j + b] += block[c, q]


@inner
def _convolve_back_thin(place, planes, geometry, tables, turned, own, products, dx):
    """Do what `priorbench.toolkit.fused.convolution.kernels.convolve_back_thin` does."""
    height, _, pitch, margin = geometry
    pair_rows(place, turned, own)
    wait_for_all(place)
    multiply_planes(place, own, planes, 2 * margin + height * pitch, True, products)
    wait_for_all(place)
    kernels.add_taps(place, products, geometry, tables, dx)


@inner
def _correlate_taps(place, padded, even, odd, offsets, planes, margin, positions, sums, gradient):
    """Write the gradient (outputs, inputs, taps) of the weight; `sums` (taps, inputs, outputs) are its own.

    `even` and `odd` have room for the padded image's neighbours in pairs, from its first number and from its
    second one. `planes` have dy with zeros between its rows, where the image has what is not an output's.
    """
    begin, end = part(place, len(padded))
    for c in range(begin, end):
        pair_row(padded[c], 0, 2 * even.shape[1], even[c])
        pair_row(padded[c], 1, 2 * even.shape[1] - 1, odd[c])
    if begin == end:
        return
    taps, outputs = len(offsets), len(planes)
    half, number = (min(DEPTH, positions) + 1) // 2, -(-outputs // COLUMNS)
    pairs = np.empty((outputs, half), np.uint32)
    memory = np.empty(number * half * COLUMNS, np.uint32)
    for first in range(0, positions, DEPTH):
        last = min(first + DEPTH, positions)
        some = (last - first + 1) // 2
        for o in range(outputs):
            pair_row(planes[o], margin + first, margin + last, pairs[o])
        panels = memory[: number * some * COLUMNS].reshape(number, some, COLUMNS)
        pack_pairs(pairs[:, :some], panels)
        for t in range(taps):
            at = offsets[t] + first
            neighbours = odd if at % 2 else even
            seen = neighbours[begin:end, at // 2 : at // 2 + some]
            multiply(seen, panels, first == 0, sums[t, begin:end])
    for o in range(outputs):
        for c in range(begin, end):
            to = gradient[o, c]
            for t in range(taps):
                to[t] = sums[t, c, o]

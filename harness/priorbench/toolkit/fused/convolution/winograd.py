# mypy: allow-untyped-calls
"""3 x 3 convolutions with a quarter of the multiplications: Winograd's F(4 x 4, 3 x 3).

Four by four pixels of the output depend on six by six of the input. With the matrices A, G and B of one
direction, Y = A' [(G w G') * (B' x B)] A, summed over input channels: for all tiles, 36 matrix products of
the channels (Lavin & Gray 2016). The matrices evaluate polynomials in `POINTS` and at infinity; with these
points, single precision keeps six digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from priorbench.toolkit.fused.barrier import Member, part, wait_for_all
from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.convolution.correlate import correlate, multiply_channels
from priorbench.toolkit.fused.layers import GAP, Planes
from priorbench.toolkit.fused.team import TorchTeam, Work

#: pixels of a tile's side in the output and in the input
OUT, IN = 4, 6
POINTS = (0.0, 2 / 3, -2 / 3, 1.5, -1.5)


def matrices() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return A' (4, 6), G (6, 3) and B' (6, 6)."""

    def evaluation(degree: int) -> NDArray[np.float64]:
        """Coefficients to values in the points; at infinity the highest coefficient counts."""
        return np.vstack([np.vander(POINTS, degree, increasing=True), np.eye(degree)[-1:]])

    b = np.linalg.inv(evaluation(IN)).T
    size = abs(b).max(axis=1, keepdims=True)
    return evaluation(OUT).T, evaluation(3) * size, b / size


class Winograd:
    """A 3 x 3 convolution that keeps the size, zeros around the image, without its bias.

    Parameters
    ----------
    team : TorchTeam
        does the work.
    conv : nn.Conv2d
        its weight.
    height, width : int
        of the image.
    """

    def __init__(self, team: TorchTeam, conv: nn.Conv2d, height: int, width: int) -> None:
        self._team = team
        self._weight = conv.weight
        self._size = height, width
        outputs, inputs = conv.weight.shape[:2]
        dtype = conv.weight.dtype
        tiles = -(-height // OUT) * -(-width // OUT)
        # with gaps between channels, as in `Planes`
        self._values = torch.empty(IN * IN, inputs, tiles + GAP, dtype=dtype)[..., :tiles]
        self._products = torch.empty(IN * IN, outputs, tiles + GAP, dtype=dtype)[..., :tiles]
        self._out = Planes.empty(outputs, height, width, dtype)
        a, g, b = (torch.from_numpy(matrix).to(dtype) for matrix in matrices())
        self._a, self._b, self._g = a.numpy(), b.numpy(), g.numpy()
        self._g_back = np.ascontiguousarray(self._g.T)
        self._transformed, self._sums = (
            np.empty((IN * IN, outputs, inputs), self._g.dtype) for _ in range(2)
        )
        self._a_back, self._b_back = np.ascontiguousarray(self._a.T), np.ascontiguousarray(self._b.T)

    def forward(self, x: Planes) -> Planes:
        """Return a new image; its memory is used again by the next call."""
        self._x = x
        values, products = self._values, self._products
        self._share(to_tiles, x.array, self._b, _whole(values))
        given = self._weight.detach().flatten(2).numpy(), self._g, self._transformed
        self._multiply(transform_weight, *given)
        self._multiply(multiply_all, self._transformed, *_whole_of(values), _whole(products))
        self._share(from_products, _whole(products), self._a, self._out.array)
        return self._out

    def backward(self, dy: Planes) -> tuple[Planes, torch.Tensor]:
        """Return dx, written over x, and the gradient of the weight."""
        values, products = self._values, self._products
        self._share(to_tiles, dy.array, self._a_back, _whole(products))
        gradient = torch.empty_like(self._weight)
        given = *_whole_of(products), _whole(values), self._transformed, self._sums
        self._multiply(multiply_all_back, *given)
        self._multiply(transform_gradient, self._sums, self._g_back, gradient.flatten(2).numpy())
        self._share(from_values, _whole(values), self._b_back, self._x.array)
        return self._x, gradient

    def _multiply(self, work: Work, *given: Any) -> None:
        """Let each thread do its part of products."""
        self._team.share(work, *given, numbers=self._values.numel())

    def _share(self, work: Work, given: Any, matrix: Any, out: Any) -> None:
        """Let each thread do it for some channels."""
        self._team.share(work, given, *self._size, matrix, out, numbers=given.size)


def _whole(view: torch.Tensor) -> NDArray[Any]:
    """Return the memory of a view with gaps, (36, channels, tiles and gap), contiguous for the kernels."""
    matrices, channels, tiles = view.shape
    return view.as_strided((matrices, channels, tiles + GAP), view.stride()).numpy()


def _whole_of(view: torch.Tensor) -> tuple[NDArray[Any], int]:
    """Return the same, and how many tiles there are."""
    return _whole(view), view.shape[2]


@inner
def transform_weight(place: Member, weight: Any, g: Any, transformed: Any) -> None:
    """Write G w G' of each w (outputs, inputs, 9) to `transformed` (36, outputs, inputs)."""
    inputs = weight.shape[1]
    lines, mixed = np.empty((3, 3 * inputs), g.dtype), np.empty((6, 3 * inputs), g.dtype)
    across, found = np.empty((3, inputs), g.dtype), np.empty((6, inputs), g.dtype)
    begin, end = part(place, weight.shape[0])
    for o in range(begin, end):
        for i in range(inputs):
            for a in range(3):
                for b in range(3):
                    lines[a, b * inputs + i] = weight[o, i, 3 * a + b]
        _apply(g, lines, mixed)
        for k in range(6):
            for b in range(3):
                for i in range(inputs):
                    across[b, i] = mixed[k, b * inputs + i]
            _apply(g, across, found)
            for j in range(6):
                for i in range(inputs):
                    transformed[6 * k + j, o, i] = found[j, i]


@inner
def transform_gradient(place: Member, sums: Any, g_back: Any, gradient: Any) -> None:
    """Write G' d G of each d, in `sums` (36, outputs, inputs), to `gradient` (outputs, inputs, 9)."""
    inputs = gradient.shape[1]
    lines, mixed = np.empty((6, 6 * inputs), sums.dtype), np.empty((3, 6 * inputs), sums.dtype)
    across, found = np.empty((6, inputs), sums.dtype), np.empty((3, inputs), sums.dtype)
    begin, end = part(place, gradient.shape[0])
    for o in range(begin, end):
        for k in range(6):
            for j in range(6):
                for i in range(inputs):
                    lines[k, j * inputs + i] = sums[6 * k + j, o, i]
        _apply(g_back, lines, mixed)
        for a in range(3):
            for j in range(6):
                for i in range(inputs):
                    across[j, i] = mixed[a, j * inputs + i]
            _apply(g_back, across, found)
            for b in range(3):
                for i in range(inputs):
                    gradient[o, i, 3 * a + b] = found[b, i]


@inner
def _apply(matrix: Any, given: Any, out: Any) -> None:
    """Write the product of a small matrix and rows to `out`."""
    for k in range(matrix.shape[0]):
        row = out[k]
        row[:] = 0
        for a in range(matrix.shape[1]):
            factor, line = matrix[k, a], given[a]
            for i in range(len(row)):
                row[i] += factor * line[i]


@inner
def multiply_all(place: Member, a: Any, b: Any, tiles: int, out: Any) -> None:
    """Write the products of all matrices a (36, outputs, inputs) and b (36, inputs, tiles)."""
    for k in range(len(a)):
        multiply_channels(place, a[k], b[k], tiles, True, out[k])


@inner
def multiply_all_back(place: Member, d: Any, tiles: int, values: Any, a: Any, sums: Any) -> None:
    """Write d values' to `sums`, and then a' d over the values."""
    for k in range(len(a)):
        correlate(place, d[k], values[k], tiles, sums[k])
    wait_for_all(place)
    for k in range(len(a)):
        multiply_channels(place, a[k].T, d[k], tiles, True, values[k])


@inner
def _combine(matrix: Any, given: Any, out: Any) -> None:
    """Write the product of a small matrix (n, 4 or 6) and `given` (4 or 6, length) to `out` (n, length)."""
    for k in range(matrix.shape[0]):
        m0, m1, m2, m3 = matrix[k, 0], matrix[k, 1], matrix[k, 2], matrix[k, 3]
        if matrix.shape[1] == 4:
            for i in range(given.shape[1]):
                out[k, i] = (m0 * given[0, i] + m1 * given[1, i]) + (m2 * given[2, i] + m3 * given[3, i])
        else:
            m4, m5 = matrix[k, 4], matrix[k, 5]
            for i in range(given.shape[1]):
                out[k, i] = (
                    (m0 * given[0, i] + m1 * given[1, i])
                    + (m2 * given[2, i] + m3 * given[3, i])
                    + (m4 * given[4, i] + m5 * given[5, i])
                )


@inner
def _split(line: Any, k: int, phases: Any) -> None:
    """Write every fourth number of row k of `line`, from each of the first, to the rows of `phases`."""
    for j in range(phases.shape[0]):
        for p in range(phases.shape[1]):
            phases[j, p] = line[k, 4 * p + j]


@inner
def _put(block: Any, k: int, c: int, start: int, tiles: Any) -> None:
    """Write six numbers of each tile of a row of tiles."""
    for j in range(6):
        for p in range(block.shape[1]):
            tiles[6 * k + j, c, start + p] = block[j, p]


@inner
def _get(tiles: Any, k: int, c: int, start: int, block: Any) -> None:
    """Read what `_put` writes."""
    for j in range(6):
        for p in range(block.shape[1]):
            block[j, p] = tiles[6 * k + j, c, start + p]


@inner
def to_tiles(place: Member, image: Any, height: int, width: int, matrix: Any, tiles: Any) -> None:
    """Write M x M' of every tile x of the image to `tiles` (36, channels, tiles).

    With B' as the `matrix` M tiles overlap: `from_values` transposed. With A they do not: `from_products`
    transposed.
    """
    side = matrix.shape[1]
    edge = (side - 4) // 2
    down, across = -(-height // 4), -(-width // 4)
    wide = 4 * across + 2 * edge
    lines, mixed = np.zeros((side, wide), image.dtype), np.empty((6, wide), image.dtype)
    phases, block = np.empty((side, across), image.dtype), np.empty((6, across), image.dtype)
    zero = image.dtype.type(0)
    begin, end = part(place, image.shape[0])
    for c in range(begin, end):
        for i in range(down):
            for j in range(side):
                r = 4 * i + j - edge
                inside = 0 <= r < height
                for q in range(width):
                    lines[j, q + edge] = image[c, r * width + q] if inside else zero
            _combine(matrix, lines, mixed)
            for k in range(6):
                _split(mixed, k, phases)
                _combine(matrix, phases, block)
                _put(block, k, c, i * across, tiles)


@inner
def from_products(place: Member, products: Any, height: int, width: int, a: Any, y: Any) -> None:
    """Write A' m A of every tile to the image `y`."""
    down, across = -(-height // 4), -(-width // 4)
    wide = 4 * across
    lines, mixed = np.empty((6, wide), y.dtype), np.empty((4, wide), y.dtype)
    phases, block = np.empty((4, across), y.dtype), np.empty((6, across), y.dtype)
    begin, end = part(place, products.shape[1])
    for c in range(begin, end):
        for i in range(down):
            for k in range(6):
                _get(products, k, c, i * across, block)
                _combine(a, block, phases)
                for j in range(4):
                    for p in range(across):
                        lines[k, 4 * p + j] = phases[j, p]
            _combine(a, lines, mixed)
            for j in range(min(4, height - 4 * i)):
                r = 4 * i + j
                for q in range(width):
                    y[c, r * width + q] = mixed[j, q]


@inner
def from_values(place: Member, values: Any, height: int, width: int, b: Any, dx: Any) -> None:
    """With B as `b`, write the sum over tiles of B dv B' to the image `dx`: `to_tiles` transposed."""
    down, across = -(-height // 4), -(-width // 4)
    wide = 4 * across + 2
    lines, mixed = np.empty((6, wide), dx.dtype), np.empty((6, wide), dx.dtype)
    phases, block = np.empty((6, across), dx.dtype), np.empty((6, across), dx.dtype)
    begin, end = part(place, values.shape[1])
    for c in range(begin, end):
        for q in range(height * width):
            dx[c, q] = 0
        for i in range(down):
            for k in range(6):
                _get(values, k, c, i * across, block)
                _combine(b, block, phases)
                lines[k, wide - 2] = lines[k, wide - 1] = 0
                for j in range(4):
                    for p in range(across):
                        lines[k, 4 * p + j] = phases[j, p]
                for j in range(4, 6):
                    for p in range(across):
                        lines[k, 4 * p + j] += phases[j, p]
            _combine(b, lines, mixed)
            for j in range(6):
                r = 4 * i + j - 1
                if 0 <= r < height:
                    for q in range(width):
                        dx[c, r * width + q] += mixed[j, q + 1]

# mypy: allow-untyped-calls
"""3 x 3 convolutions with a quarter of the multiplications: Winograd's F(4 x 4, 3 x 3).

Four by four pixels of the output depend on six by six of the input. With the matrices A, G and B of one
direction, Y = A' [(G w G') * (B' x B)] A, summed over input channels: for all tiles, 36 matrix products of
the channels (Lavin & Gray 2016). The matrices evaluate polynomials in `POINTS` and at infinity; with these
points, single precision keeps six digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from priorbench.toolkit.fused.barrier import Member, part, wait_for_all
from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.convolution.correlate import correlate, multiply_channels
from priorbench.toolkit.fused.convolution.winograd_tiles import add_products, from_values, to_tiles
from priorbench.toolkit.fused.layers import GAP, Planes
from priorbench.toolkit.fused.team import TorchTeam, Work

#: pixels of a tile's side in the output and in the input
OUT, IN = 4, 6
POINTS = (0.0, 2 / 3, -2 / 3, 1.5, -1.5)
#: rows of the 6 x 6 numbers of a tile whose products are in memory at once
ROWS = 2


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

    The output is written over the input where it is as large: `backward` does not need that. Products are
    made for two of the six rows of tiles at once, in the memory of an image that is not needed meanwhile, if
    it is large enough.

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
        self._tiles = -(-height // OUT) * -(-width // OUT)
        # with gaps between channels, as in `Planes`
        self._values = torch.empty(IN * IN, inputs, self._tiles + GAP, dtype=dtype).numpy()
        self._own: torch.Tensor | None = None
        self._out = None if outputs == inputs else Planes.empty(outputs, height, width, dtype)
        a, g, b = (matrix.astype(self._values.dtype) for matrix in matrices())
        self._g, self._b = g, b
        self._transformed, self._sums = (np.empty((IN * IN, outputs, inputs), g.dtype) for _ in range(2))
        self._parts = [
            _Rows(
                first=first,
                matrices=slice(IN * first, IN * (first + ROWS)),
                a=np.ascontiguousarray(a[:, first : first + ROWS]),
            )
            for first in range(0, IN, ROWS)
        ]
        self._a = np.ascontiguousarray(a)
        self._a_back, self._b_back, self._g_back = (np.ascontiguousarray(m.T) for m in (a, b, g))

    def forward(self, x: Planes, spare: Planes | None = None) -> Planes:
        """Return an image; its memory, that of x where it is as large, is used again by the next call.

        What `spare` holds is lost.
        """
        self._x, out = x, x if self._out is None else self._out
        products = self._products_in(spare)
        self._share(to_tiles, x.array, self._b, self._b, self._values)
        given = self._weight.detach().flatten(2).numpy(), self._g, self._transformed
        self._multiply(transform_weight, *given)
        for rows in self._parts:
            values, weight = self._values[rows.matrices], self._transformed[rows.matrices]
            self._multiply(multiply_all, weight, values, self._tiles, products)
            self._share(add_products, products, rows.a, self._a, rows.first == 0, out.array)
        return out

    def backward(self, dy: Planes) -> tuple[Planes, torch.Tensor]:
        """Return dx, written over x, and the gradient of the weight. What `forward` returned is lost."""
        products = self._products_in(self._x)
        gradient = torch.empty_like(self._weight)
        for rows in self._parts:
            mine = self._a_back[rows.first : rows.first + ROWS]
            self._share(to_tiles, dy.array, mine, self._a_back, products)
            values, weight = self._values[rows.matrices], self._transformed[rows.matrices]
            given = products, self._tiles, values, weight, self._sums[rows.matrices]
            self._multiply(multiply_all_back, *given)
        self._multiply(transform_gradient, self._sums, self._g_back, gradient.flatten(2).numpy())
        self._share(from_values, self._values, self._b_back, self._x.array)
        return self._x, gradient

    def _products_in(self, spare: Planes | None) -> NDArray[Any]:
        """Return memory for products, (matrices, outputs, tiles and gap)."""
        size = ROWS * IN, self._weight.shape[0], self._tiles + GAP
        numbers = size[0] * size[1] * size[2]
        if spare is not None and spare.data.numel() >= numbers:
            return spare.data.view(-1)[:numbers].view(size).numpy()
        if self._own is None:
            self._own = torch.empty(size, dtype=self._weight.dtype)
        return self._own.numpy()

    def _multiply(self, work: Work, *given: Any) -> None:
        """Let each thread do its part of products."""
        self._team.share(work, *given, numbers=self._values.size)

    def _share(self, work: Work, given: Any, *others: Any) -> None:
        """Let each thread do it for some channels."""
        self._team.share(work, given, *self._size, *others, numbers=given.size)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rows:
    """Some of the rows of tiles: the first, their matrices, and the columns of A' that belong to them."""

    first: int
    matrices: slice
    a: NDArray[Any]


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

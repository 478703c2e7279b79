# mypy: allow-untyped-calls
"""Mixing of channels with rounded factors: 1 x 1 convolutions, and convolutions of upsampled images."""

from __future__ import annotations

from typing import Any

import torch

from priorbench.toolkit.fused.barrier import Member, wait_for_all
from priorbench.toolkit.fused.bfloat16.planes import correlate_planes, multiply_planes, pair_rows
from priorbench.toolkit.fused.bfloat16.product import PAIR
from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.convolution.lift import Lift, gather, scatter
from priorbench.toolkit.fused.convolution.mixing import Mix
from priorbench.toolkit.fused.layers import Planes


class RoundedMix(Mix):
    """The same mixing, factors rounded to bfloat16, here and in the gradients; see `Mix`."""

    def forward(self, x: Planes, y: Planes) -> None:
        """Write y; x is needed again by `backward`."""
        self._x = x
        self._multiply(self._matrix, x, y)

    def backward(self, dy: Planes, dx: Planes | None) -> torch.Tensor:
        """Write dx where it is wanted; return the gradient of the weight."""
        gradient = torch.empty_like(self._matrix)
        given = dy.array, self._x.array, dy.pixels, gradient.numpy()
        self._team.share(correlate_planes, *given, numbers=dy.pixels * gradient.numel() // 32)
        if dx is not None:
            self._multiply(self._matrix.t().contiguous(), dy, dx)
        return gradient.view_as(self._weight)

    def _multiply(self, matrix: torch.Tensor, x: Planes, y: Planes) -> None:
        pairs = self._team.scratch("weight", (len(matrix), (matrix.shape[1] + 1) // 2), PAIR)
        given = matrix.numpy(), pairs, x.array, x.pixels, y.array
        self._team.share(_mix, *given, numbers=x.pixels * matrix.numel() // 32)


class RoundedLift(Lift):
    """The same convolution, factors of its products rounded to bfloat16; see `Lift`."""

    def forward(self, x: Planes, y: Planes) -> None:
        """Add to y; x is needed again by `backward`."""
        self._x = x
        self._matrix = self._weight.detach()[:, self._first :].permute(0, 2, 3, 1).flatten(0, 2).contiguous()
        seen = self._taps, x.width, self._rows.index, self._rows.weight, self._nearest
        given = self._matrix.numpy(), self._pairs(self._matrix), x.array, x.pixels, self._products()
        self._share(_forward, *given, y.array, y.pixels, *seen, self._bilinear, self._reflect)

    def backward(self, dy: Planes) -> torch.Tensor:
        """Write `dx`; return the gradient of the weight, (out, in, k, k)."""
        rows = self._rows.back, self._rows.back_weight, self._rows.count
        seen = self._taps, self._x.width, *rows, self._columns, self._column_weights
        turned, gradient = self._matrix.t().contiguous(), torch.empty_like(self._matrix)
        given = dy.array, dy.pixels, self._products(), turned.numpy(), self._pairs(turned)
        where = self._x.array, self._x.pixels, gradient.numpy(), self.dx.array
        self._share(_backward, *given, *where, *seen, self._bilinear, self._reflect)
        outputs = self._weight.shape[0]
        return gradient.view(outputs, self._taps, self._taps, -1).permute(0, 3, 1, 2)

    def _pairs(self, matrix: torch.Tensor) -> Any:
        return self._team.scratch("weight", (len(matrix), (matrix.shape[1] + 1) // 2), PAIR)


@inner
def _mix(place: Member, matrix: Any, pairs: Any, x: Any, pixels: int, y: Any) -> None:
    pair_rows(place, matrix, pairs)
    wait_for_all(place)
    multiply_planes(place, pairs, x, pixels, True, y)


@inner
def _forward(
    place: Member,
    matrix: Any,
    pairs: Any,
    x: Any,
    pixels: int,
    products: Any,
    y: Any,
    fine_pixels: int,
    taps: int,
    coarse_width: int,
    rows: Any,
    weights: Any,
    columns: Any,
    bilinear: bool,
    reflect: bool,
) -> None:
    square, group = taps * taps, len(products) // (taps * taps)
    pair_rows(place, matrix, pairs)
    wait_for_all(place)
    for first in range(0, len(y), group):
        last = min(first + group, len(y))
        mine = products[: (last - first) * square]
        multiply_planes(place, pairs[first * square : last * square], x, pixels, True, mine)
        wait_for_all(place)
        how = coarse_width, rows, weights, columns, bilinear, reflect
        gather(place, mine, y[first:last], fine_pixels, taps, *how)
        wait_for_all(place)


@inner
def _backward(
    place: Member,
    dy: Any,
    fine_pixels: int,
    products: Any,
    turned: Any,
    pairs: Any,
    x: Any,
    pixels: int,
    gradient: Any,
    dx: Any,
    taps: int,
    coarse_width: int,
    rows: Any,
    weights: Any,
    count: Any,
    columns: Any,
    column_weights: Any,
    bilinear: bool,
    reflect: bool,
) -> None:
    square, group = taps * taps, len(products) // (taps * taps)
    pair_rows(place, turned, pairs)
    for first in range(0, len(dy), group):
        last = min(first + group, len(dy))
        begin, end = first * square, last * square
        mine = products[: end - begin]
        how = coarse_width, rows, weights, count, columns, column_weights, bilinear, reflect
        scatter(place, dy[first:last], mine, fine_pixels, taps, *how)
        wait_for_all(place)
        correlate_planes(place, mine, x, pixels, gradient[begin:end])
        # a group that is not the last one has a multiple of 8 channels, so that no pair is cut
        multiply_planes(place, pairs[:, begin // 2 : (end + 1) // 2], mine, pixels, first == 0, dx)
        wait_for_all(place)

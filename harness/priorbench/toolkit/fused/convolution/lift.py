# mypy: allow-untyped-calls
"""A convolution of an upsampled image, whose channels are mixed before, on the coarse image."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from priorbench.toolkit.fused.barrier import Member, part, wait_for_all
from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.convolution.correlate import correlate, multiply_channels
from priorbench.toolkit.fused.convolution.resampling import (
    add_shifted,
    collect_shifted,
    taps_of,
    upsampled,
)
from priorbench.toolkit.fused.layers import GAP, Planes
from priorbench.toolkit.fused.team import TorchTeam

#: numbers of the products of a group of channels, about: they stay in the processor's cache
_GROUP = 5 << 20


class Lift:
    """A k x k convolution of an upsampled image: the channels are mixed before, on the coarse image.

    With U the upsampling, P the padding, S_t the shift by tap t and W_t its k_out x k_in matrix,
    sum_t W_t S_t P U x = sum_t S_t P U (W_t x): a quarter of the products where U doubles height and width.
    Output channels are done in groups, so that the products need little memory.

    Parameters
    ----------
    team : TorchTeam
        does the work.
    conv : nn.Conv2d
        the convolution.
    first : int
        its first input channel that is meant; it has all from there on.
    coarse, fine : tuple[int, int]
        (height, width).
    mode : {'bilinear', 'nearest'}
        of the upsampling; bilinear doubles.
    dx : Planes or None, optional
        where the gradient of the input is written; by default to memory of its own.
    """

    def __init__(
        self,
        team: TorchTeam,
        conv: nn.Conv2d,
        *,
        first: int,
        coarse: tuple[int, int],
        fine: tuple[int, int],
        mode: Literal["bilinear", "nearest"],
        dx: Planes | None = None,
    ) -> None:
        self._team, self._weight, self._first = team, conv.weight, first
        self._taps = conv.kernel_size[0]
        self._bilinear, self._reflect = mode == "bilinear", conv.padding_mode == "reflect"
        self._rows = taps_of(coarse[0], fine[0], self._taps, bilinear=self._bilinear, reflect=self._reflect)
        self._columns, self._column_weights = upsampled(coarse[1], fine[1], bilinear=self._bilinear)
        self._nearest = np.ascontiguousarray(self._columns[:, 0])
        square, outputs = self._taps**2, conv.out_channels
        group = min(outputs, max(8, _GROUP // (square * coarse[0] * coarse[1]) // 8 * 8))
        self._kind = torch.empty(0, dtype=conv.weight.dtype).numpy().dtype
        self._room = group * square, coarse[0] * coarse[1] + GAP
        #: the gradient of the input
        self.dx = dx or Planes.empty(conv.in_channels - first, *coarse, conv.weight.dtype)

    def forward(self, x: Planes, y: Planes) -> None:
        """Add to y; x is needed again by `backward`."""
        self._x = x
        self._matrix = self._weight.detach()[:, self._first :].permute(0, 2, 3, 1).flatten(0, 2).contiguous()
        seen = self._taps, x.width, self._rows.index, self._rows.weight, self._nearest
        given = self._matrix.numpy(), x.array, x.pixels, self._products(), y.array, y.pixels
        self._share(_forward, *given, *seen, self._bilinear, self._reflect)

    def backward(self, dy: Planes) -> torch.Tensor:
        """Write `dx`; return the gradient of the weight, (out, in, k, k)."""
        rows = self._rows.back, self._rows.back_weight, self._rows.count
        seen = self._taps, self._x.width, *rows, self._columns, self._column_weights
        turned, gradient = self._matrix.t().contiguous(), torch.empty_like(self._matrix)
        given = dy.array, dy.pixels, self._products(), turned.numpy(), self._x.array, self._x.pixels
        where = gradient.numpy(), self.dx.array
        self._share(_backward, *given, *where, *seen, self._bilinear, self._reflect)
        outputs = self._weight.shape[0]
        return gradient.view(outputs, self._taps, self._taps, -1).permute(0, 3, 1, 2)

    def _products(self) -> Any:
        return self._team.scratch("lifted", self._room, self._kind)

    def _share(self, work: Any, *given: Any) -> None:
        self._team.share(work, *given, numbers=self._matrix.numel() * self._x.pixels // 32)


@inner
def _forward(
    place: Member,
    matrix: Any,
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
    for first in range(0, len(y), group):
        last = min(first + group, len(y))
        mine = products[: (last - first) * square]
        multiply_channels(place, matrix[first * square : last * square], x, pixels, True, mine)
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
    for first in range(0, len(dy), group):
        last = min(first + group, len(dy))
        begin, end = first * square, last * square
        mine = products[: end - begin]
        how = coarse_width, rows, weights, count, columns, column_weights, bilinear, reflect
        scatter(place, dy[first:last], mine, fine_pixels, taps, *how)
        wait_for_all(place)
        correlate(place, mine, x, pixels, gradient[begin:end])
        multiply_channels(place, turned[:, begin:end], mine, pixels, first == 0, dx)
        wait_for_all(place)


@inner
def gather(
    place: Member,
    products: Any,
    x: Any,
    pixels: int,
    taps: int,
    coarse_width: int,
    rows: Any,
    weights: Any,
    columns: Any,
    bilinear: bool,
    reflect: bool,
) -> None:
    """Add to each channel of x what its taps see of its products (channels taps taps, stride)."""
    square = taps * taps
    begin, end = part(place, x.shape[0])
    for o in range(begin, end):
        mine = products[o * square : (o + 1) * square].reshape(-1)
        add_shifted(mine, x[o, :pixels], taps, coarse_width, rows, weights, columns, bilinear, reflect)


@inner
def scatter(
    place: Member,
    x: Any,
    products: Any,
    pixels: int,
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
    """Write into the products the adjoint of `gather` applied to x."""
    square = taps * taps
    begin, end = part(place, x.shape[0])
    for o in range(begin, end):
        mine = products[o * square : (o + 1) * square].reshape(-1)
        collect_shifted(
            x[o, :pixels],
            mine,
            taps,
            coarse_width,
            rows,
            weights,
            count,
            columns,
            column_weights,
            bilinear,
            reflect,
        )

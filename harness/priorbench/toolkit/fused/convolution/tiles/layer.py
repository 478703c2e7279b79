# mypy: allow-untyped-calls
"""A 3 x 3 convolution by tiles, as a layer with its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from priorbench.toolkit.fused.convolution.tiles import kernels
from priorbench.toolkit.fused.convolution.tiles.algorithms import (
    ALGORITHMS,
    DOUBLED,
    Algorithm,
    Extended,
    extended,
)
from priorbench.toolkit.fused.convolution.tiles.doubling import BEFORE
from priorbench.toolkit.fused.convolution.tiles.kernels import Layout, Tables, apart_of, pitch_of
from priorbench.toolkit.fused.convolution.tiles.transforms import SLACK
from priorbench.toolkit.fused.layers import Planes
from priorbench.toolkit.fused.team import TorchTeam

#: numbers of the factors of one chunk, about
_CHUNK = 5 << 18


class Tiled:
    """A 3 x 3 convolution without its bias, in a quarter to two thirds of its multiplications.

    Parameters
    ----------
    team : TorchTeam
        does the work.
    conv : nn.Conv2d
        the convolution.
    kind : int
        see `priorbench.toolkit.fused.convolution.tiles.algorithms`. For ``DOUBLED`` the convolution's
        input is upsampled bilinearly by two before.
    height, width : int
        of x.
    first : int, default 0
        its first input channel that is meant; it has all from there on.
    """

    def __init__(
        self,
        team: TorchTeam,
        conv: nn.Conv2d,
        *,
        kind: int,
        height: int,
        width: int,
        first: int = 0,
    ) -> None:
        self._team, self._weight, self._first = team, conv.weight, first
        self._outputs, self._inputs = conv.out_channels, conv.in_channels - first
        self._kind = torch.empty(0, dtype=conv.weight.dtype).numpy().dtype
        reflect = conv.padding_mode == "reflect"
        down, across = (extended(kind, size, reflect=reflect) for size in (height, width))
        self._tables = _tables(ALGORITHMS[kind], down, across, width)
        algorithm = ALGORITHMS[kind]
        products, side = algorithm.b.shape
        most = max(self._inputs, self._outputs) * products**2
        chunks = max(1, round(down.tiles * across.tiles * most / _CHUNK))
        fine = len(algorithm.a) / algorithm.step
        self._layout = Layout(
            kind,
            products,
            side,
            len(algorithm.a),
            down.tiles,
            across.tiles,
            -(-down.tiles // chunks),
            height,
            width,
            int(height * fine),
            int(width * fine),
        )
        self._transformed = np.empty((products**2, self._outputs, self._inputs), self._kind)

    def forward(self, x: Planes, y: Planes) -> None:
        """Write y, or add to it for ``DOUBLED``; x is needed again by `backward`."""
        self._x = x
        given = self._layout, self._tables, *self._weights(), x.array, y.array, self._factors()
        carried = BEFORE * pitch_of(self._layout) if self._layout.kind == DOUBLED else 0
        memory = self._team.scratch("carried", (self._outputs, carried), self._kind)
        self._share(kernels.forward, *given, memory)

    def backward(self, dy: Planes, dx: Planes, gradient: torch.Tensor | None = None) -> torch.Tensor:
        """Write dx, and the gradient of this layer's part of the weight (out, in, 3, 3); return that."""
        if gradient is None:
            gradient = torch.empty_like(self._weight)
        sums = self._team.scratch("sums", self._transformed.shape, self._kind)
        given = self._layout, self._tables, *self._weights(), self._x.array, dy.array, self._factors()
        self._share(kernels.backward, *given, sums, gradient.flatten(2).numpy(), dx.array)
        return gradient

    def _weights(self) -> tuple[Any, int, Any]:
        return self._weight.detach().flatten(2).numpy(), self._first, self._transformed

    def _factors(self) -> tuple[Any, Any]:
        """Return memory for the factors of a chunk: of the inputs, of the outputs."""
        matrices = self._layout.products**2
        found = []
        for name, channels in (("values", self._inputs), ("products", self._outputs)):
            size = matrices * apart_of(self._layout, channels) + 2 * SLACK
            found.append(self._team.scratch(name, (size,), self._kind)[SLACK:])
        return found[0], found[1]

    def _share(self, work: Any, *given: Any) -> None:
        layout = self._layout
        tiles = layout.down * layout.across
        self._team.share(work, *given, numbers=tiles * self._transformed.size // 32)


def _tables(algorithm: Algorithm, down: Extended, across: Extended, width: int) -> Tables:
    """Return the tables for compiled code; columns that are the image's own, or zero, are left out."""
    number = np.arange(len(across.index))
    own = (number >= 1) & (number <= width)
    (others,) = np.nonzero(~own & across.weight.any(1))
    columns = np.concatenate([others[:, None], across.index[others]], 1)
    return Tables(
        down.index, down.weight, columns, across.weight[others], len(number), _plain(algorithm, down)
    )


def _plain(algorithm: Algorithm, down: Extended) -> Any:
    """Say which rows of tiles are of rows of the image that follow each other; not the last one."""
    first, side = algorithm.step * np.arange(down.tiles), algorithm.b.shape[1]
    follow = (down.weight == (1, 0)).all(1)
    follow[1:] &= (down.index[1:, 0] == down.index[:-1, 0] + 1) | (np.arange(len(follow) - 1) == 0)
    plain = np.array([bool(follow[begin : begin + side].all()) for begin in first])
    plain[0] = plain[-1] = False
    return plain

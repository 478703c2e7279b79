"""A k x k convolution that keeps the size or divides it, with its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from priorbench.toolkit.fused.block import COLUMN_BYTES
from priorbench.toolkit.fused.convolution import kernels
from priorbench.toolkit.fused.convolution.correlate import DEPTH, THIN
from priorbench.toolkit.fused.convolution.geometry import Geometry, Phase
from priorbench.toolkit.fused.layers import GAP, Planes
from priorbench.toolkit.fused.product import room_for
from priorbench.toolkit.fused.team import TorchTeam
from priorbench.toolkit.threads import allowed_threads


class Convolve:
    """A k x k convolution without its bias: each tap's view of the padded image, as one matrix product.

    Parameters
    ----------
    team : TorchTeam
        does the work.
    conv : nn.Conv2d
        the convolution; its stride divides height and width.
    height, width : int
        of its input.
    channels : int or None, optional
        how many of its input channels are meant, from the first on; by default all.
    """

    def __init__(
        self, team: TorchTeam, conv: nn.Conv2d, height: int, width: int, channels: int | None = None
    ) -> None:
        self._team, self._all, self._channels = team, conv.weight, channels
        self._outputs, self._inputs, taps, _ = self._weight.shape
        self._size = self._weight.numel()
        self._geometry = g = Geometry(
            taps=taps,
            stride=conv.stride[0],
            height=height,
            width=width,
            reflect=conv.padding_mode == "reflect",
        )
        self._kind = torch.empty(0, dtype=conv.weight.dtype).numpy().dtype
        self._padded = np.zeros((self._inputs, g.padded_size + GAP), self._kind)
        self._planes = np.zeros((self._outputs, g.gradient_size + GAP), self._kind)
        self._sums = np.empty((taps * taps, self._inputs, self._outputs), self._kind)
        self._turned = [np.empty((self._inputs, self._outputs * len(p.taps)), self._kind) for p in g.phases]
        self._thin = self._inputs <= THIN and g.stride == 1
        products = self._inputs * taps * taps if self._thin else 0
        self._products = np.empty((products, g.gradient_size + GAP), self._kind)
        self._memory = np.empty((0, 0), self._kind)

    def forward(self, x: Planes, y: Planes) -> None:
        """Write y. What `backward` needs of x is kept."""
        g = self._geometry
        frame = x.width, g.stride, g.pad, g.pitch, g.width
        tables = g.row_sources, g.column_sources, g.offsets
        given = self._padded, self._weight.flatten(1).numpy(), self._scratch()
        self._share(kernels.pad_and_convolve, x.array, frame, tables, *given, g.height * g.width, y.array)

    def backward(self, dy: Planes, dx: Planes | None) -> torch.Tensor:
        """Write dx where it is wanted; return the gradient of the weight. `dy` is kept as it is."""
        g = self._geometry
        size = g.height, g.width, g.pitch, g.margin
        weight = self._weight
        gradient = torch.empty_like(weight)
        flat = gradient.flatten(2).numpy()
        given = self._planes, self._padded, g.offsets, g.positions, self._scratch()
        self._share(kernels.spread_and_correlate, dy.array, size, *given, self._sums, flat)
        if dx is not None and self._thin:
            self._backward_thin(weight, dx)
        elif dx is not None:
            matrices = weight.flatten(2).numpy()
            for phase, turned in zip(g.phases, self._turned, strict=True):
                self._backward(phase, matrices, turned, dx)
        return gradient

    def _backward(self, phase: Phase, weight: Any, turned: Any, dx: Planes) -> None:
        g = self._geometry
        tables = phase.offsets, phase.starts, phase.targets, phase.sources
        where = g.stride, phase.row, phase.column
        given = self._planes, tables, (g.width, g.pitch), self._scratch()
        turns = weight, phase.taps, turned
        self._share(kernels.turn_and_convolve_back, *turns, *given, g.height * g.width, where, dx.array)

    def _backward_thin(self, weight: torch.Tensor, dx: Planes) -> None:
        g, (phase,) = self._geometry, self._geometry.phases
        turned = weight.permute(1, 2, 3, 0).flatten(0, 2).contiguous().numpy()
        tables = phase.offsets, phase.starts, phase.targets, phase.sources
        size = g.height, g.width, g.pitch, g.margin
        given = self._planes, size, tables, turned, self._products, dx.array
        self._share(kernels.convolve_back_thin, *given)

    @property
    def _weight(self) -> torch.Tensor:
        return self._all.detach()[:, : self._channels].contiguous()

    def _share(self, work: Any, *given: Any) -> None:
        g = self._geometry
        self._team.share(work, *given, numbers=g.height * g.width * self._size // 32)

    def _scratch(self) -> NDArray[Any]:
        """Return memory for each thread."""
        threads = allowed_threads()
        if len(self._memory) < threads:
            self._memory = np.empty((threads, self._room()), self._kind)
        return self._memory

    def _room(self) -> int:
        """Return how many numbers a thread needs."""
        columns: int = COLUMN_BYTES // self._kind.itemsize
        most = self._outputs * max(len(phase.taps) for phase in self._geometry.phases) + self._inputs
        panel = max(self._size // self._outputs, most) * columns
        return max(panel, room_for(self._kind, DEPTH, self._outputs))

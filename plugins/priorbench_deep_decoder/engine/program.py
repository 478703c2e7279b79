"""A decoder for inputs of one size and precision: its memory, and the two passes over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from priorbench.toolkit.fused.compiled import one_thread_of_blas
from priorbench.toolkit.fused.crew import Crew
from priorbench_deep_decoder.engine.bands import BANDS
from priorbench_deep_decoder.engine.layer import HiddenLayer, Workspace
from priorbench_deep_decoder.network import Architecture

#: bytes of a tile of activations, at least: it stays in a core's own cache
TILE_BYTES = 1 << 18
#: pixels of a tile, at least: fewer, and packing the weights would take a noticeable part of their product
TILE_PIXELS = 512


@dataclass(frozen=True, slots=True)
class Weights:
    """Parameters of one hidden layer as arrays; scale and shift are ones and zeros without `affine`."""

    mix: Any
    scale: Any
    shift: Any


class Program:
    """The passes of a decoder, in preallocated memory.

    Parameters
    ----------
    architecture : of the network.
    height, width : of its input.
    dtype : float32 or float64.
    threads : to be used.
    """

    def __init__(
        self, architecture: Architecture, height: int, width: int, dtype: torch.dtype, threads: int
    ) -> None:
        k, number = architecture.channels, torch.empty(0, dtype=dtype).numpy().dtype
        # Repeating pixels commutes with what works on single pixels, and with statistics: it is done last.
        nearest = architecture.upsampling == "nearest"
        sizes = []
        for upsample in architecture.upsamples:
            up = upsample and not nearest
            sizes.append((height, width, up))
            height, width = (2 * height, 2 * width) if up else (height, width)
        self.height, self.width = height, width
        rows = min(max(TILE_PIXELS, TILE_BYTES // (k * number.itemsize)), height * width)
        rows = max(rows, *(4 * w for _, w, up in sizes if up), 1)
        workspace = Workspace(
            crew=Crew(threads),
            tiles=np.empty((threads, rows, k), number),
            edges=np.empty(BANDS * max(w for _, w, _ in sizes) * k, number),
        )
        last = architecture.normalise == "after-activation"
        self._layers = [
            HiddenLayer(z=np.empty((h, w, k), number), up=up, normalise_last=last, workspace=workspace)
            for h, w, up in sizes
        ]
        self._spare = np.empty(max((h * w * k for h, w, up in sizes if up), default=0), number)

    def forward(self, b: Any, weights: Sequence[Weights], output: Any) -> Any:
        """Return the output before the sigmoid, (pixels, outputs), for an input (pixels, k)."""
        result = np.empty((self.height * self.width, len(output)), b.dtype)
        mixings = [w.mix for w in weights[1:]] + [output]
        flat = [layer.z.reshape(-1, layer.z.shape[2]) for layer in self._layers]
        with one_thread_of_blas:
            np.dot(b, weights[0].mix.T, out=flat[0])
            for layer, own, mixing, out in zip(
                self._layers, weights, mixings, [*flat[1:], result], strict=True
            ):
                layer.normalise(own.scale, own.shift)
                layer.mix(mixing, out)
        return result

    def backward(self, b: Any, weights: Sequence[Weights], output: Any, d: Any) -> tuple[Any, list[Any]]:
        """Return dL/d(first Z) and the gradients of all mixings, scales and shifts, in the network's order.

        `d` is dL/d(output before the sigmoid), contiguous (pixels, outputs). What `forward` kept is used up.
        """
        mixings = [w.mix for w in weights[1:]] + [output]
        gradients: list[Any] = []
        free = self._spare
        with one_thread_of_blas:
            for layer, mixing in zip(reversed(self._layers), reversed(mixings), strict=True):
                target, free, (d_mixing, d_scale, d_shift) = layer.backward(d, mixing, free)
                d = target.reshape(-1, target.shape[2])
                gradients = [d_scale, d_shift, d_mixing, *gradients]
            return d, [d.T @ b, *gradients]

"""Forward and backward pass of a whole decoder in preallocated memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from priorbench_deep_decoder.engine.layer import SERIAL, HiddenLayer
from priorbench_deep_decoder.network import Architecture


@dataclass(frozen=True, slots=True)
class Weights:
    """Detached parameters of one hidden layer; scale and shift are None without `affine`."""

    mix: torch.Tensor
    scale: torch.Tensor | None
    shift: torch.Tensor | None


class Program:
    """A decoder for inputs of one size and precision.

    Parameters
    ----------
    architecture : of the network.
    height, width : of its input.
    dtype : float32 or float64.
    threads : for the kernels.
    """

    def __init__(
        self, architecture: Architecture, height: int, width: int, dtype: torch.dtype, threads: int
    ) -> None:
        k = architecture.channels
        self._normalise_last = architecture.normalise == "after-activation"
        nearest = architecture.upsampling == "nearest"
        tile = torch.empty(0, dtype=dtype)
        self.layers: list[HiddenLayer] = []
        for upsample in architecture.upsamples:
            up = upsample and not nearest
            work = height * width * k * (4 if up else 1)
            self.layers.append(
                HiddenLayer(
                    height=height,
                    width=width,
                    channels=k,
                    upsample=up,
                    normalise_last=self._normalise_last,
                    z=torch.empty(height * width, k, dtype=dtype),
                    tile=tile,
                    threads=1 if work < SERIAL else max(1, min(threads, k // 16)),
                )
            )
            height, width = (2 * height, 2 * width) if up else (height, width)
        rows = max(t.pixels.stop - t.pixels.start for layer in self.layers for t in layer.tiles())
        tile = torch.empty(rows, k, dtype=dtype)
        for layer in self.layers:
            layer.tile = tile
        widest = max((layer.z.shape[0] for layer in self.layers if layer.upsample), default=0)
        self._spare = torch.empty(widest, k, dtype=dtype)
        self.height, self.width = height, width

    def forward(self, b: torch.Tensor, weights: Sequence[Weights], output: torch.Tensor) -> torch.Tensor:
        """Return the output before the sigmoid, (pixels, outputs), for an input (pixels, k)."""
        mixings = [w.mix for w in weights[1:]] + [output]
        torch.mm(b, weights[0].mix.t(), out=self.layers[0].z)
        result = b.new_empty(self.layers[-1].pixels, output.shape[0])
        targets = [layer.z for layer in self.layers[1:]] + [result]
        for layer, own, mixing, out in zip(self.layers, weights, mixings, targets, strict=True):
            layer.normalise(*_arrays(own))
            weight, bias = self._folded(own, mixing)
            layer.mix(weight, bias, out)
        return result

    def backward(
        self, b: torch.Tensor, weights: Sequence[Weights], output: torch.Tensor, d: torch.Tensor
    ) -> tuple[torch.Tensor, list[torch.Tensor | None]]:
        """Return dL/d(first Z) and the gradients of all parameters, in the order of the network's own.

        `d` is dL/d(output before the sigmoid), contiguous (pixels, outputs). What `forward` kept is used up.
        """
        mixings = [w.mix for w in weights[1:]] + [output]
        grads: list[torch.Tensor | None] = []
        spare = self._spare
        for layer, own, mixing in reversed(list(zip(self.layers, weights, mixings, strict=True))):
            product = layer.correlate(d)
            weight, _ = self._folded(own, mixing)
            if layer.normalise_last:
                column = d.sum(0)
                d_scale, d_shift = (mixing * product).sum(0), column @ mixing
                m1, m2 = column @ weight, (weight * product).sum(0)
                m1, m2 = ((m / layer.pixels).double() for m in (m1, m2))
                d, spare = layer.through_normalisation_last(d, weight, m1.numpy(), m2.numpy(), spare)
                if own.scale is not None and own.shift is not None:
                    product = torch.addr(product * own.scale, column, own.shift)
            else:
                gamma, _ = _arrays(own)
                d, spare, d_gamma, d_beta = layer.through_activation_last(d, weight, gamma, spare)
                d_scale, d_shift = (torch.from_numpy(v).to(b.dtype) for v in (d_gamma, d_beta))
            own_grads = [d_scale, d_shift] if own.scale is not None else []
            grads = [*own_grads, product, *grads]
        return d, [d.t() @ b, *grads]

    def _folded(self, own: Weights, mixing: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the mixing that follows a layer, and its bias, with the layer's scale and shift in them."""
        if own.scale is None or own.shift is None or not self._normalise_last:
            return mixing, mixing.new_zeros(mixing.shape[0])
        return mixing * own.scale, mixing @ own.shift


def _arrays(own: Weights) -> tuple[Any, Any]:
    if own.scale is None or own.shift is None:
        return 1.0, 0.0
    return own.scale.double().numpy(), own.shift.double().numpy()

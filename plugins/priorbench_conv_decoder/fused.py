"""ConvDecoder on a CPU: the function of `priorbench_conv_decoder.network.DecoderNetwork`, in fewer products.

Channel mixing commutes with upsampling, padding and shifting: a convolution of an upsampled image is done on
the coarse one, where there are fewer pixels to multiply (`priorbench.toolkit.fused.convolution.lift`). The
layer that does not upsample saves multiplications (`priorbench.toolkit.fused.convolution.tiles`).
"""

from __future__ import annotations

from typing import Any

import torch

from priorbench.toolkit.fused.convolution.lift import Lift
from priorbench.toolkit.fused.convolution.mixing import Output
from priorbench.toolkit.fused.convolution.tiles.algorithms import SAME
from priorbench.toolkit.fused.convolution.tiles.layer import Tiled
from priorbench.toolkit.fused.layers import Gradients, Normalise, Planes, Rectify
from priorbench.toolkit.fused.team import TorchTeam
from priorbench.toolkit.fused.whole import Fused
from priorbench_conv_decoder.network import DecoderNetwork, Layer


def fuse(network: DecoderNetwork, height: int, width: int) -> Fused:
    """Return the same network, computed faster, for an input of this size on the CPU."""
    return Fused(network, _DecoderEngine(network, (height, width)))


class _DecoderEngine:
    """The hidden layers and the output layer."""

    def __init__(self, network: DecoderNetwork, size: tuple[int, int]) -> None:
        self._layers: list[_Lifted | _Last] = []
        team = TorchTeam()
        self._output = Output(team, network.output)
        for layer in network.hidden:
            assert isinstance(layer, Layer)
            if layer.size is None:
                self._layers.append(_Last(team, layer, size))
            else:
                self._layers.append(_Lifted(team, layer, size))
                size = layer.size

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        x = Planes.of(z.detach().clone())
        for layer in self._layers:
            x = layer.forward(x)
        return self._output.forward(x)

    def backward(self, gradient: torch.Tensor) -> Gradients:
        gradients: Gradients = {}
        x = self._output.backward(gradient, gradients)
        for layer in reversed(self._layers):
            x = layer.backward(x, gradients)
        return gradients


class _Lifted:
    """A layer that upsamples."""

    def __init__(self, team: TorchTeam, layer: Layer, coarse: tuple[int, int]) -> None:
        fine, weight = layer.size, layer.conv.weight
        assert fine is not None
        self._layer = layer
        self._rectify, self._normalise = Rectify(team, layer.conv), Normalise(team, layer.norm)
        self._sums, self._out = (Planes.empty(weight.shape[0], *fine, weight.dtype) for _ in range(2))
        dx = Planes.within(self._sums.data, weight.shape[1], *coarse)  # the sums are not needed any more then
        where: dict[str, Any] = {"first": 0, "coarse": coarse, "fine": fine, "mode": "nearest"}
        self._lift = Lift(team, layer.conv, **where, dx=dx)

    def forward(self, x: Planes) -> Planes:
        self._sums.flat.zero_()
        self._lift.forward(x, self._sums)
        self._rectify.forward(self._sums)
        self._normalise.forward(self._sums, self._out)
        return self._out

    def backward(self, dy: Planes, gradients: Gradients) -> Planes:
        """Return dx; `dy` is used up."""
        conv, norm = self._layer.conv, self._layer.norm
        gradients[norm.weight], gradients[norm.bias] = self._normalise.backward(dy)
        gradients[self._rectify.bias] = self._rectify.backward(dy)
        gradients[conv.weight] = self._lift.backward(dy)
        return self._lift.dx


class _Last:
    """The layer without upsampling."""

    def __init__(self, team: TorchTeam, layer: Layer, size: tuple[int, int]) -> None:
        weight = layer.conv.weight
        self._layer = layer
        self._convolve = Tiled(team, layer.conv, kind=SAME, height=size[0], width=size[1])
        self._rectify, self._normalise = Rectify(team, layer.conv), Normalise(team, layer.norm)
        self._sums, self._out = (Planes.empty(weight.shape[0], *size, weight.dtype) for _ in range(2))

    def forward(self, x: Planes) -> Planes:
        self._convolve.forward(x, self._sums)
        self._rectify.forward(self._sums)
        self._normalise.forward(self._sums, self._out)
        return self._out

    def backward(self, dy: Planes, gradients: Gradients) -> Planes:
        """Return dx; `dy` is used up."""
        conv, norm = self._layer.conv, self._layer.norm
        gradients[norm.weight], gradients[norm.bias] = self._normalise.backward(dy)
        gradients[self._rectify.bias] = self._rectify.backward(dy)
        dx = self._sums  # not needed any more
        gradients[conv.weight] = self._convolve.backward(dy, dx)
        return dx

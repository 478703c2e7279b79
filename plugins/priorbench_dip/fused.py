"""The skip network on a CPU: the function of `priorbench_dip.network.SkipNetwork`, in fewer products.

Three exact identities. Channel mixing commutes with upsampling, padding and shifting, so that the 3x3
convolution of an upsampled image costs a quarter (`Lift`). The convolution of a concatenation is the sum of
two, and its normalisation is that of the two parts, so that nothing is concatenated. A normalisation takes
off its input's mean, so that a bias before it does nothing, and has no gradient.
"""

from __future__ import annotations

import torch
from torch import nn

from priorbench.toolkit.fused.layers import Convolve, Gradients, Lift, Mix, Normalise, Planes, Unfold
from priorbench.toolkit.fused.team import TorchTeam
from priorbench.toolkit.fused.whole import Fused
from priorbench_dip.network import Scale, SkipNetwork, Stage


def fuse(network: SkipNetwork, height: int, width: int) -> Fused:
    """Return the same network, computed faster, for inputs of this size on the CPU."""
    return Fused(network, _SkipEngine(network, height, width))


class _SkipEngine:
    """The hourglass, the output layer and the sigmoid."""

    def __init__(self, network: SkipNetwork, height: int, width: int) -> None:
        self._output, self._sigmoid = network.output, network.sigmoid
        self._hourglass = _Scale(TorchTeam(), network.hourglass, height, width)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        self._features = self._hourglass.forward(Planes.of(z.detach()))
        weight, bias = self._output.weight.detach().flatten(1), self._output.bias
        assert bias is not None
        x = torch.addmm(bias.detach()[:, None], weight, self._features.flat)
        self._image = torch.sigmoid_(x) if self._sigmoid else x
        return self._image.view(1, -1, self._features.height, self._features.width).clone()

    def backward(self, gradient: torch.Tensor) -> Gradients:
        dy = gradient[0].flatten(1)
        if self._sigmoid:
            dy = dy * (self._image * (1 - self._image))
        weight, bias, features = self._output.weight, self._output.bias, self._features
        assert bias is not None
        gradients: Gradients = {weight: torch.mm(dy, features.flat.t()).view_as(weight), bias: dy.sum(1)}
        torch.mm(weight.detach().flatten(1).t(), dy, out=features.flat)
        self._hourglass.backward(features, gradients, first=True)
        return gradients


class _Scale:
    """One scale and, inside it, all coarser ones."""

    def __init__(self, team: TorchTeam, scale: Scale, height: int, width: int) -> None:
        a, dtype = scale.architecture, scale.norm.weight.dtype
        coarse = (height // 2, width // 2)
        self._scale = scale
        self._halve, self._down = _Window(team, scale.halve), _Window(team, scale.down)
        self._deeper = _Scale(team, scale.deeper, *coarse) if scale.deeper is not None else None
        self._skip = _Skip(team, scale, scale.skip, height, width) if scale.skip is not None else None
        self._joint = Normalise(team, scale.norm, first=a.skip_channels, upsampled=a.upsampling == "bilinear")
        self._lift = Lift(
            team,
            scale.merge.conv,
            first=a.skip_channels,
            coarse=coarse,
            fine=(height, width),
            mode=a.upsampling,
        )
        self._merge = Normalise(team, scale.merge.norm, slope=a.negative_slope)
        self._mix = Mix(team, scale.mix.conv)
        self._last = Normalise(team, scale.mix.norm, slope=a.negative_slope)
        self._coarse = Planes.empty(a.channels, *coarse, dtype)
        self._sums, self._merged, self._mixed, self._out = (
            Planes.empty(a.channels, height, width, dtype) for _ in range(4)
        )

    def forward(self, x: Planes) -> Planes:
        if self._skip is None:
            self._sums.flat.zero_()
        else:
            self._skip.forward(x, self._sums)
        coarse = self._down.forward(self._halve.forward(x))
        if self._deeper is not None:
            coarse = self._deeper.forward(coarse)
        self._joint.forward(coarse, self._coarse)
        self._lift.forward(self._coarse, self._sums)
        self._merge.forward(self._sums, self._merged)
        self._mix.forward(self._merged, self._mixed)
        self._last.forward(self._mixed, self._out)
        return self._out

    def backward(self, dy: Planes, gradients: Gradients, *, first: bool = False) -> Planes:
        """Return dx; undefined for the `first` scale, whose input gets none. `dy` is used up."""
        scale = self._scale
        _keep(gradients, scale.mix.norm, self._last.backward(dy))
        d_merged = self._mixed  # not needed any more
        gradients[scale.mix.conv.weight] = self._mix.backward(dy, d_merged)
        _keep(gradients, scale.merge.norm, self._merge.backward(d_merged))
        weight, d_coarse = self._lift.backward(d_merged), self._coarse
        gain, shift = self._joint.backward(d_coarse)
        if self._skip is not None:
            dx, its_weight, its_gain, its_shift = self._skip.backward(d_merged, gradients, first=first)
            weight = torch.cat([its_weight, weight], 1)
            gain, shift = torch.cat([its_gain, gain]), torch.cat([its_shift, shift])
        gradients[scale.merge.conv.weight] = weight
        _keep(gradients, scale.norm, (gain, shift))
        if self._deeper is not None:
            d_coarse = self._deeper.backward(d_coarse, gradients)
        down = self._halve.backward(self._down.backward(d_coarse, gradients), gradients, first=first)
        if self._skip is not None and not first:
            down.flat.add_(dx.flat)
        return down


class _Window:
    """A stage with a spatial convolution."""

    def __init__(self, team: TorchTeam, stage: Stage) -> None:
        self._stage = stage
        self._convolve = Convolve(stage.conv)
        self._normalise = Normalise(team, stage.norm, slope=stage.negative_slope)
        self._out: Planes | None = None

    def forward(self, x: Planes) -> Planes:
        y = self._convolve.forward(x)
        if self._out is None:
            self._out = Planes.empty(y.data.shape[0], y.height, y.width, y.data.dtype, gap=0)
        self._normalise.forward(y, self._out)
        return self._out

    def backward(self, dy: Planes, gradients: Gradients, *, first: bool = False) -> Planes:
        """Return dx, undefined for the `first` layer."""
        _keep(gradients, self._stage.norm, self._normalise.backward(dy))
        dx, gradients[self._stage.conv.weight] = self._convolve.backward(dy, first=first)
        return dx


class _Skip:
    """The thin branch: 1x1 convolution, normalisation, activation, and its share of what follows."""

    def __init__(self, team: TorchTeam, scale: Scale, stage: Stage, height: int, width: int) -> None:
        few, weight = stage.conv.out_channels, stage.conv.weight
        self._stage = stage
        self._mix = Mix(team, stage.conv)
        self._normalise = Normalise(team, stage.norm, slope=stage.negative_slope)
        self._joint, self._unfold = Normalise(team, scale.norm, last=few), Unfold(team, scale.merge.conv, few)
        self._mixed, self._features, self._normalised = (
            Planes.empty(few, height, width, weight.dtype) for _ in range(3)
        )
        self._dx = Planes.empty(weight.shape[1], height, width, weight.dtype, gap=0)

    def forward(self, x: Planes, y: Planes) -> None:
        self._mix.forward(x, self._mixed)
        self._normalise.forward(self._mixed, self._features)
        self._joint.forward(self._features, self._normalised)
        self._unfold.forward(self._normalised, y)

    def backward(
        self, dy: Planes, gradients: Gradients, *, first: bool
    ) -> tuple[Planes, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return dx, and this branch's part of the gradients of the merge's weight, scale and shift."""
        ds, weight = self._unfold.backward(dy)
        gain, shift = self._joint.backward(ds)
        _keep(gradients, self._stage.norm, self._normalise.backward(ds))
        gradients[self._stage.conv.weight] = self._mix.backward(ds, None if first else self._dx)
        return self._dx, weight, gain, shift


def _keep(gradients: Gradients, norm: nn.BatchNorm2d, found: tuple[torch.Tensor, torch.Tensor]) -> None:
    gradients[norm.weight], gradients[norm.bias] = found

"""The skip network on a CPU: the function of `priorbench_dip.network.SkipNetwork`, in fewer products.

Three exact identities. Channel mixing commutes with upsampling, padding and shifting, so that the 3x3
convolution of an upsampled image costs a quarter (`Lift`), and less where the image is large (`Tiled`). The
convolution of a concatenation is the sum of two, and its normalisation is that of the two parts, so that
nothing is concatenated. A normalisation takes off its input's mean, so that a bias before it does nothing,
and has no gradient.

Where a stage `rounds`, so do its layers, and there are no tiles: the factors of the products that are done
here are rounded, of the coarse image where channels are mixed before it is upsampled.
"""

from __future__ import annotations

import torch
from torch import nn

from priorbench.toolkit.fused.bfloat16.convolving import RoundedConvolve
from priorbench.toolkit.fused.bfloat16.mixing import RoundedLift, RoundedMix
from priorbench.toolkit.fused.convolution.layer import Convolve
from priorbench.toolkit.fused.convolution.lift import Lift
from priorbench.toolkit.fused.convolution.mixing import Mix, Output
from priorbench.toolkit.fused.convolution.tiles.algorithms import DOUBLED, SAME
from priorbench.toolkit.fused.convolution.tiles.layer import Tiled
from priorbench.toolkit.fused.layers import Gradients, Normalise, Planes
from priorbench.toolkit.fused.team import TorchTeam
from priorbench.toolkit.fused.whole import Fused
from priorbench_dip.network import Scale, SkipNetwork, Stage

#: pixels of a side from which tiles pay, for what keeps the size and for what is upsampled: their weights
#: are transformed in every step, and the first kind rounds a little more
_MANY, _MANY_UPSAMPLED = 64, 32


def fuse(network: SkipNetwork, height: int, width: int) -> Fused:
    """Return the same network, computed faster, for inputs of this size on the CPU."""
    return Fused(network, _SkipEngine(network, height, width))


class _SkipEngine:
    """The hourglass, the output layer and the sigmoid."""

    def __init__(self, network: SkipNetwork, height: int, width: int) -> None:
        team = TorchTeam()
        self._hourglass = _Scale(team, network.hourglass, height, width)
        self._output = Output(team, network.output, sigmoid=network.sigmoid)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self._output.forward(self._hourglass.forward(Planes.of(z.detach())))

    def backward(self, gradient: torch.Tensor) -> Gradients:
        gradients: Gradients = {}
        d_features = self._output.backward(gradient, gradients)
        self._hourglass.backward(d_features, gradients, first=True)
        return gradients


class _Scale:
    """One scale and, inside it, all coarser ones."""

    def __init__(self, team: TorchTeam, scale: Scale, height: int, width: int) -> None:
        a, dtype = scale.architecture, scale.norm.weight.dtype
        coarse = (height // 2, width // 2)
        self._scale = scale
        self._halve, self._down = (
            _Window(team, scale.halve, height, width),
            _Window(team, scale.down, *coarse),
        )
        self._deeper = _Scale(team, scale.deeper, *coarse) if scale.deeper is not None else None
        self._skip = _Skip(team, scale, scale.skip, height, width) if scale.skip is not None else None
        self._joint = Normalise(team, scale.norm, first=a.skip_channels, upsampled=a.upsampling == "bilinear")
        self._lift = _Upsampled(team, scale, height, width)
        self._merge = Normalise(team, scale.merge.norm, slope=a.negative_slope)
        self._mix = (RoundedMix if scale.mix.rounds else Mix)(team, scale.mix.conv)
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
        weight = torch.empty_like(scale.merge.conv.weight)
        d_coarse = self._lift.backward(d_merged, weight)
        gain, shift = self._joint.backward(d_coarse)
        if self._skip is not None:
            dx, its_weight, its_gain, its_shift = self._skip.backward(d_merged, gradients, first=first)
            weight[:, : its_weight.shape[1]] = its_weight
            gain, shift = torch.cat([its_gain, gain]), torch.cat([its_shift, shift])
        gradients[scale.merge.conv.weight] = weight
        _keep(gradients, scale.norm, (gain, shift))
        if self._deeper is not None:
            d_coarse = self._deeper.backward(d_coarse, gradients)
        down = self._halve.backward(self._down.backward(d_coarse, gradients), gradients, first=first)
        if self._skip is not None and not first:
            down.flat.add_(dx.flat)
        return down


class _Upsampled:
    """The convolution of what the coarser scales give, upsampled."""

    def __init__(self, team: TorchTeam, scale: Scale, height: int, width: int) -> None:
        a, conv, coarse = scale.architecture, scale.merge.conv, (height // 2, width // 2)
        self._first = first = a.skip_channels
        self._lift: Tiled | Lift
        rounds = scale.merge.rounds
        if not rounds and a.kernel == 3 and a.upsampling == "bilinear" and min(coarse) >= _MANY_UPSAMPLED:
            self._lift = Tiled(team, conv, kind=DOUBLED, height=coarse[0], width=coarse[1], first=first)
            self._dx = Planes.empty(a.channels, *coarse, conv.weight.dtype)
        else:
            fine = height, width
            lift = RoundedLift if rounds else Lift
            self._lift = lift(team, conv, first=first, coarse=coarse, fine=fine, mode=a.upsampling)
            self._dx = self._lift.dx

    def forward(self, x: Planes, y: Planes) -> None:
        self._lift.forward(x, y)

    def backward(self, dy: Planes, gradient: torch.Tensor) -> Planes:
        """Write this layer's part of the gradient of the merge's weight; return dx."""
        if isinstance(self._lift, Tiled):
            self._lift.backward(dy, self._dx, gradient)
        else:
            gradient[:, self._first :] = self._lift.backward(dy)
        return self._dx


class _Window:
    """A stage with a spatial convolution."""

    def __init__(self, team: TorchTeam, stage: Stage, height: int, width: int) -> None:
        conv, dtype = stage.conv, stage.conv.weight.dtype
        self._stage = stage
        self._convolve: Tiled | Convolve
        if stage.rounds:
            self._convolve = RoundedConvolve(team, conv, height, width)
        elif conv.kernel_size == (3, 3) and conv.stride == (1, 1) and min(height, width) >= _MANY:
            self._convolve = Tiled(team, conv, kind=SAME, height=height, width=width)
        else:
            self._convolve = Convolve(team, conv, height, width)
        self._normalise = Normalise(team, stage.norm, slope=stage.negative_slope)
        stride = conv.stride[0]
        self._sums, self._out = (
            Planes.empty(conv.out_channels, height // stride, width // stride, dtype) for _ in range(2)
        )
        self._dx = Planes.empty(conv.in_channels, height, width, dtype)

    def forward(self, x: Planes) -> Planes:
        self._convolve.forward(x, self._sums)
        self._normalise.forward(self._sums, self._out)
        return self._out

    def backward(self, dy: Planes, gradients: Gradients, *, first: bool = False) -> Planes:
        """Return dx, undefined for the `first` layer."""
        _keep(gradients, self._stage.norm, self._normalise.backward(dy))
        if isinstance(self._convolve, Tiled):
            gradient = self._convolve.backward(dy, self._dx)
        else:
            gradient = self._convolve.backward(dy, None if first else self._dx)
        gradients[self._stage.conv.weight] = gradient
        return self._dx


class _Skip:
    """The thin branch: 1x1 convolution, normalisation, activation, and its share of what follows."""

    def __init__(self, team: TorchTeam, scale: Scale, stage: Stage, height: int, width: int) -> None:
        few, weight = stage.conv.out_channels, stage.conv.weight
        self._stage = stage
        self._mix = (RoundedMix if stage.rounds else Mix)(team, stage.conv)
        self._normalise = Normalise(team, stage.norm, slope=stage.negative_slope)
        self._joint = Normalise(team, scale.norm, last=few)
        merge = RoundedConvolve if scale.merge.rounds else Convolve
        self._convolve = merge(team, scale.merge.conv, height, width, few)
        self._mixed, self._features, self._normalised = (
            Planes.empty(few, height, width, weight.dtype) for _ in range(3)
        )
        self._dx = Planes.empty(weight.shape[1], height, width, weight.dtype)

    def forward(self, x: Planes, y: Planes) -> None:
        self._mix.forward(x, self._mixed)
        self._normalise.forward(self._mixed, self._features)
        self._joint.forward(self._features, self._normalised)
        self._convolve.forward(self._normalised, y)

    def backward(
        self, dy: Planes, gradients: Gradients, *, first: bool
    ) -> tuple[Planes, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return dx, and this branch's part of the gradients of the merge's weight, scale and shift."""
        ds = self._normalised  # not needed any more
        weight = self._convolve.backward(dy, ds)
        gain, shift = self._joint.backward(ds)
        _keep(gradients, self._stage.norm, self._normalise.backward(ds))
        gradients[self._stage.conv.weight] = self._mix.backward(ds, None if first else self._dx)
        return self._dx, weight, gain, shift


def _keep(gradients: Gradients, norm: nn.BatchNorm2d, found: tuple[torch.Tensor, torch.Tensor]) -> None:
    gradients[norm.weight], gradients[norm.bias] = found

"""The skip network on a CPU: the function of `priorbench_dip.network.SkipNetwork`, in fewer products and passes.

Three exact identities. Channel mixing commutes with upsampling, padding and shifting, so that the 3x3
convolution of an upsampled image costs a quarter (`Lift`). The convolution of a concatenation is the sum of
two, and its normalisation is that of the two parts, so that nothing is concatenated. A normalisation takes
off its input's mean, so that a bias before it does nothing, and has no gradient.
"""

from __future__ import annotations

import torch
from torch import nn

from priorbench.toolkit.fused.layers import Convolve, Gradients, Lift, Mix, Normalise, Planes, Unfold
from priorbench.toolkit.fused.whole import Fused
from priorbench_dip.network import Scale, SkipNetwork


def fuse(network: SkipNetwork, height: int, width: int) -> Fused:
    """Return the same network, computed faster, for inputs of this size on the CPU."""
    return Fused(network, _SkipEngine(network, height, width))


class _SkipEngine:
    """The hourglass, the output layer and the sigmoid."""

    def __init__(self, network: SkipNetwork, height: int, width: int) -> None:
        self._output, self._sigmoid = network.output, network.sigmoid
        self._hourglass = _Scale(network.hourglass, height, width)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        self._features = self._hourglass.forward(Planes.of(z.detach()))
        x = torch.addmm(self._bias, self._output.weight.detach().flatten(1), self._features.flat)
        self._image = torch.sigmoid_(x) if self._sigmoid else x
        return self._image.view(1, -1, self._features.height, self._features.width).clone()

    def backward(self, gradient: torch.Tensor) -> Gradients:
        dy = gradient[0].flatten(1)
        if self._sigmoid:
            dy = dy * (self._image * (1 - self._image))
        weight, features = self._output.weight, self._features
        gradients = {weight: torch.mm(dy, features.flat.t()).view_as(weight), self._output.bias: dy.sum(1)}
        torch.mm(weight.detach().flatten(1).t(), dy, out=features.flat)
        self._hourglass.backward(features, gradients, first=True)
        return gradients

    @property
    def _bias(self) -> torch.Tensor:
        return self._output.bias.detach()[:, None]


class _Scale:
    """One scale and, inside it, all coarser ones."""

    def __init__(self, scale: Scale, height: int, width: int) -> None:
        a, dtype = scale.architecture, scale.merge[0].weight.dtype
        coarse = (height // 2, width // 2)
        self._down = [_Window(*scale.down[:3], a.negative_slope), _Window(*scale.down[3:], a.negative_slope)]
        deeper = scale.deeper
        self._deeper = _Scale(deeper, *coarse) if isinstance(deeper, Scale) else None
        joint, spatial, norm, _, mix, last_norm, _ = scale.merge
        self._joint, self._spatial, self._norm, self._last_norm = joint, spatial, norm, last_norm
        self._coarse = Normalise(joint, first=a.skip_channels, upsampled=a.upsampling == "bilinear")
        self._coarse_image = Planes.empty(a.channels, *coarse, dtype)
        self._lift = Lift(spatial, first=a.skip_channels, coarse=coarse, fine=(height, width), mode=a.upsampling)
        self._skip = _Skip(scale.skip, joint, spatial, height, width) if scale.skip is not None else None
        self._normalise = Normalise(norm, slope=a.negative_slope)
        self._mix, self._last = Mix(mix), Normalise(last_norm, slope=a.negative_slope)
        self._images = [Planes.empty(a.channels, height, width, dtype) for _ in range(4)]

    def forward(self, x: Planes) -> Planes:
        sums, features, mixed, out = self._images
        if self._skip is None:
            sums.flat.zero_()
        else:
            self._skip.forward(x, sums)
        c = self._down[1].forward(self._down[0].forward(x))
        if self._deeper is not None:
            c = self._deeper.forward(c)
        self._coarse.forward(c, self._coarse_image)
        self._lift.forward(self._coarse_image, sums)
        self._normalise.forward(sums, features)
        self._mix.forward(features, mixed)
        self._last.forward(mixed, out)
        return out

    def backward(self, dy: Planes, gradients: Gradients, *, first: bool = False) -> Planes | None:
        """Return dx, None for the `first` scale; `dy` is used up."""
        _, _, mixed, _ = self._images
        _keep(gradients, self._last_norm, self._last.backward(dy))
        _, gradients[self._mix.weight] = self._mix.backward(dy, into=mixed)
        _keep(gradients, self._norm, self._normalise.backward(mixed))
        parts = [self._lift.backward(mixed)]
        joint = [self._coarse.backward(self._coarse_image)]
        dx = None
        if self._skip is not None:
            dx, weight, norm = self._skip.backward(mixed, gradients, first=first)
            parts.insert(0, weight)
            joint.insert(0, norm)
        gradients[self._spatial.weight] = torch.cat(parts, 1)
        _keep(gradients, self._joint, (torch.cat([g for g, _ in joint]), torch.cat([s for _, s in joint])))
        dc = self._coarse_image
        if self._deeper is not None:
            dc = self._deeper.backward(dc, gradients)
        dc = self._down[1].backward(dc, gradients)
        down = self._down[0].backward(dc, gradients, first=first)
        if down is not None and dx is not None:
            down.flat.add_(dx.flat)
        return down


class _Window:
    """A spatial convolution, normalisation and activation."""

    def __init__(self, conv: nn.Conv2d, norm: nn.BatchNorm2d, _: nn.Module, slope: float) -> None:
        self._conv, self._norm = conv, norm
        self._convolve, self._normalise = Convolve(conv), Normalise(norm, slope=slope)
        self._out: Planes | None = None

    def forward(self, x: Planes) -> Planes:
        y = self._convolve.forward(x)
        if self._out is None:
            self._out = Planes.empty(y.data.shape[0], y.height, y.width, y.data.dtype, gap=0)
        self._normalise.forward(y, self._out)
        return self._out

    def backward(self, dy: Planes, gradients: Gradients, *, first: bool = False) -> Planes | None:
        _keep(gradients, self._norm, self._normalise.backward(dy))
        dx, gradients[self._conv.weight] = self._convolve.backward(dy, first=first)
        return dx


class _Skip:
    """The thin branch: 1x1 convolution, normalisation, activation, and its part of what follows the merge."""

    def __init__(self, skip: nn.Sequential, joint: nn.BatchNorm2d, spatial: nn.Conv2d, h: int, w: int) -> None:
        conv, norm, activation = skip
        few, dtype = conv.out_channels, conv.weight.dtype
        self._norm = norm
        self._mix, self._normalise = Mix(conv), Normalise(norm, slope=activation.negative_slope)
        self._joint, self._unfold = Normalise(joint, last=few), Unfold(spatial, few)
        self._images = [Planes.empty(few, h, w, dtype) for _ in range(3)]

    def forward(self, x: Planes, y: Planes) -> None:
        mixed, features, normalised = self._images
        self._mix.forward(x, mixed)
        self._normalise.forward(mixed, features)
        self._joint.forward(features, normalised)
        self._unfold.forward(normalised, y)

    def backward(
        self, dy: Planes, gradients: Gradients, *, first: bool
    ) -> tuple[Planes | None, torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Return dx, and the gradients of this part of the spatial weights and of the joint normalisation."""
        ds, weight = self._unfold.backward(dy)
        norm = self._joint.backward(ds)
        _keep(gradients, self._norm, self._normalise.backward(ds))
        dx, gradients[self._mix.weight] = self._mix.backward(ds, first=first)
        return dx, weight, norm


def _keep(gradients: Gradients, norm: nn.BatchNorm2d, found: tuple[torch.Tensor, torch.Tensor]) -> None:
    gradients[norm.weight], gradients[norm.bias] = found

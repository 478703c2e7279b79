"""Mixing of channels, pixel by pixel: 1 x 1 convolutions inside a network and at its end."""

from __future__ import annotations

import torch
from torch import nn

from priorbench.toolkit.fused import kernels
from priorbench.toolkit.fused.convolution.correlate import correlate
from priorbench.toolkit.fused.layers import Gradients, Planes
from priorbench.toolkit.fused.product import multiply_pixels
from priorbench.toolkit.fused.team import TorchTeam


def mix(team: TorchTeam, matrix: torch.Tensor, x: Planes, y: Planes) -> None:
    """Write to y the product of a matrix (outputs, inputs) and the channels of x."""
    numbers = x.pixels * matrix.numel() // 32  # a processor does this many multiplications at once
    team.share(multiply_pixels, matrix.numpy(), x.array, x.pixels, y.array, numbers=numbers)


def correlation(team: TorchTeam, x: Planes, y: Planes) -> torch.Tensor:
    """Return the products of channels of x and of y, summed over pixels: (x channels, y channels)."""
    out = torch.empty(x.data.shape[0], y.data.shape[0], dtype=x.data.dtype)
    numbers = x.pixels * out.numel() // 32
    team.share(correlate, x.array, y.array, x.pixels, out.numpy(), numbers=numbers)
    return out


class Mix:
    """A 1x1 convolution as one matrix product over all pixels; a bias before a normalisation is left out.

    Parameters
    ----------
    team : TorchTeam
        does the work.
    conv : nn.Conv2d
        the convolution.
    """

    def __init__(self, team: TorchTeam, conv: nn.Conv2d) -> None:
        self._team, self._weight = team, conv.weight

    def forward(self, x: Planes, y: Planes) -> None:
        """Write y; x is needed again by `backward`."""
        self._x = x
        mix(self._team, self._matrix, x, y)

    def backward(self, dy: Planes, dx: Planes | None) -> torch.Tensor:
        """Write dx where it is wanted; return the gradient of the weight."""
        gradient = correlation(self._team, dy, self._x).view_as(self._weight)
        if dx is not None:
            mix(self._team, self._matrix.t(), dy, dx)
        return gradient

    @property
    def _matrix(self) -> torch.Tensor:
        return self._weight.detach().flatten(1)


class Output:
    """The last layer: a 1x1 convolution with its bias, and a sigmoid where it is wanted.

    Parameters
    ----------
    team : TorchTeam
        does the work.
    conv : nn.Conv2d
        the convolution.
    sigmoid : bool, default False
        the image passes through a sigmoid.
    """

    def __init__(self, team: TorchTeam, conv: nn.Conv2d, *, sigmoid: bool = False) -> None:
        assert conv.bias is not None
        self._team, self._mix, self._sigmoid = team, Mix(team, conv), sigmoid
        self._weight: torch.Tensor = conv.weight
        self._bias: torch.Tensor = conv.bias

    def forward(self, x: Planes) -> torch.Tensor:
        """Return a fresh image (1, outputs, height, width); x is needed again by `backward`."""
        self._x = x
        image = Planes.empty(len(self._bias), x.height, x.width, x.data.dtype, gap=0)
        self._mix.forward(x, image)
        image.flat.add_(self._bias.detach()[:, None])
        if self._sigmoid:
            image.flat.sigmoid_()
            self._image = image.flat.clone()
        return image.image

    def backward(self, gradient: torch.Tensor, gradients: Gradients) -> Planes:
        """Return dx, written over x, from the gradient of the image."""
        if self._sigmoid:
            gradient = gradient * (self._image * (1 - self._image)).view_as(gradient)
        dy, d_bias = Planes.of(gradient), torch.empty_like(self._bias.detach())
        self._team.share(kernels.sum_planes, dy.array, dy.pixels, d_bias.numpy(), numbers=dy.array.size)
        gradients[self._bias] = d_bias
        gradients[self._weight] = correlation(self._team, dy, self._x).view_as(self._weight)
        mix(self._team, self._weight.detach().flatten(1).t(), dy, self._x)
        return self._x

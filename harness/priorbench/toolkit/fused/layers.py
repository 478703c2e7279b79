"""Layers with gradients written by hand, on images whose memory is kept from step to step."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from priorbench.toolkit.fused import kernels
from priorbench.toolkit.fused.team import TorchTeam

#: of a loss by parameters
Gradients = dict[torch.Tensor, torch.Tensor]

#: values between two channels, so that the same pixel of several channels is not in the same cache set
GAP = 16


class Planes:
    """An image (channels, height, width) whose channels lie a little apart.

    Parameters
    ----------
    data : torch.Tensor
        (channels, stride), contiguous.
    height, width : int
        of the image; height x width <= stride.
    """

    def __init__(self, data: torch.Tensor, height: int, width: int) -> None:
        self.data, self.height, self.width = data, height, width
        self.pixels = height * width
        self.array = data.detach().numpy()
        #: (channels, pixels) and (1, channels, height, width), views
        self.flat = data[:, : self.pixels]
        self.image = self.flat.view(1, -1, height, width)

    def __reduce__(self) -> tuple[type[Planes], tuple[torch.Tensor, int, int]]:
        """Have all parts of a copy be the same memory, too."""
        return Planes, (self.data, self.height, self.width)

    @classmethod
    def empty(cls, channels: int, height: int, width: int, dtype: torch.dtype, gap: int = GAP) -> Planes:
        """Return an image with undefined pixels."""
        return cls(torch.empty(channels, height * width + gap, dtype=dtype), height, width)

    @classmethod
    def within(cls, memory: torch.Tensor, channels: int, height: int, width: int, gap: int = GAP) -> Planes:
        """Return an image in the beginning of some contiguous memory, which is large enough."""
        stride = height * width + gap
        return cls(memory.view(-1)[: channels * stride].view(channels, stride), height, width)

    @classmethod
    def of(cls, image: torch.Tensor) -> Planes:
        """Return the same memory as planes where `image` (1, channels, height, width) is contiguous."""
        _, channels, height, width = image.shape
        return cls(image.contiguous().view(channels, -1), height, width)


class Normalise:
    """act(BatchNorm(x)) by the image's own statistics, act the leaky ReLU of a slope; slope 1 = none.

    Parameters
    ----------
    team : TorchTeam
        does the work.
    norm : nn.BatchNorm2d
        its scale and shift.
    first, last : int or None, optional
        the channels of `norm` that this layer has.
    upsampled : bool, default False
        x is normalised by the statistics that it has after bilinear upsampling by two.
    """

    def __init__(
        self,
        team: TorchTeam,
        norm: nn.BatchNorm2d,
        *,
        slope: float = 1.0,
        first: int = 0,
        last: int | None = None,
        upsampled: bool = False,
    ) -> None:
        self._team, self._norm, self._slope, self._upsampled = team, norm, slope, upsampled
        self._mine = slice(first, last)
        self._kept = np.empty((2, norm.weight[self._mine].numel()))

    def forward(self, x: Planes, y: Planes) -> None:
        """Write y; x is needed again by `backward`."""
        (gain, shift), epsilon = self._parameters(), self._norm.eps
        self._x = x
        given: tuple[Any, ...]
        if self._upsampled:
            given = x.array, y.array, x.pixels, x.width, gain, shift, epsilon, self._kept
            self._team.share(kernels.normalise_upsampled, *given, numbers=x.array.size)
        else:
            given = x.array, y.array, x.pixels, gain, shift, self._slope, epsilon, self._kept
            self._team.share(kernels.normalise_planes, *given, numbers=x.array.size)

    def backward(self, dy: Planes) -> tuple[torch.Tensor, torch.Tensor]:
        """Turn dy into dx, in place; return the gradients of scale and shift."""
        (gain, shift), x = self._parameters(), self._x
        d_gain, d_shift = np.empty_like(gain), np.empty_like(shift)
        found = self._kept, d_gain, d_shift
        given: tuple[Any, ...]
        if self._upsampled:
            given = x.array, dy.array, x.pixels, x.width, gain, *found
            self._team.share(kernels.normalise_upsampled_backward, *given, numbers=x.array.size)
        else:
            given = x.array, dy.array, x.pixels, gain, shift, self._slope, *found
            self._team.share(kernels.normalise_planes_backward, *given, numbers=x.array.size)
        return torch.from_numpy(d_gain), torch.from_numpy(d_shift)

    def _parameters(self) -> tuple[NDArray[Any], NDArray[Any]]:
        norm = self._norm
        return norm.weight.detach()[self._mine].numpy(), norm.bias.detach()[self._mine].numpy()


class Rectify:
    """relu(x + bias), in place, with the bias of a convolution; a team does the work."""

    def __init__(self, team: TorchTeam, conv: nn.Conv2d) -> None:
        assert conv.bias is not None
        self._team = team
        self.bias: torch.Tensor = conv.bias

    def forward(self, x: Planes) -> None:
        """Turn x into y, which is needed again by `backward`."""
        self._y = x
        given = x.array, x.pixels, self.bias.detach().numpy()
        self._team.share(kernels.rectify_planes, *given, numbers=x.array.size)

    def backward(self, dy: Planes) -> torch.Tensor:
        """Turn dy into dx, in place; return the gradient of the bias."""
        d_bias = torch.empty_like(self.bias.detach())
        given = self._y.array, dy.array, dy.pixels, d_bias.numpy()
        self._team.share(kernels.rectify_planes_backward, *given, numbers=dy.array.size)
        return d_bias

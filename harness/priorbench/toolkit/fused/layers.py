"""Layers with gradients written by hand, on images whose memory is kept from step to step."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from priorbench.toolkit.fused import kernels
from priorbench.toolkit.fused.product import multiply_pixels
from priorbench.toolkit.fused.resampling import taps_of, upsampled
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

    @classmethod
    def empty(cls, channels: int, height: int, width: int, dtype: torch.dtype, gap: int = GAP) -> Planes:
        """Return an image with undefined pixels."""
        return cls(torch.empty(channels, height * width + gap, dtype=dtype), height, width)

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


def mix(team: TorchTeam, matrix: torch.Tensor, x: Planes, y: Planes) -> None:
    """Write to y the product of a matrix (outputs, inputs) and the channels of x."""
    numbers = x.pixels * matrix.numel() // 32  # a processor does this many multiplications at once
    team.share(multiply_pixels, matrix.numpy(), x.array, x.pixels, y.array, numbers=numbers)


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
        gradient = torch.mm(dy.flat, self._x.flat.t()).view_as(self._weight)
        if dx is not None:
            mix(self._team, self._matrix.t(), dy, dx)
        return gradient

    @property
    def _matrix(self) -> torch.Tensor:
        return self._weight.detach().flatten(1)


class Convolve:
    """A k x k convolution that keeps the size or halves it, as torch has it, without its bias."""

    def __init__(self, conv: nn.Conv2d) -> None:
        self._conv = conv
        self._pad = conv.kernel_size[0] // 2
        self._mode = "reflect" if conv.padding_mode == "reflect" else "constant"

    def forward(self, x: Planes) -> Planes:
        """Return a new image."""
        self._x = functional.pad(x.image, (self._pad,) * 4, self._mode)
        return Planes.of(functional.conv2d(self._x, self._conv.weight.detach(), stride=self._conv.stride))

    def backward(self, dy: Planes, *, first: bool = False) -> tuple[Planes, torch.Tensor]:
        """Return dx, undefined for the `first` layer, and the gradient of the weight."""
        dx, gradient, _ = torch.ops.aten.convolution_backward(
            dy.image.contiguous(),
            self._x,
            self._conv.weight.detach(),
            None,
            self._conv.stride,
            (0, 0),
            (1, 1),
            False,
            (0, 0),
            1,
            (not first, True, False),
        )
        del self._x
        return (dy if first else Planes.of(unpad(dx, self._pad, self._mode))), gradient


class Lift:
    """A k x k convolution of an upsampled image: the channels are mixed before, on the coarse image.

    With U the upsampling, P the padding, S_t the shift by tap t and W_t its k_out x k_in matrix,
    sum_t W_t S_t P U x = sum_t S_t P U (W_t x): a quarter of the products where U doubles height and width.

    Parameters
    ----------
    team : TorchTeam
        does the work.
    conv : nn.Conv2d
        the convolution.
    first : int
        its first input channel that is meant; it has all from there on.
    coarse, fine : tuple[int, int]
        (height, width).
    mode : {'bilinear', 'nearest'}
        of the upsampling; bilinear doubles.
    """

    def __init__(
        self,
        team: TorchTeam,
        conv: nn.Conv2d,
        *,
        first: int,
        coarse: tuple[int, int],
        fine: tuple[int, int],
        mode: Literal["bilinear", "nearest"],
    ) -> None:
        self._team, self._weight, self._first = team, conv.weight, first
        self._taps = conv.kernel_size[0]
        self._bilinear, self._reflect = mode == "bilinear", conv.padding_mode == "reflect"
        self._rows = taps_of(coarse[0], fine[0], self._taps, bilinear=self._bilinear, reflect=self._reflect)
        self._columns, self._column_weights = upsampled(coarse[1], fine[1], bilinear=self._bilinear)
        self._nearest = np.ascontiguousarray(self._columns[:, 0])
        rows = conv.out_channels * self._taps**2
        self._products = Planes.empty(rows, *coarse, conv.weight.dtype)

    def forward(self, x: Planes, y: Planes) -> None:
        """Add to y; x is needed again by `backward`."""
        self._x = x
        self._matrix = self._weight.detach()[:, self._first :].permute(0, 2, 3, 1).flatten(0, 2).contiguous()
        mix(self._team, self._matrix, x, self._products)
        seen = self._taps, x.width, self._rows.index, self._rows.weight, self._nearest
        given = self._products.array, y.array, y.pixels, *seen, self._bilinear, self._reflect
        self._team.share(kernels.gather, *given, numbers=y.array.size)

    def backward(self, dy: Planes) -> torch.Tensor:
        """Write dx over x; return the gradient of the weight, (out, in, k, k)."""
        rows = self._rows.back, self._rows.back_weight, self._rows.count
        seen = self._taps, self._x.width, *rows, self._columns, self._column_weights
        given = dy.array, self._products.array, dy.pixels, *seen, self._bilinear, self._reflect
        self._team.share(kernels.scatter, *given, numbers=dy.array.size)
        gradient = torch.mm(self._products.flat, self._x.flat.t())
        mix(self._team, self._matrix.t(), self._products, self._x)
        outputs = self._weight.shape[0]
        return gradient.view(outputs, self._taps, self._taps, -1).permute(0, 3, 1, 2)


class Unfold:
    """A k x k convolution of few channels, as one matrix product over all pixels' neighbourhoods.

    Parameters
    ----------
    team : TorchTeam
        does the work.
    conv : nn.Conv2d
        the convolution.
    channels : int
        how many of its input channels are meant, from the first on.
    """

    def __init__(self, team: TorchTeam, conv: nn.Conv2d, channels: int) -> None:
        self._team, self._weight, self._channels = team, conv.weight, channels
        self._taps = conv.kernel_size[0]
        self._mode = "reflect" if conv.padding_mode == "reflect" else "constant"

    def forward(self, x: Planes, y: Planes) -> None:
        """Write y."""
        pads = (self._taps // 2,) * 4
        columns = functional.unfold(functional.pad(x.image, pads, self._mode), self._taps)
        self._columns = Planes(columns[0], x.height, x.width)
        mix(self._team, self._matrix, self._columns, y)

    def backward(self, dy: Planes) -> tuple[Planes, torch.Tensor]:
        """Return dx and the gradient of the weight, (out, channels, k, k)."""
        gradient = torch.mm(dy.flat, self._columns.flat.t())
        columns = self._columns
        del self._columns
        mix(self._team, self._matrix.t(), dy, columns)
        pad = self._taps // 2
        padded = columns.height + 2 * pad, columns.width + 2 * pad
        dx = functional.fold(columns.data[None], padded, self._taps)
        outputs = self._weight.shape[0]
        return Planes.of(unpad(dx, pad, self._mode)), gradient.view(outputs, -1, self._taps, self._taps)

    @property
    def _matrix(self) -> torch.Tensor:
        return self._weight.detach()[:, : self._channels].flatten(1)


def unpad(dx: torch.Tensor, pad: int, mode: str) -> torch.Tensor:
    """Return the gradient before padding by `pad` pixels, of the one after it."""
    inside = dx[..., pad : dx.shape[-2] - pad, pad : dx.shape[-1] - pad]
    if mode == "constant" or not pad:
        return inside
    folded: torch.Tensor = torch.ops.aten.reflection_pad2d_backward(dx, inside, (pad,) * 4)
    return folded

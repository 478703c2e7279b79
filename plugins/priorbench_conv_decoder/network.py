"""The network of ConvDecoder: a small random image, upsampled and convolved in layer after layer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import get_args

import torch
from torch import nn

from priorbench.toolkit.bfloat16 import Precision, convolver
from priorbench.toolkit.checks import at_least, one_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Architecture:
    """The constants of the network; `priorbench_conv_decoder.model.ConvDecoder` explains each."""

    channels: int = 256
    layers: int = 7
    input_size: int = 4
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        at_least(1, channels=self.channels)
        at_least(2, layers=self.layers, input_size=self.input_size)
        one_of(get_args(Precision), precision=self.precision)

    def sizes(self, height: int, width: int) -> list[tuple[int, int]]:
        """Return the size after each upsampling: equal ratios, rounded up; the last is the image's."""
        steps = self.layers - 1
        sides = [
            # the tolerance keeps a power of two what it is
            [
                math.ceil(self.input_size * (side / self.input_size) ** (n / steps) - 1e-9)
                for n in range(1, steps)
            ]
            for side in (height, width)
        ]
        return [*zip(*sides, strict=True), (height, width)]


class Layer(nn.Module):
    """BatchNorm(relu(conv(upsample(x)))), the last layer without upsampling.

    Parameters
    ----------
    channels : int
        in and out.
    size : tuple[int, int] or None
        (height, width) to upsample to; None = no upsampling.
    precision : {'float32', 'bfloat16'}
        of the factors of the convolution, see `priorbench.toolkit.bfloat16.convolver`.
    """

    def __init__(self, channels: int, size: tuple[int, int] | None, precision: Precision) -> None:
        super().__init__()
        self.size = size
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self._convolve = convolver(channels, precision)
        self.norm = nn.BatchNorm2d(channels, track_running_stats=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (1, channels, h, w) to (1, channels, *size)."""
        if self.size is not None:
            x = nn.functional.interpolate(x, size=self.size, mode="nearest")
        normalised: torch.Tensor = self.norm(torch.relu_(self._convolve(x, self.conv)))
        return normalised


class DecoderNetwork(nn.Module):
    """``layers`` hidden layers, of which all but the last upsample, and a 1x1 convolution.

    Parameters
    ----------
    architecture : Architecture
        its constants.
    outputs : int
        channels of the image.
    size : tuple[int, int]
        (height, width) of the image, each at least `Architecture.input_size`.
    """

    def __init__(self, architecture: Architecture, *, outputs: int, size: tuple[int, int]) -> None:
        super().__init__()
        k, precision, sizes = architecture.channels, architecture.precision, architecture.sizes(*size)
        self.hidden = nn.Sequential(*(Layer(k, one, precision) for one in [*sizes, None]))
        self.output = nn.Conv2d(k, outputs, 1)
        self._convolve = convolver(outputs, precision)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Map (1, channels, input_size, input_size) to an image (1, outputs, height, width)."""
        return self._convolve(self.hidden(z), self.output)

"""The skip network of Deep Image Prior: an hourglass with thin connections across every scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import nn

from priorbench.toolkit.bfloat16 import Precision, convolve_rounded, convolver
from priorbench.toolkit.checks import at_least, one_of, within

Upsampling = Literal["bilinear", "nearest"]
Padding = Literal["reflection", "zero"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Architecture:
    """The constants of a skip network; `priorbench_dip.model.DeepImagePrior` explains each."""

    channels: int = 128
    skip_channels: int = 4
    scales: int = 5
    input_channels: int = 32
    kernel: int = 3
    upsampling: Upsampling = "bilinear"
    padding: Padding = "reflection"
    negative_slope: float = 0.2
    sigmoid: bool = True
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        at_least(1, channels=self.channels, scales=self.scales, input_channels=self.input_channels)
        at_least(0, skip_channels=self.skip_channels)
        at_least(1, kernel=self.kernel)
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, not {self.kernel}")
        one_of(get_args(Upsampling), upsampling=self.upsampling)
        one_of(get_args(Padding), padding=self.padding)
        one_of(get_args(Precision), precision=self.precision)
        within(0, float("inf"), negative_slope=self.negative_slope)

    @property
    def coarsest(self) -> int:
        """Fewest pixels a side at the coarsest scale.

        A normalisation needs more than one value, and a reflection by p pixels needs p + 1.
        """
        return max(2, self.kernel // 2 + 1)


class Stage(nn.Module):
    """Convolution, normalisation and activation; sizes are kept, or divided by `stride`."""

    def __init__(
        self, a: Architecture, inputs: int, outputs: int, *, kernel: int | None = None, stride: int = 1
    ) -> None:
        super().__init__()
        width = a.kernel if kernel is None else kernel
        mode: Literal["reflect", "zeros"] = "reflect" if a.padding == "reflection" else "zeros"
        self.conv = nn.Conv2d(inputs, outputs, width, stride=stride, padding=width // 2, padding_mode=mode)
        self._convolve = convolver(outputs, a.precision)
        self.rounds = self._convolve is convolve_rounded
        self.norm = _norm(outputs)
        self.negative_slope = a.negative_slope

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (1, inputs, h, w) to (1, outputs, h / stride, w / stride)."""
        return nn.functional.leaky_relu_(self.norm(self._convolve(x, self.conv)), self.negative_slope)


class Scale(nn.Module):
    """One scale and, inside it, all coarser ones: mix(merge(norm(skip(x), upsample(deeper(down(x))))))."""

    def __init__(self, architecture: Architecture, inputs: int, deeper: Scale | None) -> None:
        super().__init__()
        a, k = architecture, architecture.channels
        self.architecture = a
        self.skip = Stage(a, inputs, a.skip_channels, kernel=1) if a.skip_channels else None
        self.halve = Stage(a, inputs, k, stride=2)
        self.down = Stage(a, k, k)
        self.deeper = deeper
        self.norm = _norm(a.skip_channels + k)
        self.merge = Stage(a, a.skip_channels + k, k)
        self.mix = Stage(a, k, k, kernel=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (1, inputs, h, w) to (1, channels, h, w), h and w even."""
        coarse = self.down(self.halve(x))
        if self.deeper is not None:
            coarse = self.deeper(coarse)
        joint = nn.functional.interpolate(coarse, scale_factor=2, mode=self.architecture.upsampling)
        if self.skip is not None:
            joint = torch.cat([self.skip(x), joint], 1)
        mixed: torch.Tensor = self.mix(self.merge(self.norm(joint)))
        return mixed


class SkipNetwork(nn.Module):
    """The network of Deep Image Prior's denoising experiments (``skip`` in its authors' code).

    Parameters
    ----------
    architecture : Architecture
        its constants.
    outputs : int
        channels of the image.
    """

    def __init__(self, architecture: Architecture, *, outputs: int) -> None:
        super().__init__()
        k = architecture.channels
        scale: Scale | None = None
        for _ in range(architecture.scales - 1):
            scale = Scale(architecture, k, scale)
        self.hourglass = Scale(architecture, architecture.input_channels, scale)
        self.output = nn.Conv2d(k, outputs, 1)
        self._convolve = convolver(outputs, architecture.precision)
        self.sigmoid = architecture.sigmoid

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Map (1, input_channels, h, w), 2^scales dividing h and w, to an image (1, outputs, h, w)."""
        x = self._convolve(self.hourglass(z), self.output)
        return torch.sigmoid(x) if self.sigmoid else x


def _norm(channels: int) -> nn.BatchNorm2d:
    """Return a normalisation by this image's own statistics, always."""
    return nn.BatchNorm2d(channels, track_running_stats=False)

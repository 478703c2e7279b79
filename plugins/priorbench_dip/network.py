"""The skip network of Deep Image Prior: an hourglass with thin connections across every scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import nn

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

    def __post_init__(self) -> None:
        at_least(1, channels=self.channels, scales=self.scales, input_channels=self.input_channels)
        at_least(0, skip_channels=self.skip_channels)
        at_least(1, kernel=self.kernel)
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, not {self.kernel}")
        one_of(get_args(Upsampling), upsampling=self.upsampling)
        one_of(get_args(Padding), padding=self.padding)
        within(0, float("inf"), negative_slope=self.negative_slope)

    @property
    def coarsest(self) -> int:
        """Fewest pixels a side at the coarsest scale.

        A normalisation needs more than one value, and a reflection by p pixels needs p + 1.
        """
        return max(2, self.kernel // 2 + 1)


class Scale(nn.Module):
    """One scale and, inside it, all coarser ones: merge(skip(x), upsample(deeper(down(x))))."""

    def __init__(self, architecture: Architecture, inputs: int, deeper: nn.Module) -> None:
        super().__init__()
        a, k = architecture, architecture.channels
        self.architecture = a
        self.skip = nn.Sequential(*_stage(a, inputs, a.skip_channels, kernel=1)) if a.skip_channels else None
        self.down = nn.Sequential(*_stage(a, inputs, k, stride=2), *_stage(a, k, k))
        self.deeper = deeper
        self.upsample = nn.Upsample(scale_factor=2, mode=a.upsampling)
        self.merge = nn.Sequential(
            _norm(a.skip_channels + k),
            *_stage(a, a.skip_channels + k, k),
            *_stage(a, k, k, kernel=1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (1, inputs, h, w) to (1, channels, h, w), h and w even."""
        coarse = self.upsample(self.deeper(self.down(x)))
        merged: torch.Tensor = self.merge(
            coarse if self.skip is None else torch.cat([self.skip(x), coarse], 1)
        )
        return merged


class SkipNetwork(nn.Module):
    """The network of Deep Image Prior's denoising experiments (``skip`` in its authors' code).

    Parameters
    ----------
    architecture : its constants.
    outputs : channels of the image.
    """

    def __init__(self, architecture: Architecture, *, outputs: int) -> None:
        super().__init__()
        k = architecture.channels
        network: nn.Module = nn.Identity()
        for scale in reversed(range(architecture.scales)):
            network = Scale(architecture, k if scale else architecture.input_channels, network)
        self.hourglass = network
        self.output = nn.Conv2d(k, outputs, 1)
        self.sigmoid = architecture.sigmoid

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Map (1, input_channels, h, w), 2^scales dividing h and w, to an image (1, outputs, h, w)."""
        x: torch.Tensor = self.output(self.hourglass(z))
        return torch.sigmoid(x) if self.sigmoid else x


def _stage(
    a: Architecture, inputs: int, outputs: int, *, kernel: int | None = None, stride: int = 1
) -> list[nn.Module]:
    """Return convolution, normalisation and activation; sizes are kept, or divided by `stride`."""
    width = a.kernel if kernel is None else kernel
    mode: Literal["reflect", "zeros"] = "reflect" if a.padding == "reflection" else "zeros"
    return [
        nn.Conv2d(inputs, outputs, width, stride=stride, padding=width // 2, padding_mode=mode),
        _norm(outputs),
        nn.LeakyReLU(a.negative_slope, inplace=True),
    ]


def _norm(channels: int) -> nn.Module:
    """Return a normalisation by this image's own statistics, always."""
    return nn.BatchNorm2d(channels, track_running_stats=False)

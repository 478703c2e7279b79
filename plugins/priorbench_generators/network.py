"""Three generators: fixed kernels, trainable 3x3 kernels, and transposed convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import nn
from torch.nn import functional

from priorbench.toolkit.checks import at_least, one_of

Kind = Literal["fixed-kernel", "trainable-3x3", "deconvolution"]

#: hidden layers of the published networks
PUBLISHED_LAYERS: dict[Kind, int] = {"fixed-kernel": 4, "trainable-3x3": 5, "deconvolution": 3}


@dataclass(frozen=True, kw_only=True, slots=True)
class Architecture:
    """The constants of a generator; `priorbench_generators.model.Generator` explains each."""

    kind: Kind = "fixed-kernel"
    channels: int = 128
    layers: int = 4
    sigmoid: bool = True

    def __post_init__(self) -> None:
        one_of(get_args(Kind), architecture=self.kind)
        at_least(1, channels=self.channels, layers=self.layers)

    @property
    def multiple(self) -> int:
        """How many pixels of the image one of the input is: only transposed convolutions upsample."""
        return 2**self.layers if self.kind == "deconvolution" else 1

    @property
    def coarsest(self) -> int:
        """Fewest pixels a side of the input: a reflection by one pixel needs two."""
        return 1 if self.kind == "deconvolution" else 2


class FixedKernel(nn.Module):
    """Each channel convolved with the kernel that bilinear upsampling has, sizes kept; nothing is trained.

    The 4x4 kernel is (1, 3, 3, 1) x (1, 3, 3, 1) / 16, so that its sum is 4. As in the published code the
    image is first mirrored by a pixel at the top and on the left, then framed with a pixel of zeros.
    """

    kernel: torch.Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        line = torch.tensor([1.0, 3.0, 3.0, 1.0])
        self.register_buffer("kernel", torch.outer(line, line).div(16).expand(channels, 1, 4, 4).contiguous())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (1, k, h, w) to (1, k, h, w); h and w at least 2."""
        mirrored = functional.pad(x, (1, 0, 1, 0), mode="reflect")
        return functional.conv2d(mirrored, self.kernel, padding=1, groups=x.shape[1])


class Layer(nn.Module):
    """A convolution, ReLU and channel normalisation.

    Parameters
    ----------
    architecture : Architecture
        whose kind says which convolution.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.convolution = _convolution(architecture.kind, architecture.channels)
        self.norm = nn.BatchNorm2d(architecture.channels, track_running_stats=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (1, k, h, w) to (1, k, h, w), or to (1, k, 2h, 2w) by a transposed convolution."""
        normalised: torch.Tensor = self.norm(functional.relu_(self.convolution(x)))
        return normalised


class GeneratorNetwork(nn.Module):
    """Hidden layers, a 1x1 convolution to the channels of the image, and a sigmoid; no biases.

    Trainable parameters, with k channels, l hidden layers and c outputs: l (q k^2 + 2 k) + c k, where q is 1
    for fixed kernels, 9 for trainable 3x3 ones and 16 for transposed convolutions.

    Parameters
    ----------
    architecture : Architecture
        its constants.
    outputs : int
        channels of the image.
    """

    def __init__(self, architecture: Architecture, *, outputs: int) -> None:
        super().__init__()
        self.hidden = nn.Sequential(*(Layer(architecture) for _ in range(architecture.layers)))
        self.output = nn.Conv2d(architecture.channels, outputs, 1, bias=False)
        self.sigmoid = architecture.sigmoid

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Map the input (1, k, h, w) to an image of `Architecture.multiple` times the sides."""
        x: torch.Tensor = self.output(self.hidden(z))
        return torch.sigmoid(x) if self.sigmoid else x


def _convolution(kind: Kind, k: int) -> nn.Module:
    if kind == "fixed-kernel":
        return nn.Sequential(FixedKernel(k), nn.Conv2d(k, k, 1, bias=False))
    if kind == "trainable-3x3":
        return nn.Conv2d(k, k, 3, padding=1, padding_mode="reflect", bias=False)
    return nn.ConvTranspose2d(k, k, 4, stride=2, padding=1, bias=False)

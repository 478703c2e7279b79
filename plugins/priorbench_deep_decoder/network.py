"""The deep decoder: an image as an upsampled, rectified and normalised mixture of a few channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import nn
from torch.nn import functional

from priorbench.toolkit.bfloat16 import NARROW as NARROW
from priorbench.toolkit.bfloat16 import Precision, mix_rounded
from priorbench.toolkit.checks import at_least, one_of

Order = Literal["convolve-first", "upsample-first"]
Normalise = Literal["after-activation", "before-activation"]
Upsampling = Literal["bilinear", "nearest"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Architecture:
    """The constants of a decoder; `priorbench_deep_decoder.model.DeepDecoder` explains each."""

    channels: int = 128
    layers: int = 5
    order: Order = "upsample-first"
    normalise: Normalise = "after-activation"
    affine: bool = True
    upsampling: Upsampling = "bilinear"
    sigmoid: bool = True

    def __post_init__(self) -> None:
        at_least(1, channels=self.channels, layers=self.layers)
        one_of(get_args(Order), order=self.order)
        one_of(get_args(Normalise), normalise=self.normalise)
        one_of(get_args(Upsampling), upsampling=self.upsampling)

    @property
    def upsamples(self) -> tuple[bool, ...]:
        """Which of the ``layers + 1`` hidden layers upsample: all but the last, or all but the first.

        With U the upsampling, C_i the channel mixing and A activation and normalisation, the published
        networks are [U A C_i]^L followed by [A C_L] (convolve first) and [A C_0] followed by [A C_i U]^L
        (upsample first). C_i acts on channels and U on pixels, so C_i U = U C_i exactly: the two orders
        differ only in where the layer without upsampling stands. Mixing the smaller tensor costs a quarter.
        """
        if self.order == "convolve-first":
            return (True,) * self.layers + (False,)
        return (False,) + (True,) * self.layers


class Layer(nn.Module):
    """One hidden layer, B_(i+1) = cn(relu(U_i B_i C_i)) in the notation of Heckel & Soltanolkotabi 2020."""

    def __init__(self, architecture: Architecture, *, upsample: bool, precision: Precision) -> None:
        super().__init__()
        k = architecture.channels
        self.mix = nn.Linear(k, k, bias=False)
        self.norm = nn.BatchNorm2d(k, affine=architecture.affine, track_running_stats=False)
        self._upsample = upsample
        self._mix = _mixer(k, precision)
        self._upsampling = architecture.upsampling
        self._normalise_last = architecture.normalise == "after-activation"

    def forward(self, B: torch.Tensor) -> torch.Tensor:
        """Map (1, k, h, w) to (1, k, h, w), or to (1, k, 2h, 2w)."""
        B = self._mix(B, self.mix)
        if self._upsample:
            B = functional.interpolate(B, scale_factor=2, mode=self._upsampling)
        if self._normalise_last:
            normalised: torch.Tensor = self.norm(functional.relu_(B))
            return normalised
        return functional.relu_(self.norm(B))


class DecoderNetwork(nn.Module):
    """G(C): ``layers + 1`` hidden layers, a last mixing of the channels and a sigmoid.

    Trainable parameters, with k channels, L layers and c outputs: (L+1) k^2 + c k + 2 (L+1) k,
    the last term without `affine` missing.

    Parameters
    ----------
    architecture : Architecture
        its constants.
    outputs : int
        channels of the image.
    precision : {'float32', 'bfloat16'}, default 'float32'
        of the factors of products; those of a mixing into at most `NARROW` channels are float32.
    """

    def __init__(self, architecture: Architecture, *, outputs: int, precision: Precision = "float32") -> None:
        super().__init__()
        layers = (Layer(architecture, upsample=u, precision=precision) for u in architecture.upsamples)
        self.hidden = nn.Sequential(*layers)
        self.precision = precision
        self.output = nn.Linear(architecture.channels, outputs, bias=False)
        self._mix = _mixer(outputs, precision)
        self.architecture = architecture

    def forward(self, B: torch.Tensor) -> torch.Tensor:
        """Map the input (1, k, h, w), best in ``torch.channels_last``, to an image (1, c, 2^L h, 2^L w)."""
        x = self._mix(self.hidden(B), self.output)
        return torch.sigmoid(x) if self.architecture.sigmoid else x


def _mixer(outputs: int, precision: Precision) -> Callable[[torch.Tensor, nn.Linear], torch.Tensor]:
    """Return what mixes the channels into this many."""
    return mix_rounded if precision == "bfloat16" and outputs > NARROW else mix_channels


def mix_channels(B: torch.Tensor, C: nn.Linear) -> torch.Tensor:
    """Return B C, a 1x1 convolution; it keeps ``torch.channels_last``, in which nothing is copied."""
    return functional.conv2d(B, C.weight[:, :, None, None])

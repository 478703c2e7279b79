"""A deep decoder for signals of one dimension."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from priorbench.toolkit.checks import at_least
from priorbench.toolkit.initialisation import ScaleInit, build, stream


class Layer(nn.Module):
    """Linear upsampling to twice the length, channel mixing, ReLU and channel normalisation."""

    def __init__(self, k: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(k, k, 1, bias=False)
        self.norm = nn.BatchNorm1d(k, track_running_stats=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (1, k, n) to (1, k, 2n)."""
        x = functional.interpolate(x, scale_factor=2, mode="linear", align_corners=False)
        normalised: torch.Tensor = self.norm(functional.relu(self.mix(x)))
        return normalised


class LineDecoder(nn.Module):
    """Upsampling layers and a fixed mixing of the channels to one signal; no sigmoid.

    Upsampling has the weights 1/4 and 3/4 of the published code; the text's kernel is [1/2, 1, 1/2].

    Parameters
    ----------
    k : int
        channels.
    layers : int
        of `Layer`; each has a k x k matrix, which is trained, as are the normalisations.
    """

    def __init__(self, *, k: int, layers: int) -> None:
        super().__init__()
        self.hidden = nn.Sequential(*(Layer(k) for _ in range(layers)))
        self.output = nn.Conv1d(k, 1, 1, bias=False)
        self.output.weight.requires_grad_(False)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Map the input (1, k, n / 2^layers) to a signal (n,)."""
        signal: torch.Tensor = self.output(self.hidden(z))[0, 0]
        return signal


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A network and its fixed input.

    Attributes
    ----------
    network : LineDecoder
        in double precision, on the CPU.
    net_input : torch.Tensor
        (1, k, n / 2^layers).
    """

    network: LineDecoder
    net_input: torch.Tensor


def start(
    seed: int, *, n: int = 512, k: int = 64, layers: int = 4, scale_init: ScaleInit = "uniform"
) -> Begun:
    """Return the network of Fig. 7 before its first step, and its input U(0, 1), as a function of the seed.

    All channel mixings are normal with the variance 2 / (inputs + outputs) of the published code, also the
    last one, which that code first sets to +-1/sqrt(k) and then overwrites.

    Parameters
    ----------
    seed : int
        of weights and input.
    n, k, layers : int
        length of the signal, a multiple of 2^layers, channels, and upsampling layers.
    scale_init : {'uniform', 'one'}
        scale of the normalisations at the start: U(0, 1) as in the published runs, or 1.

    Raises
    ------
    ValueError
        A length that the upsamplings do not reach, or that leaves an input of one value.
    """
    at_least(1, n=n, k=k, layers=layers)
    coarse, rest = divmod(n, 2**layers)
    if rest or not coarse:
        raise ValueError(f"n must be a multiple of 2^layers = {2**layers}, not {n}")
    generator = stream(seed, "weights")
    network = build(lambda: LineDecoder(k=k, layers=layers), generator=generator, scale_init=scale_init)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv1d):
                outputs, inputs = module.weight.shape[:2]
                module.weight.normal_(0, (2 / (inputs + outputs)) ** 0.5, generator=generator)
    net_input = torch.rand((1, k, coarse), generator=stream(seed, "input"), dtype=torch.float64)
    return Begun(network=network.double(), net_input=net_input)

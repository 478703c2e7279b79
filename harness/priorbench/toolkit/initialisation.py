"""Reproducible weights and inputs: every number comes from a CPU generator, none from torch's global one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import torch
from torch import nn

ScaleInit = Literal["uniform", "one"]
Network = TypeVar("Network", bound=nn.Module)


def stream(seed: int, purpose: str) -> torch.Generator:
    """Return a CPU generator for one purpose; streams of other seeds or purposes are independent of it.

    Parameters
    ----------
    seed : int
        an observation's seed.
    purpose : str
        for example ``"weights"``; what is drawn for one purpose does not shift another.
    """
    digest = hashlib.sha256(f"{seed}:{purpose}".encode()).digest()
    return torch.Generator(device="cpu").manual_seed(int.from_bytes(digest[:8], "little"))


def build(make: Callable[[], Network], *, generator: torch.Generator, scale_init: ScaleInit) -> Network:
    """Make a network and draw its weights, leaving torch's global generator alone.

    Weights and biases of convolutions and linear maps are U(-b, b) with b = 1/sqrt(fan_in), torch's own
    default. The scale of a normalisation is drawn from U(0, 1) or is 1, its shift is 0.

    Parameters
    ----------
    make : callable
        makes the network, of ``nn.Conv2d``, ``nn.Linear``, ``nn.BatchNorm2d`` and what has no parameters.
    generator : torch.Generator
        a CPU generator; the weights are drawn in the order of ``network.modules()``.
    scale_init : {'uniform', 'one'}
        ``"uniform"`` was the default of the torch releases that the first papers on untrained networks used,
        ``"one"`` is today's.

    Returns
    -------
    Network
        The network, float32 on the CPU.

    Raises
    ------
    TypeError
        For a module with parameters, or buffers, that this function would leave undefined.
    """
    with torch.device("meta"):  # modules that draw nothing: their own start would use the global generator
        network = make()
    network = network.to_empty(device="cpu").float()
    with torch.no_grad():
        for module in network.modules():
            _initialise(module, generator, scale_init)
    return network


def uniform_input(shape: Sequence[int], *, scale: float, generator: torch.Generator) -> torch.Tensor:
    """Return a network's fixed input U(0, scale), (1, channels, height, width), float32 on the CPU."""
    return torch.rand(tuple(shape), generator=generator) * scale


def _initialise(module: nn.Module, generator: torch.Generator, scale_init: ScaleInit) -> None:
    if isinstance(module, nn.Conv2d | nn.Linear):
        bound = module.weight[0].numel() ** -0.5
        module.weight.uniform_(-bound, bound, generator=generator)
        if module.bias is not None:
            module.bias.uniform_(-bound, bound, generator=generator)
    elif isinstance(module, nn.BatchNorm2d) and not module.track_running_stats:
        if module.affine:
            module.bias.zero_()
            if scale_init == "uniform":
                module.weight.uniform_(0, 1, generator=generator)
            else:
                module.weight.fill_(1)
    elif [*module.parameters(recurse=False), *module.buffers(recurse=False)]:
        raise TypeError(f"no rule to initialise a {type(module).__name__}")

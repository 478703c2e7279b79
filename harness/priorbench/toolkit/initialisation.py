"""Reproducible weights and inputs: every number comes from a CPU generator, none from torch's global one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import torch
from torch import nn

ScaleInit = Literal["uniform", "one"]
Network = TypeVar("Network", bound=nn.Module)

_MAPS = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


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
    """Make a network and draw its weights, leaving torch's global generator as it was.

    Weights and biases of convolutions, transposed convolutions and linear maps are U(-b, b) with b =
    1/sqrt(fan_in), torch's own default. The scale of a normalisation is drawn from U(0, 1) or is 1, its shift
    is 0, its running statistics are those of no data. Other buffers are what `make` gave them.

    Parameters
    ----------
    make : callable
        makes the network, of convolutions and transposed convolutions in 1, 2 or 3 dimensions,
        ``nn.Linear``, ``nn.BatchNorm1d`` to ``3d``, and of what has no parameters. It may be called
        twice; what buffers draw from torch's global generator is a function of `generator`, too.
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
        For a module with parameters, or a tensor outside of them, that this function would leave undefined.
    """
    seed = _next_number(generator)
    network = _without_values(make)
    if network is None:
        network = _with_values(make, seed)
    for name, module in network.named_modules():
        _refuse_what_is_unknown(name, module)
    if any(True for _ in network.buffers()):
        network = _with_values(make, seed)
    elif any(parameter.is_meta for parameter in network.parameters()):
        network = network.to_empty(device="cpu")
    network = network.float()
    with torch.no_grad():
        for module in network.modules():
            _initialise(module, generator, scale_init)
    return network


def uniform_input(shape: Sequence[int], *, scale: float, generator: torch.Generator) -> torch.Tensor:
    """Return a network's fixed input U(0, scale), (1, channels, height, width), float32 on the CPU."""
    return torch.rand(tuple(shape), generator=generator) * scale


def _refuse_what_is_unknown(name: str, module: nn.Module) -> None:
    """Raise `TypeError` for a module that would keep a parameter or a tensor without a value."""
    own = {key for key, _ in module.named_parameters(recurse=False)}
    where = f"{type(module).__name__}{f' ({name})' if name else ''}"
    lazy = isinstance(module, nn.modules.lazy.LazyModuleMixin)
    if lazy or own - ({"weight", "bias"} if isinstance(module, (*_MAPS, *_NORMS)) else set()):
        raise TypeError(
            f"no rule to initialise a {where}: its parameters {', '.join(sorted(own))} would be undefined; "
            "use convolutions, nn.Linear and nn.BatchNorm, or draw the weights from the seed without `build`"
        )
    for key, value in vars(module).items():
        if isinstance(value, torch.Tensor) and value.is_meta:
            raise TypeError(
                f"no rule to initialise a {where}: '{key}' is a plain tensor, which does not move with the "
                f"network; call self.register_buffer('{key}', ...)"
            )


def _initialise(module: nn.Module, generator: torch.Generator, scale_init: ScaleInit) -> None:
    if isinstance(module, _MAPS):
        bound = module.weight[0].numel() ** -0.5
        module.weight.uniform_(-bound, bound, generator=generator)
        if module.bias is not None:
            module.bias.uniform_(-bound, bound, generator=generator)
    elif isinstance(module, _NORMS) and module.affine:
        module.bias.zero_()
        if scale_init == "uniform":
            module.weight.uniform_(0, 1, generator=generator)
        else:
            module.weight.fill_(1)


def _next_number(generator: torch.Generator) -> int:
    """Return a number that depends on the generator, which stays where it is."""
    beside = torch.Generator(device="cpu").manual_seed(0)
    beside.set_state(generator.get_state())
    return int(torch.randint(2**62, (), generator=beside))


def _without_values(make: Callable[[], Network]) -> Network | None:
    """Make the network of modules that draw nothing, or None where making it needs the values of tensors."""
    try:
        with torch.device("meta"):
            return make()
    except Exception:  # of any kind; if it is no matter of values, it comes again in `_with_values`
        return None


def _with_values(make: Callable[[], Network], seed: int) -> Network:
    """Make the network as it is; torch's global generator, seeded for it, is put back afterwards."""
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.default_generator.manual_seed(seed)
        return make()

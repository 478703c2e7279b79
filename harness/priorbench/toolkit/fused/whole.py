"""A network with a gradient written by hand, as one node of torch's graph."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import nn

from priorbench.toolkit.fused.layers import Gradients


class WholeNetwork(Protocol):
    """Computes a network's output and, from the gradient of the output, that of the parameters."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Return the image (1, outputs, height, width); keeps what `backward` needs."""
        ...

    def backward(self, gradient: torch.Tensor) -> Gradients:
        """Return the parameters' gradients for the last `forward`; those that are zero may be missing."""
        ...


class Fused(nn.Module):
    """A network with the parameters of `network`, computed by `engine`; once differentiable.

    Parameters
    ----------
    network : nn.Module
        owns the parameters.
    engine : WholeNetwork
        computes the same function.
    """

    has_team = True

    def __init__(self, network: nn.Module, engine: WholeNetwork) -> None:
        super().__init__()
        self.network = network
        self._engine = engine
        self._runs = [0]
        self._trained = tuple(network.parameters())  # to look for them takes time

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Map the input, which gets no gradient, to an image."""
        if z.requires_grad:
            raise ValueError("a fused network gives no gradient of its input: use engine='plain'")
        image: torch.Tensor = _Whole.apply(  # type: ignore[no-untyped-call]
            self._engine, self._runs, z, *self._trained
        )
        return image


class _Whole(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, engine: WholeNetwork, runs: list[int], z: torch.Tensor, *parameters: nn.Parameter
    ) -> Any:
        runs[0] += 1
        ctx.engine, ctx.runs, ctx.run, ctx.parameters = engine, runs, runs[0], parameters
        return engine.forward(z)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        if ctx.run != ctx.runs[0]:
            raise RuntimeError(
                "a fused network keeps only its last run, and it ran again before this backward"
            )
        ctx.runs[0] += 1  # what backward used up cannot be used twice
        gradients = ctx.engine.backward(gradient)
        return None, None, None, *(gradients.get(parameter) for parameter in ctx.parameters)

"""The fused decoder as a module: the parameters are the plain network's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from priorbench_deep_decoder.engine.program import Program, Weights
from priorbench_deep_decoder.network import Architecture, DecoderNetwork


class FusedDecoder(nn.Module):
    """A `DecoderNetwork` computed by the engine wherever that can, and by itself elsewhere.

    Parameters
    ----------
    network : holds the parameters; both ways of computing share them.
    """

    def __init__(self, network: DecoderNetwork) -> None:
        super().__init__()
        self.network = network
        self._memory: _Memory | None = None
        self._parameters_in_order = tuple(network.parameters())

    def forward(self, B: torch.Tensor) -> torch.Tensor:
        """Map the input as ``network`` does."""
        if not _takes(B, self._parameters_in_order):
            plain: torch.Tensor = self.network(B)
            return plain
        key = (B.shape[2], B.shape[3], B.dtype, torch.get_num_threads())
        if self._memory is None or self._memory.key != key:
            self._memory = _Memory(self.network.architecture, *key)
        x: torch.Tensor = _Decode.apply(  # type: ignore[no-untyped-call]
            self._memory, B, *self._parameters_in_order
        )
        return torch.sigmoid(x) if self.network.architecture.sigmoid else x


class _Memory:
    """A program, and whose intermediate values its memory holds."""

    def __init__(
        self, architecture: Architecture, height: int, width: int, dtype: torch.dtype, threads: int
    ) -> None:
        self.key = (height, width, dtype, threads)
        self.affine = architecture.affine
        self.repeat = 2**architecture.layers if architecture.upsampling == "nearest" else 1
        self.program = Program(architecture, height, width, dtype, threads)
        self.holder: object = None

    def forward(self, holder: object, B: torch.Tensor, parameters: Sequence[torch.Tensor]) -> torch.Tensor:
        self.holder = holder
        program = self.program
        x = torch.from_numpy(program.forward(_matrix(B), *self._weights(parameters)))
        image = x.view(1, program.height, program.width, -1).movedim(-1, 1)
        return functional.interpolate(image, scale_factor=self.repeat) if self.repeat > 1 else image

    def backward(
        self, holder: object, B: torch.Tensor, parameters: Sequence[torch.Tensor], gradient: torch.Tensor
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        if self.holder is not holder:  # another forward pass has used the memory since
            self.forward(holder, B, parameters)
        self.holder = None
        if self.repeat > 1:
            gradient = functional.avg_pool2d(gradient, self.repeat, divisor_override=1)
        d, found = self.program.backward(_matrix(B), *self._weights(parameters), _matrix(gradient))
        if not self.affine:
            found = found[::3]
        return torch.from_numpy(d), [torch.from_numpy(g).to(B.dtype) for g in found]

    def _weights(self, parameters: Sequence[torch.Tensor]) -> tuple[list[Weights], Any]:
        *own, output = (p.detach().numpy() for p in parameters)
        if self.affine:
            return [Weights(*own[i : i + 3]) for i in range(0, len(own), 3)], output
        one, none = np.ones_like(own[0][0]), np.zeros_like(own[0][0])
        return [Weights(mix, one, none) for mix in own], output


class _Decode(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, memory: _Memory, B: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        ctx.memory = memory
        ctx.save_for_backward(B, *parameters)
        return memory.forward(ctx, B, parameters)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        B, *parameters = ctx.saved_tensors
        d, gradients = ctx.memory.backward(ctx, B, parameters, gradient)
        d_input = None
        if ctx.needs_input_grad[1]:
            d_input = (d @ parameters[0]).view(1, *B.shape[2:], -1).movedim(-1, 1)
        return None, d_input, *gradients


def _matrix(image: torch.Tensor) -> Any:
    """Return (1, c, h, w) as a contiguous array (pixels, c): a view of ``torch.channels_last``."""
    return image.detach()[0].movedim(0, -1).reshape(-1, image.shape[1]).contiguous().numpy()


def _takes(B: torch.Tensor, parameters: Sequence[torch.Tensor]) -> bool:
    """Say whether the engine computes this case: one image on the CPU, all of one precision."""
    return (
        B.device.type == "cpu"
        and B.shape[0] == 1
        and B.dtype in (torch.float32, torch.float64)
        and all(p.dtype == B.dtype and p.device == B.device for p in parameters)
    )

# mypy: allow-untyped-calls
"""The fused decoder as a module: the parameters are the plain network's own."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from priorbench.toolkit.threads import allowed_threads
from priorbench_deep_decoder.engine.program import Program
from priorbench_deep_decoder.network import DecoderNetwork


class FusedDecoder(nn.Module):
    """A `DecoderNetwork` computed by the engine wherever that can, and by itself elsewhere.

    Its parameters are one tensor, so that an optimiser has one update to do and not one for each layer.

    Parameters
    ----------
    network : DecoderNetwork
        its parameters become parts of this module's.

    Attributes
    ----------
    theta : nn.Parameter
        all parameters one after the other, (number of parameters,).
    """

    has_team = True

    def __init__(self, network: DecoderNetwork) -> None:
        super().__init__()
        parameters = dict(network.named_parameters())
        self.theta = nn.Parameter(torch.cat([p.detach().flatten() for p in parameters.values()]))
        self._shapes = {name: p.shape for name, p in parameters.items()}
        for parameter, part in zip(parameters.values(), self.parts(self.theta.detach()), strict=True):
            parameter.data = part
        self._network = (network,)  # not a submodule: its parameters are parts of theta
        self._memory: _Memory | None = None

    def parts(self, flat: torch.Tensor) -> list[torch.Tensor]:
        """Cut a tensor like `theta` into views like the network's parameters, in their order."""
        pieces = flat.split([shape.numel() for shape in self._shapes.values()])
        return [piece.view(shape) for piece, shape in zip(pieces, self._shapes.values(), strict=True)]

    def forward(self, B: torch.Tensor) -> torch.Tensor:
        """Map the input as the network does."""
        (network,) = self._network
        if not _takes(B, self.theta, network):
            parts = dict(zip(self._shapes, self.parts(self.theta), strict=True))
            plain: torch.Tensor = torch.func.functional_call(network, parts, (B,))
            return plain
        key = (B.shape[2], B.shape[3], B.dtype, allowed_threads())
        if self._memory is None or self._memory.key != key:
            self._memory = _Memory(network, key)
        image: torch.Tensor = _Decode.apply(self._memory, B, self.theta)
        return image


class _Memory:
    """A program, and whose intermediate values its memory holds."""

    def __init__(self, network: DecoderNetwork, key: tuple[int, int, torch.dtype, int]) -> None:
        architecture = network.architecture
        self.key = key  # height and width of the input, precision, threads
        self.repeat = 2**architecture.layers if architecture.upsampling == "nearest" else 1
        self.sigmoid = architecture.sigmoid
        rounded = network.precision == "bfloat16"
        self.program = Program(architecture, network.output.out_features, *key, bfloat16=rounded)
        self.holder: object = None

    def forward(self, holder: object, B: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
        self.holder = holder
        program = self.program
        planes = torch.from_numpy(program.forward(_matrix(B), theta.detach().numpy()))
        image = planes.view(1, -1, program.height, program.width)
        if self.sigmoid:
            image.sigmoid_()
        return functional.interpolate(image, scale_factor=self.repeat) if self.repeat > 1 else image

    def backward(
        self,
        holder: object,
        B: torch.Tensor,
        theta: torch.Tensor,
        image: torch.Tensor,
        gradient: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return dL/d(first Z) (pixels, k) and dL/dtheta, from an image and its gradient."""
        if self.holder is not holder:  # another forward pass has used the memory since
            self.forward(holder, B, theta)
        self.holder = None
        if self.sigmoid:
            gradient = torch.ops.aten.sigmoid_backward(gradient, image)
        if self.repeat > 1:
            gradient = functional.avg_pool2d(gradient, self.repeat, divisor_override=1)
        planes = gradient.detach().contiguous().view(gradient.shape[1], -1).numpy()
        d, d_theta = self.program.backward(_matrix(B), theta.detach().numpy(), planes)
        return torch.from_numpy(d), torch.from_numpy(d_theta)


class _Decode(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, memory: _Memory, B: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
        # not ctx itself: memory and ctx would hold each other, and the threads, until garbage is collected
        ctx.memory, ctx.holder = memory, object()
        image = memory.forward(ctx.holder, B, theta)
        ctx.save_for_backward(B, theta, image)
        return image

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        B, theta, image = ctx.saved_tensors
        d, d_theta = ctx.memory.backward(ctx.holder, B, theta, image, gradient)
        d_input = None
        if ctx.needs_input_grad[1]:
            k = B.shape[1]
            first = theta[: k * k].view(k, k)
            d_input = (d @ first).view(1, *B.shape[2:], k).movedim(-1, 1)
        return None, d_input, d_theta


def _matrix(image: torch.Tensor) -> Any:
    """Return (1, c, h, w) as a contiguous array (pixels, c): a view of ``torch.channels_last``."""
    return image.detach()[0].movedim(0, -1).reshape(-1, image.shape[1]).contiguous().numpy()


def _takes(B: torch.Tensor, theta: torch.Tensor, network: DecoderNetwork) -> bool:
    """Say whether the engine computes this case: one image on the CPU, all of one precision."""
    taken = (torch.float32,) if network.precision == "bfloat16" else (torch.float32, torch.float64)
    return (
        B.device.type == theta.device.type == "cpu"
        and B.shape[0] == 1
        and B.dtype == theta.dtype
        and B.dtype in taken
    )

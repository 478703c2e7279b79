"""Products of torch tensors that are rounded to bfloat16 first, with float32 sums and a float32 result."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import nn

#: how a method's products are computed; `priorbench.machine.arithmetic` says which machines can
Precision = Literal["float32", "bfloat16"]


def mix_rounded(B: torch.Tensor, C: nn.Linear) -> torch.Tensor:
    """Return B C, a 1x1 convolution; factors are rounded, here and in the gradients. B is (1, k, h, w)."""
    _, k, height, width = B.shape
    rows = B.permute(0, 2, 3, 1).reshape(-1, k)
    mixed: torch.Tensor = _Product.apply(rows, C.weight)  # type: ignore[no-untyped-call]
    return mixed.view(1, height, width, -1).permute(0, 3, 1, 2)


def times(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return a b in float32, of matrices in bfloat16 or of stacks of them, where torch has that product.

    Raises
    ------
    RuntimeError
        On a device for which torch would round the result to bfloat16.
    """
    if a.device.type != "cuda":
        raise RuntimeError(f"torch has no product of bfloat16 with a float32 result on {a.device}")
    multiply: Any = torch.mm if a.ndim == 2 else torch.bmm
    found: torch.Tensor = multiply(a, b, out_dtype=torch.float32)
    return found


class _Product(torch.autograd.Function):
    """x weight^T."""

    @staticmethod
    def forward(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return times(x.bfloat16(), weight.bfloat16().mT)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor, torch.Tensor], output: torch.Tensor) -> None:
        x, weight = inputs
        ctx.save_for_backward(x.bfloat16(), weight.bfloat16())

    @staticmethod
    def backward(ctx: Any, d: torch.Tensor) -> Any:
        x, weight = ctx.saved_tensors
        rounded = d.bfloat16()
        to_x, to_weight = ctx.needs_input_grad
        return (
            times(rounded, weight) if to_x else None,
            times(rounded.mT, x) if to_weight else None,
        )

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, int | None], x: torch.Tensor, weight: torch.Tensor) -> Any:
        """Do the products of a stack at once."""
        stacks = [
            one.movedim(dim, 0) if dim is not None else one.expand(info.batch_size, *one.shape)
            for one, dim in zip((x, weight), in_dims, strict=True)
        ]
        return _Product.apply(*stacks), 0  # type: ignore[no-untyped-call]

"""Products and convolutions of torch tensors that are rounded to bfloat16 first; results are float32.

A convolution is a product of what its taps see, laid out pixel by pixel, and its weight. torch's own one in
bfloat16 would round its result, too. One product for each tap, added in float32, would read and write the
result for each of them; laid out in bfloat16, nine taps take half of that traffic, and sums stay in the
hardware. Large pictures are laid out in bands.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional

#: how a method's products are computed; `priorbench.machine.arithmetic` says which machines can
Precision = Literal["float32", "bfloat16"]
#: what mixes or convolves into so few channels is never rounded; fused engines do not do it in blocks
NARROW = 8
#: numbers that are laid out at once, about
_BAND = 1 << 26


def mix_rounded(B: torch.Tensor, C: nn.Linear) -> torch.Tensor:
    """Return B C, a 1x1 convolution; factors are rounded, here and in the gradients. B is (1, k, h, w)."""
    return _convolution(B, C.weight[:, :, None, None], 1)


def convolver(outputs: int, precision: Precision) -> Callable[[torch.Tensor, nn.Conv2d], torch.Tensor]:
    """Return what computes a convolution into this many channels, from its input and the layer."""
    return convolve_rounded if precision == "bfloat16" and outputs > NARROW else convolve


def convolve(x: torch.Tensor, conv: nn.Conv2d) -> torch.Tensor:
    """Return what the layer itself makes of x."""
    y: torch.Tensor = conv(x)
    return y


def convolve_rounded(x: torch.Tensor, conv: nn.Conv2d) -> torch.Tensor:
    """Return conv(x) with factors that are rounded, here and in the gradients; the bias is not.

    Parameters
    ----------
    x : torch.Tensor
        (1, inputs, h, w).
    conv : nn.Conv2d
        of one stride, padded alike on all sides by a number of zeros or reflections.
    """
    edge, (stride, _) = conv.padding[0], conv.stride
    assert isinstance(edge, int)
    if edge:
        mode = "reflect" if conv.padding_mode == "reflect" else "constant"
        x = functional.pad(x, (edge,) * 4, mode=mode)
    y = _convolution(x, conv.weight, stride)
    return y if conv.bias is None else y + conv.bias[:, None, None]


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


def _convolution(x: torch.Tensor, weight: torch.Tensor, stride: int) -> torch.Tensor:
    """Return the convolution of x (1, inputs, h, w), which is not padded."""
    pixels: torch.Tensor = _Convolution.apply(  # type: ignore[no-untyped-call]
        x[0].permute(1, 2, 0), weight, stride
    )
    size = _size(x.shape[2:], weight.shape[2:], stride)
    # Not `[None]` at the end: its stride is no image's, and torch then gives wrong gradients, silently, to an
    # activation in place that is followed by a normalisation.
    return pixels.view(1, *size, len(weight)).permute(0, 3, 1, 2)


class _Convolution(torch.autograd.Function):
    """(h, w, inputs) and a weight (outputs, inputs, k, l) to (pixels, outputs); or stacks of all these."""

    @staticmethod
    def forward(x: torch.Tensor, weight: torch.Tensor, stride: int) -> torch.Tensor:
        return _sums(_rounded(x), weight.bfloat16(), stride)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor, torch.Tensor, int], output: torch.Tensor) -> None:
        x, weight, ctx.stride = inputs
        ctx.save_for_backward(_rounded(x), weight.bfloat16())

    @staticmethod
    def backward(ctx: Any, d: torch.Tensor) -> Any:
        x, weight = ctx.saved_tensors
        rounded = _rounded(d)
        to_x, to_weight, _ = ctx.needs_input_grad
        return (
            _to_input(rounded, weight, ctx.stride, x.shape) if to_x else None,
            _to_weight(rounded, x, weight.shape[-2:], ctx.stride) if to_weight else None,
            None,
        )

    @staticmethod
    def vmap(
        info: Any, in_dims: Sequence[int | None], x: torch.Tensor, weight: torch.Tensor, stride: int
    ) -> Any:
        """Do those of a stack at once."""
        stacks = [
            one.movedim(dim, 0) if dim is not None else one.expand(info.batch_size, *one.shape)
            for one, dim in zip((x, weight), in_dims[:2], strict=True)
        ]
        return _Convolution.apply(*stacks, stride), 0  # type: ignore[no-untyped-call]


def _rounded(x: torch.Tensor) -> torch.Tensor:
    return x.to(torch.bfloat16, memory_format=torch.contiguous_format)


def _size(size: Sequence[int], taps: Sequence[int], stride: int) -> list[int]:
    """Return height and width of a convolution's result."""
    return [(one - tap) // stride + 1 for one, tap in zip(size, taps, strict=True)]


def _bands(x: torch.Tensor, taps: Sequence[int], stride: int) -> Iterator[torch.Tensor]:
    """Yield what the taps of a convolution see of x (h, w, inputs) in some of its pixels, row by row.

    That is (pixels, taps inputs): for each pixel one tap after the other.
    """
    down, across = _size(x.shape[-3:-1], taps, stride)
    step = max(1, _BAND // (x[..., 0, 0, :].numel() * across * taps[0] * taps[1]))
    for begin in range(0, down, step):
        first, last = stride * begin, stride * (min(begin + step, down) - 1) + 1
        seen = [
            x[..., a + first : a + last : stride, b : b + stride * (across - 1) + 1 : stride, :]
            for a, b in itertools.product(*map(range, taps))
        ]
        laid_out = seen[0] if len(seen) == 1 else torch.cat(seen, -1)
        yield laid_out.flatten(-3, -2)


def _sums(x: torch.Tensor, weight: torch.Tensor, stride: int) -> torch.Tensor:
    """Return the convolution (pixels, outputs) of rounded factors."""
    matrix = weight.movedim((-2, -1, -3, -4), (-4, -3, -2, -1)).flatten(-4, -2)
    found = [times(rows, matrix) for rows in _bands(x, weight.shape[-2:], stride)]
    return found[0] if len(found) == 1 else torch.cat(found, -2)


def _to_weight(d: torch.Tensor, x: torch.Tensor, taps: Sequence[int], stride: int) -> torch.Tensor:
    """Return the gradient of the weight, from that of the result (pixels, outputs)."""
    total, begin = None, 0
    for rows in _bands(x, taps, stride):
        end = begin + rows.shape[-2]
        part = times(d[..., begin:end, :].mT, rows)
        total, begin = part if total is None else total + part, end
    assert total is not None
    return total.view(*total.shape[:-1], *taps, -1).movedim(-1, -3)


def _to_input(d: torch.Tensor, weight: torch.Tensor, stride: int, shape: Sequence[int]) -> torch.Tensor:
    """Return the gradient of the input, which has this shape, from that of the result (pixels, outputs).

    The taps a, a + stride, ... see every stride-th row of it from the a-th on, and no others do; columns
    likewise. So it is a convolution of d for each pair of an a and a b.
    """
    taps = weight.shape[-2:]
    down, across = _size(shape[-3:-1], taps, stride)
    image = d.view(*d.shape[:-2], down, across, -1)
    dx = None
    for a, b in itertools.product(*(range(min(stride, tap)) for tap in taps)):
        own = weight[..., a::stride, b::stride].flip(-1, -2).transpose(-3, -4)
        below, beside = (tap - 1 for tap in own.shape[-2:])
        found = _sums(functional.pad(image, (0, 0, beside, beside, below, below)), own, 1)
        if stride == 1:
            return found.view(shape)
        dx = found.new_zeros(shape) if dx is None else dx
        seen = dx[..., a::stride, b::stride, :][..., : down + below, : across + beside, :]
        seen.copy_(found.view(seen.shape))
    assert dx is not None
    return dx

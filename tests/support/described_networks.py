"""Networks written from their published description in elementary operations, as references."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

Size = tuple[int, int]


def channel_norm(x: torch.Tensor, weights: Iterator[torch.Tensor]) -> torch.Tensor:
    gamma, beta = next(weights), next(weights)
    centred = x - x.mean((2, 3), keepdim=True)
    variance = centred.square().mean((2, 3), keepdim=True)
    return centred / (variance + 1e-5).sqrt() * gamma[:, None, None] + beta[:, None, None]


def skip_network(a: Any, z: torch.Tensor, weights: Iterator[torch.Tensor]) -> torch.Tensor:
    """The hourglass from its description, consuming the weights in the order skip, down, deeper, merge."""

    def conv(x, *, stride=1):
        weight, bias = next(weights), next(weights)
        p = weight.shape[-1] // 2
        if p:
            x = F.pad(x, (p, p, p, p), mode="reflect" if a.padding == "reflection" else "constant")
        return F.conv2d(x, weight, bias, stride=stride)

    def stage(x, *, stride=1):
        x = channel_norm(conv(x, stride=stride), weights)
        return torch.maximum(x, a.negative_slope * x)

    def scale(x, remaining):
        skip = stage(x) if a.skip_channels else None
        x = stage(stage(x, stride=2))
        if remaining:
            x = scale(x, remaining - 1)
        align = {"align_corners": False} if a.upsampling == "bilinear" else {}
        x = F.interpolate(x, scale_factor=2, mode=a.upsampling, **align)
        x = x if skip is None else torch.cat([skip, x], 1)
        return stage(stage(channel_norm(x, weights)))

    return torch.sigmoid(conv(scale(z, a.scales - 1)))


def conv_decoder(sizes: list[Size], z: torch.Tensor, weights: Iterator[torch.Tensor]) -> torch.Tensor:
    """Nearest upsampling, 3x3 convolution, ReLU, normalisation; again without upsampling; 1x1 convolution."""
    for size in [*sizes, None]:
        if size is not None:
            rows, columns = (torch.arange(n) * m // n for n, m in zip(size, z.shape[2:], strict=True))
            z = z[:, :, rows][:, :, :, columns]
        z = F.conv2d(F.pad(z, (1, 1, 1, 1)), next(weights), next(weights))
        z = channel_norm(z.clamp(min=0), weights)
    weight, bias = next(weights), next(weights)
    return torch.einsum("oc,bchw->bohw", weight[:, :, 0, 0], z) + bias[:, None, None]

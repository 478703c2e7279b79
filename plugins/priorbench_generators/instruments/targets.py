"""The targets of the paper's figures, as tensors: an image, and what has no structure."""

from __future__ import annotations

from typing import Literal, get_args

import torch

from priorbench.toolkit.checks import one_of
from priorbench.toolkit.initialisation import stream
from priorbench_generators.instruments.sensitivity import of_norm

Target = Literal["phantom", "noise", "noise-of-equal-norm", "gaussian-of-equal-norm", "checkerboard"]


def target(name: Target, *, size: int, seed: int) -> torch.Tensor:
    """Return a grey target, float32 (1, size, size).

    Parameters
    ----------
    name : {'phantom', 'noise', 'noise-of-equal-norm', 'gaussian-of-equal-norm', 'checkerboard'}
        the palette phantom of the published code; U(0, 1), as in Figs. 4 and 8; the same with the phantom's
        norm, as coded in Figs. 1 and 12; N(0, 1) with that norm, as their text says; alternating pixels.
    size : int
        height and width.
    seed : int
        of noise.
    """
    from priorbench_images.computed.checkerboard import Checkerboard
    from priorbench_images.phantom import Phantom

    one_of(get_args(Target), name=name)
    if name == "checkerboard":
        return torch.from_numpy(Checkerboard(size=size).load(f"checkerboard-{size}-1").pixels)
    phantom = torch.from_numpy(Phantom(size=size).load(f"shepp-logan-palette-{size}").pixels)
    if name == "phantom":
        return phantom
    generator = stream(seed, "target")
    if name == "gaussian-of-equal-norm":
        noise = torch.randn((1, size, size), generator=generator)
    else:
        noise = torch.rand((1, size, size), generator=generator)
    return noise if name == "noise" else of_norm(noise, float(phantom.double().norm()))

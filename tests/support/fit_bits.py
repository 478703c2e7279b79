"""Prints digests of fits' first iterates: ``python fit_bits.py NAME ...``, for a process of its own.

What is fitted is drawn with integers, so that the picture has the same bits everywhere.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import struct
import sys
from dataclasses import dataclass, field
from typing import Any

import torch

from priorbench import Observation
from priorbench_conv_decoder.model import ConvDecoder
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_dip.model import DeepImagePrior


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A picture's channels and sizes, a network, and whose iterates are looked at."""

    channels: int
    height: int
    width: int
    how: dict[str, Any] = field(default_factory=dict)
    iterations: int = 12
    method: Any = DeepDecoder


FITS = {
    "128 channels, colour": Fit(channels=3, height=37, width=50),
    "128 channels, grey": Fit(channels=1, height=50, width=37),
    "512 channels": Fit(channels=3, height=24, width=40, how={"channels": 512}, iterations=6),
    "20 channels": Fit(channels=3, height=64, width=64, how={"channels": 20}),
    "before the activation": Fit(
        channels=3, height=37, width=50, how={"channels": 37, "normalise": "before-activation"}
    ),
    "nearest, convolve first": Fit(
        channels=2,
        height=32,
        width=48,
        how={"channels": 40, "upsampling": "nearest", "order": "convolve-first"},
    ),
    "DIP": Fit(channels=3, height=64, width=96, iterations=4, method=DeepImagePrior),
    "DIP, large": Fit(channels=3, height=128, width=160, iterations=2, method=DeepImagePrior),
    "DIP, other layers": Fit(
        channels=1,
        height=37,
        width=50,
        how={"channels": 21, "scales": 3, "kernel": 5, "upsampling": "nearest", "padding": "zero"},
        method=DeepImagePrior,
    ),
    "DIP without skips, averaged": Fit(
        channels=3,
        height=32,
        width=48,
        how={"channels": 40, "scales": 3, "skip_channels": 0, "averaging": 0.9},
        method=DeepImagePrior,
    ),
    "ConvDecoder": Fit(channels=3, height=40, width=64, iterations=4, method=ConvDecoder),
    "ConvDecoder, other sizes": Fit(
        channels=1, height=37, width=50, how={"channels": 21, "layers": 4}, method=ConvDecoder
    ),
}


def bits_of(fit: Fit, *, threads: int) -> str:
    """Return a digest of all outputs and losses."""
    torch.set_num_threads(threads)
    generator = torch.Generator().manual_seed(3)
    levels = torch.randint(256, (fit.channels, fit.height, fit.width), generator=generator)
    noisy = Observation(image=levels.float() / 255, noise=None, device=torch.device("cpu"), seed=5)
    digest = hashlib.sha256()
    for step in itertools.islice(fit.method(engine="fused", **fit.how).iterate(noisy), fit.iterations):
        digest.update(step.output.numpy().tobytes())
        digest.update(struct.pack("<f", step.loss))
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    print(json.dumps({name: bits_of(FITS[name], threads=1) for name in sys.argv[1:]}))

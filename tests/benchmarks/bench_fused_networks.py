"""One iteration of DIP and of ConvDecoder, and the memory that it takes: both engines, three sizes.

An iteration is what the harness waits for between two iterates: forward, loss, backward, Adam.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from priorbench import Iterate, Observation
from priorbench_conv_decoder.model import ConvDecoder
from priorbench_dip.model import DeepImagePrior

METHODS = {"dip": DeepImagePrior, "conv-decoder": ConvDecoder}


def iterates(method: str, size: int, engine: str) -> Iterator[Iterate]:
    """Return a fit to a random image that has been warmed up by two iterations."""
    image = torch.rand(3, size, size, generator=torch.Generator().manual_seed(0))
    observation = Observation(image=image, noise=None, device=torch.device("cpu"))
    fit = METHODS[method](engine=engine).iterate(observation)
    next(fit), next(fit)
    return fit


class Fit:
    """A running fit."""

    params = (("dip", "conv-decoder"), (64, 128, 256), ("plain", "fused"))
    param_names = ("method", "size", "engine")
    timeout = 300

    def setup(self, method: str, size: int, engine: str) -> None:
        """Begin; kernels are compiled here."""
        self.fit = iterates(method, size, engine)

    def time_iteration(self, method: str, size: int, engine: str) -> None:
        """Seconds for one iteration."""
        next(self.fit)

    def peakmem_iteration(self, method: str, size: int, engine: str) -> None:
        """Resident memory of the process at its largest: the interpreter and torch are part of it."""
        next(self.fit)

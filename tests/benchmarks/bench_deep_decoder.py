"""One iteration and peak memory of the deep decoder, for each size and way of computing it."""

from __future__ import annotations

import itertools
import sys

import torch

from priorbench import Observation
from priorbench_deep_decoder.model import DeepDecoder

NETWORKS = {
    "under": {"channels": 128},
    "over": {"channels": 512, "order": "convolve-first", "normalise": "before-activation"},
}
SIZES = (64, 128, 256)
ENGINES = ("plain", "fused")


def _observation(size: int) -> Observation:
    image = torch.rand(3, size, size, generator=torch.Generator().manual_seed(0))
    return Observation(image=image, noise=None, device=torch.device("cpu"))


class Iteration:
    """Forward pass, loss, backward pass and Adam; compiling and allocating are done before."""

    params = (list(NETWORKS), SIZES, ENGINES)
    param_names = ("network", "size", "engine")
    number, rounds, timeout = 1, 2, 300
    repeat = (6, 20, 10.0)

    def setup(self, network: str, size: int, engine: str) -> None:
        """Start a fit."""
        method = DeepDecoder(engine=engine, **NETWORKS[network])
        self.iterates = method.iterate(_observation(size))
        for _ in itertools.islice(self.iterates, 3):
            pass

    def time_iteration(self, network: str, size: int, engine: str) -> None:
        """One step of the fit."""
        next(self.iterates)


class Memory:
    """Peak resident memory of the process: compare with the reference, which only imports."""

    params = (list(NETWORKS), SIZES, ENGINES)
    param_names = ("network", "size", "engine")
    timeout = 300

    def peakmem_fit(self, network: str, size: int, engine: str) -> None:
        """Three steps of a fit."""
        method = DeepDecoder(engine=engine, **NETWORKS[network])
        for _ in itertools.islice(method.iterate(_observation(size)), 3):
            pass

    def peakmem_reference(self, network: str, size: int, engine: str) -> None:
        """What is there without a fit, the engine's compiler included."""
        if engine == "fused":
            import priorbench_deep_decoder.engine.function

            assert priorbench_deep_decoder.engine.function.__name__ in sys.modules
        _observation(size)

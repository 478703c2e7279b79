"""Methods that hold, exhaust or examine a device, as a plugin in one file."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from priorbench import DenoiserSpec, Observation, hookimpl

#: bytes that `gpu-holds` has at once
HELD = 256 * 2**20


@hookimpl
def priorbench_denoisers() -> Iterator[DenoiserSpec]:
    """Yield them."""
    for name, factory in (("gpu-holds", "Holds"), ("gpu-exhausts", "Exhausts"), ("gpu-exact", "Exact")):
        yield DenoiserSpec(name=name, factory=f"{__name__}:{factory}", summary=name, devices="any")


class Holds:
    """Has some memory of the device for a moment."""

    def denoise(self, observation: Observation) -> torch.Tensor:
        """Return the noisy image."""
        held = torch.ones(HELD, dtype=torch.uint8, device=observation.device)
        return observation.image + 0 * held[0]


class Exhausts:
    """Asks for more memory than any device has."""

    def denoise(self, observation: Observation) -> torch.Tensor:
        """Return nothing: there is not so much."""
        return torch.ones(2**46, dtype=torch.uint8, device=observation.device)


class Exact:
    """Multiplies matrices, and raises where that is less exact than float32."""

    def denoise(self, observation: Observation) -> torch.Tensor:
        """Return the noisy image."""
        generator = torch.Generator().manual_seed(0)
        one, other = (torch.rand(512, 512, generator=generator).to(observation.device) for _ in range(2))
        product, exact = (one @ other).double(), one.double() @ other.double()
        error = float(((product - exact).abs() / exact).max())
        if error > 2e-5 or torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32:
            raise RuntimeError(f"a product has a relative error of {error:.1e}: TF32 is on")
        return observation.image

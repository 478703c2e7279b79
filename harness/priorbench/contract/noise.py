"""Noise models: see `priorbench.contract.noise.NoiseModel`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from priorbench.contract.observation import NoiseDescriptor


class NoiseModel(Protocol):
    """Draws noise and says what a method may know of it."""

    def corrupt(self, clean: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the noisy image, float64, shaped like `clean` (channels, height, width)."""
        ...

    def describe(self, noisy: NDArray[np.float64]) -> NoiseDescriptor:
        """Return the descriptor; it may look at the noisy image, never at the clean one."""
        ...

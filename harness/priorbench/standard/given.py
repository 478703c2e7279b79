"""Noise that nobody draws: the image set brings the noisy picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from priorbench.contract.noise import NoiseDescriptor
from priorbench.errors import PriorbenchError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Given:
    """Real noise: y is the noisy picture of an image set that brings one."""

    def corrupt(self, clean: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Refuse: nothing is drawn."""
        raise PriorbenchError(
            "noise 'given' is not drawn: it needs an image set that brings noisy pictures, such as "
            "pairs:noisy=DIR,clean=DIR"
        )

    def describe(self, noisy: NDArray[np.float64]) -> NoiseDescriptor:
        """Return the descriptor where nothing is known of the noise."""
        return self.describe_given(noisy, None)

    def describe_given(self, noisy: NDArray[np.float64], sigma: float | None) -> NoiseDescriptor:
        """Return the descriptor; it promises nothing of real noise but the deviation that the set states.

        Parameters
        ----------
        noisy : ndarray of float64
            The noisy picture, (channels, height, width).
        sigma : float or None
            The standard deviation that the set states, on the 0..1 scale; None = unknown.
        """
        return NoiseDescriptor(family="given", sigma=sigma, white=False, signal_dependent=True)

"""The operator of denoising, as a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from priorbench.contract.operators import Identity, Operator

if TYPE_CHECKING:
    import numpy as np


class IdentityModel:
    """The operator of denoising."""

    def draw(self, shape: tuple[int, int, int], rng: np.random.Generator) -> Operator:
        """Return the identity; nothing is drawn."""
        return Identity()

"""The identity: a control that returns the noisy image."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from priorbench import Observation


class Identity:
    """Return the noisy image."""

    def denoise(self, observation: Observation) -> torch.Tensor:
        """Return a copy of the noisy image."""
        return observation.image.clone()

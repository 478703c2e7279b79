"""The control of inverse problems: least squares, nothing assumed of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from priorbench.toolkit.least_squares import pseudo_inverse

if TYPE_CHECKING:
    from priorbench import Observation


class PseudoInverse:
    """Return A^+ y, the solution of min ||A x - y|| that has the least norm: in denoising the noisy image."""

    def denoise(self, observation: Observation) -> torch.Tensor:
        """Return A^+ y, computed in double precision."""
        y = observation.image.to(torch.float64)
        return pseudo_inverse(observation.operator, y).to(observation.image.dtype)

"""The pseudo-inverse: a control for inverse problems, least squares without a prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from priorbench import pseudo_inverse
from priorbench.toolkit.masking import masked

if TYPE_CHECKING:
    from priorbench import Observation


class PseudoInverse:
    """Return A^+ y, the solution of min ||A x - y|| that has the least norm: in denoising the noisy image."""

    def denoise(self, observation: Observation) -> torch.Tensor:
        """Return A^+ y, computed in double precision."""
        operator, y = masked(observation)
        return pseudo_inverse(operator, y.to(torch.float64)).to(y.dtype)

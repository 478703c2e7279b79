"""A mask as a part of the operator, so that pixels it leaves out have no influence at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from priorbench.contract.observation import Observation
    from priorbench.contract.operators import Operator


@dataclass(frozen=True, kw_only=True, slots=True)
class Masked:
    """M A, with M setting to 0 what `mask` leaves out."""

    operator: Operator
    mask: torch.Tensor

    def A(self, x: torch.Tensor) -> torch.Tensor:  # noqa: N802
        """Return M A x."""
        return torch.where(self.mask, self.operator.A(x), 0)

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:  # noqa: N802
        """Return A* M y."""
        return self.operator.A_adjoint(torch.where(self.mask, y, 0))


def masked(observation: Observation) -> tuple[Operator, torch.Tensor]:
    """Return the operator and the measurement of an observation without what its mask leaves out."""
    mask = observation.mask
    if mask is None or getattr(observation.operator, "measured", None) is not None:  # it masks by itself
        return observation.operator, observation.image
    return Masked(operator=observation.operator, mask=mask), torch.where(mask, observation.image, 0)

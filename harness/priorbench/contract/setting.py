"""A setting: the image set, the noise and the operator under which methods are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from priorbench.contract.choice import DENOISING


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Setting:
    """Labels of an image set, a noise and an operator; what is compared is compared within one setting.

    Attributes
    ----------
    image_set, noise, operator : str
        Labels, as tables and records show them; the operator is the identity for denoising.
    """

    image_set: str
    noise: str
    operator: str = DENOISING.label

    def __str__(self) -> str:
        """Return the setting in words; denoising goes without saying."""
        return ", ".join([self.image_set, *([] if self.is_denoising else [self.operator]), self.noise])

    @property
    def is_denoising(self) -> bool:
        """Whether the operator is the identity."""
        return self.operator == DENOISING.label

    @classmethod
    def of_record(cls, data: Mapping[str, Any]) -> Setting:
        """Return the setting of a record's JSON form."""
        operator = data.get("operator", DENOISING.label)
        return cls(image_set=data["image_set"], noise=data["noise"], operator=operator)

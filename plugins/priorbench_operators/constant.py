"""A constant tensor on whatever device and in whatever precision it is used."""

from __future__ import annotations

import torch


class Constant:
    """Keeps a copy for each device and dtype that was asked for: no step of a fit copies anything."""

    def __init__(self, value: torch.Tensor) -> None:
        self._value = value
        self._copies: dict[tuple[torch.device, torch.dtype], torch.Tensor] = {}

    def like(self, other: torch.Tensor) -> torch.Tensor:
        """Return the constant on the device, and with the dtype, of another tensor."""
        key = (other.device, other.dtype)
        if key not in self._copies:
            self._copies[key] = self._value.to(*key)
        return self._copies[key]

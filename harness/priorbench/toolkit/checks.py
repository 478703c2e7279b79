"""Checks of parameters: types for what suites set, and functions for calls from Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from priorbench.errors import suggestion

Count = Annotated[int, Field(ge=1)]
NonNegativeCount = Annotated[int, Field(ge=0)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, lt=1)]


def at_least(minimum: int, **values: int) -> None:
    """Raise `ValueError` where a named integer lies below `minimum`."""
    for name, value in values.items():
        if value < minimum:
            raise ValueError(f"{name} must be at least {minimum}, not {value}")


def within(low: float, high: float, **values: float) -> None:
    """Raise `ValueError` where a named number is not finite or not in [low, high)."""
    for name, value in values.items():
        if not (math.isfinite(value) and low <= value < high):
            bound = f"at least {low:g}" if math.isinf(high) else f"in [{low:g}, {high:g})"
            raise ValueError(f"{name} must be a finite number {bound}, not {value}")


def one_of(allowed: Sequence[str], **values: str) -> None:
    """Raise `ValueError`, with the nearest valid word, where a named word is not allowed."""
    for name, value in values.items():
        if value not in allowed:
            raise ValueError(f"{name} cannot be '{value}'{suggestion(str(value), allowed)}")

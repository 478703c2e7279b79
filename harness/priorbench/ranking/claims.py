"""When a board says that methods differ, or that they are equal."""

from __future__ import annotations

import math
from dataclasses import dataclass

from priorbench.errors import PriorbenchError


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """When a board says that methods differ, or that they are equal.

    Attributes
    ----------
    level : float, default 0.95
        how often intervals hold, and how often nothing false is said of any pair of a board; in [0.5, 1).
    rope : float, default 0.02
        region of practical equivalence, in dB: a smaller difference does not matter to anybody.
    """

    level: float = 0.95
    rope: float = 0.02

    def __post_init__(self) -> None:
        """Check the values."""
        if not 0.5 <= self.level < 1:
            raise PriorbenchError(f"level {self.level:g}: it is a share from 0.5 to below 1, such as 0.95")
        if not 0 <= self.rope < math.inf:
            raise PriorbenchError(f"rope {self.rope:g}: it is a difference in dB, 0 or more, such as 0.02")

    @property
    def error(self) -> float:
        """How often something false may be said: 0.05 at a level of 0.95, without the error of rounding."""
        return round(1 - self.level, 12)

    @property
    def percent(self) -> str:
        """The level in words: "95 %"."""
        return f"{100 * self.level:.4g} %"


#: what is claimed where nothing else is asked for
CLAIMS = Claims()

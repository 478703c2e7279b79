"""What a trial may take, and the check of counts and limits where they are read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from priorbench.errors import PriorbenchError


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one trial may take; checked when it is made.

    Attributes
    ----------
    timeout : float or None, optional
        seconds, more than 0; None = no limit.
    memory : int or None, optional
        bytes, 1 or more, that a method may take beyond an empty worker; None = no limit.
    """

    timeout: float | None = None
    memory: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is no limit."""
        if self.timeout is not None:
            check_seconds("timeout", self.timeout)
        if self.memory is not None:
            check_count("memory", self.memory)

    def to_json(self) -> dict[str, float]:
        """Return the limits that are set, for a record."""
        both = {"timeout": self.timeout, "memory": self.memory}
        return {name: value for name, value in both.items() if value is not None}

    def allow_more(self, status: str, had: Mapping[str, float]) -> bool:
        """Say whether a trial that ended with `status` under the limits `had` may succeed under these."""
        name = {"timeout": "timeout", "out-of-memory": "memory"}.get(status, "")
        if name not in had:
            return False
        mine = self.to_json().get(name)
        return mine is None or mine > had[name]


def check_count(what: str, value: object, least: int = 1) -> int:
    """Return a whole number of at least `least`; `what` names it in the message.

    Raises
    ------
    PriorbenchError
        For everything else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise PriorbenchError(f"{what} is {value!r}: give a whole number of {least} or more")
    return value


def check_seconds(what: str, value: object) -> float:
    """Return a finite number of seconds above 0; `what` names it in the message.

    Raises
    ------
    PriorbenchError
        For everything else.
    """
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value <= 0:  # type: ignore[arg-type, operator]
        raise PriorbenchError(f"{what} is {value!r}: give seconds above 0, or leave it out for no limit")
    return float(value)  # type: ignore[arg-type]

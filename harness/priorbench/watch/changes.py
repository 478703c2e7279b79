"""What may be said of a method: the class of a change, and its order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What a change means, the worst first."""

    WORSE = "worse"
    UNMEASURED = "not measured"
    CAME = "came"
    WENT = "went"
    BETTER = "better"
    DIFFERENT = "different"
    AS_BEFORE = "as before"
    UNCHANGED = "unchanged"


#: outcomes by how early they are told
ORDER = tuple(Outcome)


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What became of a method from the base to the head, in one respect.

    Attributes
    ----------
    outcome : Outcome
        whether that is for the worse.
    method : str
        as it was asked for, or a plugin.
    what : str, default ''
        "broken", "quality", "time" or "memory"; empty where it is about the whole method.
    text : str, default ''
        from what to what, or why.
    numbers : Mapping[str, float or None], optional
        the same for scripts.
    """

    outcome: Outcome
    method: str
    what: str = ""
    text: str = ""
    numbers: Mapping[str, float | None] = field(default_factory=dict)

"""Names for things of one label that are not the same: the label, and in parentheses what differs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from priorbench.contract.choice import DENOISING, Choice
from priorbench.contract.requests import AskedSet, digest_of
from priorbench.words import one_line, plural

#: what says that noise is clipped: "gaussian-25-clipped", "gaussian:clip=true", but not "unclipped"
_SAYS_CLIPPED = re.compile(r"(?<![a-z])clip(ped|=true)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What makes an image set, a noise or an operator what it is.

    Attributes
    ----------
    label, name : str
        What a suite calls it, and the registered name, which is empty where it is not known.
    parameters : Mapping[str, Any], optional
        Those that change the result.
    members : str, default ''
        Digest of what a folder holds.
    count : int or None, optional
        How many pictures it holds.
    """

    label: str
    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    members: str = ""
    count: int | None = None

    @property
    def key(self) -> str:
        """A text that is equal for equal things only."""
        return json.dumps([self.label, self.name, self.parameters, self.members], sort_keys=True)

    @property
    def thing(self) -> str:
        """A text that is equal for things that may be the same under several labels; empty if unknown."""
        parts = [self.name, self.parameters, self.members]
        return json.dumps(parts, sort_keys=True) if self.name else ""

    @classmethod
    def of_set(cls, asked: AskedSet) -> Identity:
        """Return the identity of an image set; which of its images were chosen does not matter.

        A parameter that is None is as if it were not there: a set from before there was such a parameter is
        the same set.
        """
        return cls(
            label=asked.label,
            name=asked.name,
            parameters={name: value for name, value in asked.cut.items() if value is not None},
            members=asked.members,
            count=asked.count,
        )

    @classmethod
    def of_choice(cls, choice: Choice) -> Identity:
        """Return the identity of a noise or an operator."""
        return cls(label=choice.label, name=choice.name, parameters=choice.parameters)


def names(items: Sequence[Identity]) -> list[str]:
    """Return a name for each of several things that are all different.

    A label that one of them has is its name. Where several have it, the registered name follows, the
    parameters, the number of pictures, or at last part of a digest, as far as these differ.
    """
    uses = Counter(item.label for item in items)
    found = []
    for item in items:
        alone = uses[item.label] == 1 or item.name == item.label == DENOISING.label
        alike = [other for other in items if other.label == item.label]
        found.append(item.label if alone else f"{item.label} ({_difference(item, alike)})")
    return found


def noise_names(items: Sequence[Identity]) -> list[str]:
    """Return what `names` does, and after it "clipped" where noise is clipped and its name does not say so.

    Clipped noise is a few tenths of a dB weaker: its numbers are never to be read as those of unclipped
    noise, whatever a suite calls it. What is clipped has the parameter ``clip``.
    """
    found = []
    for item, name in zip(items, names(items), strict=True):
        silent = item.parameters.get("clip") is True and _SAYS_CLIPPED.search(name) is None
        told = f"{name[:-1]}, clipped)" if name.endswith(")") and name != item.label else f"{name} (clipped)"
        found.append(told if silent else name)
    return found


def _difference(item: Identity, alike: Sequence[Identity]) -> str:
    parts: list[str] = []
    if len({other.name for other in alike}) > 1:
        parts.append(item.name or "of an earlier version")
    namesakes = [other for other in alike if other.name == item.name]
    for key in sorted({key for other in namesakes for key in other.parameters}):
        values = {json.dumps(other.parameters.get(key), sort_keys=True) for other in namesakes}
        if len(values) > 1:
            parts.append(f"{key}={_plain(item.parameters.get(key))}")
    same_cut = [other for other in namesakes if other.parameters == item.parameters]
    if len({other.members for other in same_cut}) > 1:
        counts = Counter(other.count for other in same_cut)
        told = [] if item.count is None else [plural(item.count, "picture")]
        parts += told if told and counts[item.count] == 1 else [*told, digest_of(item.members)[:6]]
    return ", ".join(parts)


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return one_line(value) if isinstance(value, str) else json.dumps(value)

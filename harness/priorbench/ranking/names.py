"""Names of rows as people write them, ``label``, ``label@rule``, ``label@rule@device``; and wildcards."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from priorbench.errors import PriorbenchError, UnknownNameError

#: what a name may end with and a place does not hold: see `priorbench.ranking.measured`
_CONDITION = re.compile(r"@(batch-\d+|env-[0-9a-z]+)")
#: marks behind a name on a board: of doubt, of odd outputs, of disturbed times
_MARKS = re.compile(r"\s+(?:\(\?\)|\(!\)|\*)(?=\s|$)")
#: a rule behind a name in a sentence
_RULE = re.compile(r"\s+\(([^()\s]+)\)")
_ELLIPSIS = "…"


class Place(NamedTuple):
    """What makes a row: a method under one stopping rule, on one device, with a number of threads."""

    label: str
    stopping_rule: str | None
    device: str
    threads: int

    @property
    def title(self) -> str:
        """The label, and the rule if there is one."""
        return self.label if self.stopping_rule is None else f"{self.label}@{self.stopping_rule}"


def names_condition(name: str) -> bool:
    """Say whether a name ends with a batch or an environment, which only the rows of a board have."""
    return _CONDITION.search(name) is not None


def row_names(places: Iterable[Place]) -> dict[Place, str]:
    """Return the shortest name of each place that no other has."""
    candidates = {place: _names(place) for place in places}
    uses = Counter(name for names in candidates.values() for name in set(names))
    return {
        place: next((name for name in names if uses[name] == 1), names[-1])
        for place, names in candidates.items()
    }


def find_place(name: str, places: Collection[Place], oracles: Collection[Place] = ()) -> Place:
    """Return the place of a name; ``label`` alone never means an oracle where there is another row.

    Names as boards show them are taken, too: with marks, with the rule in parentheses, behind a space or
    behind a comma, with a space before a condition, and shortened by ``…``.

    Raises
    ------
    UnknownNameError
        If there is none.
    PriorbenchError
        If there are several.
    """
    found: list[Place] = []
    for reading in _readings(_CONDITION.sub("", name)):
        found = found or [place for place in places if reading in _names(place) or _matches(reading, place)]
    found = [place for place in found if place not in oracles] or found
    names = row_names(places)
    if not found:
        raise UnknownNameError("method in the store", name, names.values())
    if len(found) > 1:
        several = ", ".join(sorted(names[place] for place in found))
        raise PriorbenchError(f"'{name}' names several rows of the store; use one of: {several}")
    return found[0]


def shown_name(name: str, conditions: Sequence[str]) -> str:
    """Return the name of a row as its board shows it, in cells and in notes: conditions behind a space."""
    return " @".join([without_conditions(name, conditions), *conditions])


def without_conditions(name: str, conditions: Sequence[str]) -> str:
    """Return a name without those of the conditions that it ends with."""
    start, sign, end = name.rpartition("@")
    return without_conditions(start, conditions) if sign and end in conditions else name


def _names(place: Place) -> list[str]:
    """Return the names of a place, from the shortest to the one that says everything."""
    *rule, device, threads = _parts(place)
    chosen = [(), rule, (*rule, device), (*rule, threads), (*rule, device, threads)]
    return list(dict.fromkeys("@".join([place.label, *some]) for some in chosen))


def _parts(place: Place) -> list[str]:
    threads = f"{place.threads}-threads"
    return [part for part in (place.stopping_rule, place.device, threads) if part is not None]


def _readings(name: str) -> list[str]:
    """Return what a name may mean: itself, or what a board shows as that."""
    bare = _MARKS.sub("", name.strip())
    joined = re.sub(r"\s+@", "@", _RULE.sub(r"@\1", bare)).strip()
    return [name, joined, "@".join(re.split(r",?\s+", joined))]


def _matches(name: str, place: Place) -> bool:
    """Say whether a name is the label and some of the parts, in any order."""
    if _ELLIPSIS in name:
        label, *parts = name.split("@")
        return _shortens(label, place.label) and all(
            any(_shortens(part, own) for own in _parts(place)) for part in parts
        )
    label, *parts = name.removeprefix(place.label).split("@")
    return name.startswith(place.label) and not label and set(parts) <= set(_parts(place))


def _shortens(short: str, whole: str) -> bool:
    """Say whether a text is another one, with an ellipsis for what is left out."""
    return re.fullmatch(".*".join(map(re.escape, short.split(_ELLIPSIS))), whole) is not None


def matching(what: str, patterns: Sequence[str], names: Sequence[tuple[str, ...]]) -> NDArray[np.bool_]:
    """Mark the items one of whose names is wanted.

    Parameters
    ----------
    what : str
        what the names are of, for the message.
    patterns : Sequence[str]
        wanted names; ``*``, ``?`` and ``[...]`` are wildcards, but a name that is written out is found as it
        stands.
    names : Sequence[tuple of str]
        of each item.

    Raises
    ------
    UnknownNameError
        If nothing has a name of one of the patterns.
    """
    every = {name for own in names for name in own}
    wanted: set[str] = set()
    for pattern in patterns:
        found = {pattern} & every or {name for name in every if fnmatchcase(name, pattern)}
        if not found:
            raise UnknownNameError(what, pattern, every)
        wanted |= found
    return np.array([not wanted.isdisjoint(own) for own in names], dtype=bool)

"""Names that are too long for their column: shortened such that no two become the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import count

from rich.cells import cell_len, chop_cells

ELLIPSIS = "…"
#: what stands behind a name and is never cut off: conditions, and marks that say that something is the matter
_MARKS = re.compile(r"(?: @[^@]*?)*(?: \(\?\)| \(!\)| \*)*$")
#: a shortened name ends with the last third of what is shown
_TAIL = 3
#: a shortened name begins with so many characters of its own, where there is room: it must be recognised
_START = 4
#: characters of a name beside its marks, at least
_FEWEST = 3


def shortened(names: Iterable[str], width: int) -> dict[str, str]:
    """Return each name as it is shown in this many characters; different names stay different.

    Marks behind a name stay. What is left out is in the middle where that tells the names apart, else it is
    what they have in common; at last they are numbered.

    Parameters
    ----------
    names : Iterable of str
        the names of one column.
    width : int
        in characters; at least `fewest` of the names, else their marks are cut off too.
    """
    whole = list(dict.fromkeys(names))
    if all(cell_len(name) <= width for name in whole):
        return dict(zip(whole, whole, strict=True))
    parts = {name: _parts(name) for name in whole}
    marks = max(cell_len(parts[name][1]) for name in whole if cell_len(name) > width)
    if marks + _FEWEST > width:
        parts, marks = {name: (name, "") for name in whole}, 0
    labels = list(dict.fromkeys(label for label, _ in parts.values()))
    short = _told_apart(labels, max(width - marks, _FEWEST))
    found = {
        name: name if cell_len(name) <= width else short[label] + mark
        for name, (label, mark) in parts.items()
    }
    return found if _differ(found) else _numbered(whole, width)


def fewest(names: Iterable[str], beside: int = _FEWEST) -> int:
    """Return the width that leaves so many characters beside the marks; with fewer, marks are cut off."""
    return beside + max((cell_len(_parts(name)[1]) for name in names), default=0)


def _parts(name: str) -> tuple[str, str]:
    """Return a name without its marks, and the marks."""
    marks = _MARKS.search(name)
    place = marks.start() if marks else len(name)
    return name[:place], name[place:]


def cut(name: str, width: int, tail: int | None = None) -> str:
    """Return a name in at most this many characters, with an ellipsis for what is left out.

    Parameters
    ----------
    name : str
        the name.
    width : int
        in characters.
    tail : int or None, optional
        of these, the end of the name; default a third.
    """
    if cell_len(name) <= width:
        return name
    end = max(width - 1, 0) // _TAIL if tail is None else tail
    return _first(name, max(width - 1 - end, 0)) + ELLIPSIS + _last(name, end)


def _told_apart(names: Sequence[str], width: int) -> dict[str, str]:
    """Return the names in this width, all different."""
    found = {name: cut(name, width) for name in names}
    alike: dict[str, list[str]] = {}
    for name, short in found.items():
        alike.setdefault(short, []).append(name)
    for group in alike.values():
        if len(group) > 1:
            found |= _apart(group, width)
    return found if _differ(found) else _numbered(names, width)


def _apart(alike: Sequence[str], width: int) -> dict[str, str]:
    """Shorten names that become the same where the middle is left out: elsewhere, or with a number."""
    for tail in ((width - 1) // 2, width - 1 - (width - 1) // _TAIL, 0, width - 1 - _START):
        found = {name: cut(name, width, max(tail, 0)) for name in alike}
        if _differ(found):
            return found
    return _without_common(alike, width) or _numbered(alike, width)


def _differ(found: Mapping[str, str]) -> bool:
    return len(set(found.values())) == len(found)


def _without_common(names: Sequence[str], width: int) -> dict[str, str] | None:
    """Leave out what names have in common at both ends, but for the start; None where that is not enough."""
    start = _common(names)
    inner = [name[start:] for name in names]
    end = _common([name[::-1] for name in inner])
    inner = [name[: len(name) - end] for name in inner]
    room = width - 2 * len(ELLIPSIS)
    if room < 1 or start + end == 0:
        return None
    parts = _told_apart(inner, room - min(start, _START, room // 2))
    spare = room - max(map(cell_len, parts.values()))
    found = {}
    for name, part in zip(names, inner, strict=True):
        before = _first(name[:start], spare) + ELLIPSIS if start else ""
        short = before + parts[part] + (ELLIPSIS if end else "")
        found[name] = short.replace(2 * ELLIPSIS, ELLIPSIS)
    return found if _differ(found) else None


def _common(names: Sequence[str]) -> int:
    """Return how many characters all names begin with; a number is not broken."""
    columns = enumerate(zip(*names, strict=False))
    found = next((place for place, chars in columns if len(set(chars)) > 1), min(map(len, names)))
    while (
        found
        and names[0][found - 1].isdecimal()
        and any(name[found : found + 1].isdecimal() for name in names)
    ):
        found -= 1
    return found


def _numbered(names: Sequence[str], width: int) -> dict[str, str]:
    """Number the names that are too long; a number with which one would be another name is left out."""
    taken = {name for name in names if cell_len(name) <= width}
    found = {}
    for name in names:
        found[name] = name
        if name not in taken:
            shown = (f"{_first(name, max(width - 1 - len(str(n)), 0))}{ELLIPSIS}{n}" for n in count(1))
            found[name] = next(one for one in shown if one not in taken)
            taken.add(found[name])
    return found


def _first(text: str, width: int) -> str:
    """Return as many of the first characters as there is room for."""
    return chop_cells(text, width)[0] if width > 0 and text else ""


def _last(text: str, width: int) -> str:
    """Return as many of the last characters as there is room for."""
    return _first(text[::-1], width)[::-1]

"""Errors that the user can fix: each message says what, where, why and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

#: longer lists of names are cut to those that are near the one that was given
_LISTED = 30
#: how many times as far from what was given as the nearest name others may be
_AS_NEAR = 1.25


class PriorbenchError(Exception):
    """Something the user asked for cannot be done; the command line prints it and exits with 2."""


class UnknownNameError(PriorbenchError):
    """A name that no plugin provides; the message lists what there is and the nearest name.

    Parameters
    ----------
    kind : str
        what is called so.
    name : str
        what was given.
    known : Iterable[str]
        the valid names.
    listed : str, default ''
        the command that lists them.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], listed: str = "") -> None:
        self.kind, self.name, self.known = kind, name, tuple(sorted(known))
        super().__init__(f"unknown {kind} '{name}'{suggestion(name, self.known, listed)}")


class RequestError(PriorbenchError):
    """Every problem of one request (a suite, a command line) at once, one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def suggestion(name: str, known: Iterable[str], listed: str = "") -> str:
    """Return "; did you mean 'x'? Allowed: x, y" for a name that is not among `known`.

    Of more than thirty names, only those are listed that are about as near as the nearest, or begin with it.

    Parameters
    ----------
    name : str
        what was given.
    known : Iterable[str]
        the valid names.
    listed : str, default ''
        the command that lists them.
    """
    names = sorted(known)
    folded = {known_name.lower(): known_name for known_name in names}
    near = difflib.get_close_matches(name.lower(), folded, n=8, cutoff=0.5)
    hint = f"; did you mean '{folded[near[0]]}'?" if near else "."
    if len(names) > _LISTED:
        beside = _as_near(name.lower(), near)
        others = f" Near it, too: {', '.join(folded[one] for one in beside)}." if beside else ""
        return f"{hint}{others} " + (f"'{listed}' names all" if listed else f"{len(names)} are allowed")
    return f"{hint} Allowed: {', '.join(names) if names else '(none)'}"


def _as_near(name: str, near: Sequence[str]) -> list[str]:
    """Return, of names from the nearest on, those beside the first that may as well have been meant."""

    def far(one: str) -> float:
        return 1 - difflib.SequenceMatcher(None, one, name).ratio()  # the order of get_close_matches

    return [one for one in near[1:] if far(one) <= _AS_NEAR * far(near[0]) or one.startswith(near[0])]


def nearest_path(path: Path) -> str:
    """Return "; did you mean 'x'?" for a path where nothing is: the nearest name in the same folder.

    Empty where nothing there has a name like it.
    """
    try:
        names = [one.name for one in path.expanduser().absolute().parent.iterdir()]
    except (OSError, RuntimeError, ValueError):
        return ""
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
    return f"; did you mean '{path.with_name(near[0])}'?" if near else ""

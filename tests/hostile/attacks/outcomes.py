"""Outcomes of attacks: what is right for each, what was seen, and what that means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from attacks.pending import PENDING

#: from the best to the worst. held: it gets nothing, and its own record says why where there is something to
#: say. detected: it does something, and that is marked. stated: it stays possible, and the page on trust says
#: so.
#: weak: an own fault is not told, or told wrongly, or more is lost than need be. broken: it reaches its goal.
OUTCOMES = ("held", "detected", "stated", "weak", "broken")
#: where what stays possible must be written down
PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "trust.md"


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One attack, and how it ended.

    Attributes
    ----------
    name : str
        family and name, ``image/caller-frames``.
    right : str
        the outcome that it must have, or a better one.
    outcome : str
        the one that it had.
    why : str, default ''
        what was seen.
    """

    name: str
    right: str
    outcome: str
    why: str = ""

    @property
    def is_right(self) -> bool:
        """Whether it ended as it must."""
        return OUTCOMES.index(self.outcome) <= OUTCOMES.index(self.right)

    def told(self) -> str:
        """Return one line about it."""
        wanted = "" if self.is_right else f", where {self.right} is right"
        return f"{self.name}: {self.outcome}{wanted} ({' '.join(self.why.split()) or 'no more is known'})"


def is_stated(words: str) -> bool:
    """Say whether the page on trust has these words."""
    text = " ".join(PAGE.read_text(encoding="utf-8").lower().split()) if PAGE.exists() else ""
    return bool(words) and words.lower() in text


def possible(words: str, otherwise: str) -> tuple[str, str]:
    """Return the outcome of an attack that reached its goal, where the page is to say that it can."""
    if is_stated(words):
        return "stated", f"the page on trust says: {words}"
    return otherwise, f"it reached its goal, and the page on trust does not say '{words}'"


def check(seen: Iterable[Seen], record_property) -> None:
    """Write the outcomes down for the summary; fail where one is not right, and is not known to be mended."""
    wrong = []
    for one in seen:
        record_property("attack", [one.name, one.right, one.outcome, one.why])
        if not one.is_right and one.name not in PENDING:
            wrong.append(one.told())
    assert not wrong, "\n" + "\n".join(wrong)


def together(names: list[str], judged: Callable[[list[str]], list[Seen]]) -> list[Seen]:
    """Judge attacks that were made in one run; where one did not end well, each in a run of its own.

    So the guilty one is named, and none hides behind another that ended the run.
    """
    found = judged(names)
    if len(names) == 1 or all(one.is_right for one in found):
        return found
    return [one for name in names for one in judged([name])]

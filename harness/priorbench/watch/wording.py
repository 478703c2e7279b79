"""Says what was found: in lines for people, in JSON for scripts, and as an exit status."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from priorbench.watch.changes import ORDER, Change, Outcome
from priorbench.watch.comparing import Result
from priorbench.watch.judgement import MEMORY, PSNR_FALL, TIME
from priorbench.watch.sides import States
from priorbench.words import one_line, plural

NOTHING_WORSE, WORSE, _WRONG_REQUEST, NOT_MEASURED = range(4)


def status(result: Result) -> int:
    """Return the exit status; 2 is for wrong requests, which have no result."""
    outcomes = {change.outcome for change in result.changes}
    if Outcome.WORSE in outcomes:
        return WORSE
    return NOT_MEASURED if Outcome.UNMEASURED in outcomes else NOTHING_WORSE


def lines(result: Result) -> Iterator[str]:
    """Yield a line for each change, the bad ones first, and the conclusion."""
    for outcome in ORDER:
        changes = [change for change in result.changes if change.outcome == outcome]
        if outcome == Outcome.UNCHANGED or (changes and not any(change.text for change in changes)):
            if changes:
                yield f"{outcome}: {', '.join(change.method for change in changes)}"
        else:
            yield from map(_line, changes)
    for method, said in result.disturbed.items():
        yield f"disturbed: {method}: {said}"
    yield _conclusion(result)


def as_json(states: States, result: Result) -> dict[str, Any]:
    """Return all of it as plain values."""
    head = states.head
    return {
        "base": asdict(states.base),
        "head": None if head is None else asdict(head),
        "uncommitted": list(states.uncommitted) if head is None else [],
        "measured": list(result.measured),
        "changes": [
            asdict(change) for outcome in ORDER for change in result.changes if change.outcome == outcome
        ],
        "disturbed": dict(result.disturbed),
        "status": status(result),
    }


def _line(change: Change) -> str:
    what = f"{change.what}: " if change.what == "broken" else ""
    text = f": {what}{one_line(change.text)}" if change.text else ""
    return f"{change.outcome}: {change.method}{text}"


def _conclusion(result: Result) -> str:
    counts = {
        outcome: len({change.method for change in result.changes if change.outcome == outcome})
        for outcome in (Outcome.WORSE, Outcome.UNMEASURED)
    }
    worse, unmeasured = counts[Outcome.WORSE], counts[Outcome.UNMEASURED]
    line = f"{plural(worse, 'method')} got worse" if worse else "nothing got worse"
    if not worse and result.measured:
        line += f" by more than {PSNR_FALL:g} dB, {TIME:g} times the time or {MEMORY - 1:.0%} of memory"
    return f"{line}; {unmeasured} not measured" if unmeasured else line

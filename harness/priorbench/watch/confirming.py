"""Measures methods and judges them; what looks slower is measured a second time before it is said."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from priorbench.watch.changes import Change
from priorbench.watch.judgement import as_before, disturbances, is_slower, judge
from priorbench.watch.measuring import Measured, Problems, measure
from priorbench.watch.sides import Side
from priorbench.words import duration, plural

#: rounds that a second measurement has beyond those of the first
MORE = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """All that a measurement needs, but for the methods.

    Attributes
    ----------
    sides : tuple[Side, Side]
        base and head.
    codes : Mapping[str, tuple[str, str]]
        name of a method -> digest of its code on both sides.
    problems : Problems
        what methods solve.
    rounds : int
        of the first measurement; the second has `MORE`.
    folder : Path
        for stores.
    tell : callable
        gets a line for people before each measurement.
    """

    sides: tuple[Side, Side]
    codes: Mapping[str, tuple[str, str]]
    problems: Problems
    rounds: int
    folder: Path
    tell: Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What became of the methods, and how many of the timings that say so were disturbed, and by what."""

    changes: tuple[Change, ...]
    disturbed: Mapping[str, str]


def verdict(bench: Bench, methods: Mapping[str, str]) -> Verdict:
    """Measure methods, given as they were asked for -> their names, and say what changed."""
    began = time.monotonic()
    first = _measure(bench, methods, bench.rounds, "measuring")
    round_seconds = (time.monotonic() - began) / bench.rounds
    changes = [change for text in methods for change in judge(text, first[text])]
    suspects = {change.method: methods[change.method] for change in changes if is_slower(change)}
    known = round_seconds if len(suspects) == len(methods) else None  # fewer methods take less
    second = _measure(bench, suspects, bench.rounds + MORE, "measuring again, to be sure,", known)
    confirmed = (change for text in suspects for change in judge(text, second[text]) if is_slower(change))
    decisive = {**first, **second}
    found = [*(change for change in changes if not is_slower(change)), *confirmed]
    told = {change.method for change in found}
    same = (as_before(text, decisive[text]) for text in methods if text not in told)
    return Verdict(
        changes=(*found, *same),
        disturbed={text: said for text in methods if (said := disturbances(decisive[text]))},
    )


def _measure(
    bench: Bench, methods: Mapping[str, str], rounds: int, word: str, round_seconds: float | None = None
) -> Mapping[str, Measured]:
    """Measure methods; `round_seconds` is what a round takes, where that is known."""
    if not methods:
        return {}
    left = "" if round_seconds is None else f", about {duration(round_seconds * rounds)}"
    bench.tell(f"{word} {', '.join(methods)}: {plural(rounds, 'round')}, the two sides in turns{left}")
    return measure(
        bench.sides,
        methods,
        bench.codes,
        bench.problems,
        rounds=rounds,
        folder=bench.folder,
        tell=bench.tell,
    )

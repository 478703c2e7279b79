"""When is a difference between two commits a regression? Rules for each kind of benchmark; no measuring here.

asv has one factor for all kinds and pools the samples of all rounds. On a machine that others use too, that
raises alarms: the samples of a round share its luck. Here

* time is compared round by round, in rounds that alternate between the commits; of each round the least
  sample counts, because whatever disturbs a measurement makes it longer;
* memory is compared net of an empty process, where the suite has a `peakmem_reference`;
* quality has the same bits at every run, so 1 % of the MSE (0.04 dB) is a change;
* what looks like a regression is measured again, and only what both measurements say is one.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

#: kinds, by asv's type of benchmark and by the unit of what is tracked; other units are for reading only
KIND_OF_TYPE = {"time": "time", "peakmemory": "memory"}
KIND_OF_UNIT = {"MSE": "quality", "iterations": "quality", "bytes": "memory", "seconds": "overhead"}
#: ratios from which on a kind has got worse
FACTORS = {"time": 1.15, "memory": 1.10, "quality": 1.01, "overhead": 1.5}
#: all but one round have to be slower by this ratio at least
EVERY_ROUND = 1.05
#: bytes by which two runs of one program differ anyway
MEMORY_NOISE = 4 * 2**20
WORDS = {
    "time": ("slower", "faster"),
    "memory": ("more memory", "less memory"),
    "quality": ("worse", "better"),
    "overhead": ("costlier", "cheaper"),
}


class Outcome(IntEnum):
    """What a change means, the worst first."""

    BROKEN = 0
    WORSE = 1
    UNMEASURED = 2
    REMOVED = 3
    ADDED = 4
    BETTER = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One benchmark at one commit.

    Attributes
    ----------
    kind : str
        see `FACTORS`; empty = for reading only.
    unit : str
        asv's.
    value : float or None
        seconds, bytes net of the reference, ...; NaN where skipped, None where it failed.
    rounds : tuple[float, ...], default ()
        of a time, the least sample of each round; otherwise empty.
    method : str, default ''
        the method that is measured; empty where it is none.
    """

    kind: str
    unit: str
    value: float | None
    rounds: tuple[float, ...] = ()
    method: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A difference.

    Attributes
    ----------
    name : str
        the benchmark with its parameters.
    subject : str
        what the change is about: a method, or the benchmark.
    outcome : Outcome
        whether it is for the worse.
    word : str
        for people: "slower", "added", ...
    text : str
        from what to what, or why; may be empty.
    """

    name: str
    subject: str
    outcome: Outcome
    word: str
    text: str

    @property
    def worse(self) -> bool:
        """Say whether it is a regression."""
        return self.outcome <= Outcome.WORSE


def least_of_rounds(samples: Sequence[float], rounds: int) -> tuple[float, ...]:
    """Return the least sample of each round; asv keeps the samples of all rounds in one list, in order."""
    each, rest = divmod(len(samples), rounds)
    if rest or not each:
        return (min(samples),)
    return tuple(min(samples[start : start + each]) for start in range(0, len(samples), each))


def compare(name: str, before: Measured, after: Measured, *, subject: str = "") -> Change | None:
    """Return what changed between two commits, or None; `subject` is what a failure is told about."""
    missing = _missing(before.value, after.value)
    if missing is not None:
        outcome, word, text = missing
        return Change(name=name, subject=subject or name, outcome=outcome, word=word, text=text)
    if not before.kind or _skipped(before.value):
        return None
    if _worse(before, after):
        outcome, word = Outcome.WORSE, WORDS[before.kind][0]
    elif _worse(after, before):
        outcome, word = Outcome.BETTER, WORDS[before.kind][1]
    else:
        return None
    return Change(
        name=name, subject=subject or name, outcome=outcome, word=word, text=_numbers(before, after)
    )


def _missing(before: float | None, after: float | None) -> tuple[Outcome, str, str] | None:
    """Say what a missing value means; None where both commits have one, or skip it."""
    if before is None and after is None:
        return Outcome.UNMEASURED, "not measured", "fails at both commits"
    if before is None:
        if _skipped(after):
            return Outcome.UNMEASURED, "not measured", "fails at the base and is skipped now"
        return Outcome.BETTER, "mended", "fails at the base and works now"
    if after is None:
        if _skipped(before):
            return Outcome.UNMEASURED, "not measured", "is skipped at the base and fails now"
        return Outcome.BROKEN, "broken", "works at the base and fails now"
    if _skipped(before) == _skipped(after):
        return None
    if _skipped(after):
        return Outcome.UNMEASURED, "not measured", "works at the base and is skipped now"
    return Outcome.ADDED, "added", "is skipped at the base and works now"


def _skipped(value: float | None) -> bool:
    return value is not None and math.isnan(value)


def _worse(one: Measured, other: Measured) -> bool:
    """Say whether `other` is worse than `one` by more than chance."""
    assert one.value is not None
    assert other.value is not None
    if one.kind == "time":
        ratios = sorted(b / a for a, b in zip(one.rounds, other.rounds, strict=False))
        enough = ratios[min(1, len(ratios) - 1)] >= EVERY_ROUND
        return enough and statistics.median(ratios) >= FACTORS["time"]
    if one.kind == "memory" and other.value - one.value < MEMORY_NOISE:
        return False
    return other.value > one.value * FACTORS[one.kind]


def _numbers(before: Measured, after: Measured) -> str:
    assert before.value is not None
    assert after.value is not None
    if before.kind == "time":
        ratios = sorted(b / a for a, b in zip(before.rounds, after.rounds, strict=False))
        ratio = statistics.median(ratios)
        first, last = statistics.median(before.rounds), statistics.median(after.rounds)
        return (
            f"{_shown(first, 'seconds')} -> {_shown(last, 'seconds')}, {ratio:.2f} times "
            f"(rounds: {ratios[0]:.2f} to {ratios[-1]:.2f})"
        )
    if before.unit == "MSE" and min(before.value, after.value) > 0:
        first, last = -10 * math.log10(before.value), -10 * math.log10(after.value)
        return f"PSNR {first:.2f} -> {last:.2f} dB ({last - first:+.2f} dB)"
    numbers = f"{_shown(before.value, before.unit)} -> {_shown(after.value, after.unit)}"
    return numbers + (f", {after.value / before.value:.2f} times" if before.value > 0 else "")


def _shown(value: float, unit: str) -> str:
    if unit == "seconds":
        scale, small = next(((s, u) for s, u in ((1, "s"), (1e3, "ms")) if value * s >= 1), (1e6, "µs"))
        return f"{value * scale:.3g} {small}"
    if unit == "bytes":
        return f"{value / 2**20:.1f} MiB"
    return f"{value:.6g} {unit}"

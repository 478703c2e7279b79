"""What counts as a regression: found where it is planted, not found where there is only noise."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from verdict import KIND_OF_UNIT, Change, Measured, Outcome, compare, least_of_rounds


def timed(rng: np.random.Generator, *, seconds: float, rounds: int = 7) -> Measured:
    """Seven rounds of three samples on a shared machine: each round and each sample has its own bad luck."""
    round_luck = 1 + rng.exponential(0.05, (rounds, 1))
    samples = seconds * round_luck * (1 + rng.exponential(0.1, (rounds, 3)))
    samples *= np.where(rng.random((rounds, 3)) < 0.1, 2.0, 1.0)  # somebody else's program
    value = float(np.median(samples))
    rounds_least = least_of_rounds(samples.ravel().tolist(), rounds)
    return Measured(kind="time", unit="seconds", value=value, rounds=rounds_least)


def tracked(value: float | None, *, kind: str = "quality", unit: str = "MSE") -> Measured:
    return Measured(kind=kind, unit=unit, value=value)


def memory(mebibytes: float) -> Measured:
    return tracked(mebibytes * 2**20, kind="memory", unit="bytes")


def line(change: Change | None) -> str:
    assert change is not None
    return f"{change.word}: {change.name}: {change.text}"


def test_noise_of_a_shared_machine_raises_no_alarm() -> None:
    rng = np.random.default_rng(0)
    alarms = [compare("a", timed(rng, seconds=0.1), timed(rng, seconds=0.1)) for _ in range(2000)]
    # and an alarm has to come twice to count
    assert sum(alarm is not None for alarm in alarms) <= 10


def test_thirty_per_cent_more_time_is_found_in_that_noise() -> None:
    rng = np.random.default_rng(0)
    found = [compare("a", timed(rng, seconds=0.1), timed(rng, seconds=0.13)) for _ in range(500)]
    assert sum(change is not None and change.worse for change in found) >= 490


def test_less_time_is_told_and_is_no_regression() -> None:
    rng = np.random.default_rng(0)
    change = compare("a", timed(rng, seconds=0.2), timed(rng, seconds=0.1))
    assert change is not None
    assert not change.worse
    assert line(change).startswith("faster: a: ")


def test_one_slow_round_is_bad_luck() -> None:
    before = Measured(kind="time", unit="seconds", value=1.0, rounds=(1.0, 1.0, 1.0, 1.0))
    after = Measured(kind="time", unit="seconds", value=1.0, rounds=(1.0, 1.0, 1.5, 1.5))
    assert compare("a", before, after) is None


def test_quality_counts_from_one_per_cent_of_the_error() -> None:
    assert compare("a", tracked(0.002), tracked(0.00201)) is None
    change = compare("a", tracked(0.002), tracked(0.002 * 10**0.03))
    assert change is not None
    assert change.worse
    assert line(change) == "worse: a: PSNR 26.99 -> 26.69 dB (-0.30 dB)"


def test_a_better_psnr_is_no_regression() -> None:
    change = compare("a", tracked(0.002), tracked(0.001))
    assert change is not None
    assert not change.worse
    # PSNR itself, of which more is better, is for reading only
    assert "dB" not in KIND_OF_UNIT
    assert compare("a", tracked(30.0, kind="", unit="dB"), tracked(31.0, kind="", unit="dB")) is None


def test_memory_has_to_grow_by_a_tenth_and_by_more_than_noise() -> None:
    assert compare("a", memory(10), memory(13)) is None
    assert compare("a", memory(60), memory(64.5)) is None
    change = compare("a", memory(60), memory(78))
    assert change is not None
    assert line(change) == "more memory: a: 60.0 MiB -> 78.0 MiB, 1.30 times"


def test_a_failure_is_a_regression_only_where_it_worked() -> None:
    change = compare("a", tracked(0.1), tracked(None))
    assert change is not None
    assert change.worse
    assert f"{change.word}: {change.text}" == "broken: works at the base and fails now"
    mended = compare("a", tracked(None), tracked(0.1))
    assert mended is not None
    assert (mended.word, mended.worse) == ("mended", False)


@pytest.mark.parametrize("pair", [(None, None), (None, math.nan), (math.nan, None), (1.0, math.nan)])
def test_what_could_not_be_measured_is_told(pair: tuple[float | None, float | None]) -> None:
    change = compare("a", tracked(pair[0]), tracked(pair[1]))
    assert change is not None
    assert change.outcome == Outcome.UNMEASURED


def test_what_is_skipped_at_both_commits_is_no_change() -> None:
    assert compare("a", tracked(math.nan), tracked(math.nan)) is None


def test_what_was_skipped_and_is_measured_now_is_new() -> None:
    change = compare("a", tracked(math.nan), tracked(1.0))
    assert change is not None
    assert change.outcome == Outcome.ADDED


def test_an_error_of_nothing_is_compared_too() -> None:
    change = compare("a", tracked(0.0), tracked(0.001))
    assert change is not None
    assert change.text == "0 MSE -> 0.001 MSE"


def test_samples_are_taken_apart_into_rounds() -> None:
    assert least_of_rounds([3.0, 1.0, 2.0, 6.0, 5.0, 4.0], 2) == (1.0, 4.0)
    assert least_of_rounds([3.0, 1.0, 2.0], 2) == (1.0,)

"""When a method has got worse: limits of quality, time and memory, and failures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from priorbench.watch.changes import Change, Outcome
from priorbench.watch.judgement import as_before, disturbances, judge
from priorbench.watch.measuring import Measured, Round, Sample

GOOD = Sample(
    status="ok",
    noisy_sha256="noise",
    output_sha256="output",
    psnr=30.0,
    mse=0.001,
    wall_seconds=1.0,
    peak_memory_bytes=100 * 2**20,
)


def rounds(*samples: Sample) -> list[Round]:
    """Return rounds of one image."""
    return [{("image", 0): sample} for sample in samples]


def found(base: list[Round], head: list[Round]) -> list[tuple[Outcome, str]]:
    return [(change.outcome, change.what) for change in judge("m", (base, head))]


def only(base: Sample, head: Sample) -> Change:
    [change] = judge("m", (rounds(base), rounds(head)))
    return change


def test_what_is_as_it_was_is_not_told() -> None:
    assert found(rounds(GOOD, GOOD), rounds(GOOD, GOOD)) == []


@pytest.mark.parametrize(
    ("fall", "outcome"),
    [(0.3, Outcome.WORSE), (0.06, Outcome.WORSE), (0.04, Outcome.DIFFERENT), (0.0, Outcome.DIFFERENT)],
)
def test_a_fall_of_the_mean_psnr_is_worse_and_a_small_one_is_a_difference(
    fall: float, outcome: Outcome
) -> None:
    change = only(GOOD, replace(GOOD, psnr=30 - fall, output_sha256="other"))
    assert (change.outcome, change.what) == (outcome, "quality")
    assert change.numbers["difference"] == pytest.approx(-fall)


def test_a_rise_is_better_and_one_image_may_fall_where_the_mean_does_not() -> None:
    other = replace(GOOD, output_sha256="other")
    base: list[Round] = [{("a", 0): GOOD, ("b", 0): GOOD}]
    head: list[Round] = [{("a", 0): replace(other, psnr=29.0), ("b", 0): replace(other, psnr=32.0)}]
    assert found(base, head) == [(Outcome.BETTER, "quality")]


def test_an_infinite_psnr_on_both_sides_is_no_difference() -> None:
    perfect = replace(GOOD, psnr=None, mse=0.0)
    assert only(perfect, replace(perfect, output_sha256="other")).outcome == Outcome.DIFFERENT
    assert only(perfect, replace(GOOD, output_sha256="other")).outcome == Outcome.WORSE


def test_an_exact_image_that_is_lost_is_worse_whatever_another_one_gains() -> None:
    perfect, other = replace(GOOD, psnr=None, mse=0.0), replace(GOOD, output_sha256="other")
    base: list[Round] = [{("a", 0): perfect, ("b", 0): GOOD}]
    head: list[Round] = [{("a", 0): other, ("b", 0): replace(perfect, output_sha256="other")}]
    assert found(base, head) == [(Outcome.WORSE, "quality")]


def by_chance(*psnr: float) -> list[Round]:
    """Return rounds of a method that does not give the same twice."""
    return rounds(*(replace(GOOD, psnr=value, output_sha256=f"by chance {value}") for value in psnr))


@pytest.mark.parametrize(
    ("base", "head", "outcome"),
    [
        ((30.0, 30.2, 30.4), (29.9, 30.1, 30.3), Outcome.DIFFERENT),
        ((30.0, 30.2, 30.4), (30.1, 30.3, 30.5), Outcome.DIFFERENT),
        ((30.0, 30.2, 30.4), (29.5, 29.7, 29.9), Outcome.WORSE),
        ((30.0, 30.2, 30.4), (30.5, 30.7, 30.9), Outcome.BETTER),
    ],
)
def test_what_scatters_from_round_to_round_is_worse_only_beyond_that(
    base: tuple[float, ...], head: tuple[float, ...], outcome: Outcome
) -> None:
    [change] = judge("m", (by_chance(*base), by_chance(*head)))
    assert change.outcome == outcome
    assert "outputs differ from round to round, by up to 0.40 dB" in change.text


def test_slower_in_every_round_is_worse_and_faster_is_better() -> None:
    slow = replace(GOOD, wall_seconds=1.5)
    assert found(rounds(GOOD, GOOD), rounds(slow, slow)) == [(Outcome.WORSE, "time")]
    assert found(rounds(slow, slow), rounds(GOOD, GOOD)) == [(Outcome.BETTER, "time")]


def test_slower_in_some_rounds_only_is_chance() -> None:
    slow = replace(GOOD, wall_seconds=3.0)
    assert found(rounds(GOOD, GOOD, GOOD), rounds(slow, slow, GOOD)) == []
    assert found(rounds(GOOD, slow), rounds(slow, slow)) == []


def test_a_disturbed_timing_has_no_say_unless_all_are_disturbed() -> None:
    slow = replace(GOOD, wall_seconds=2.0)
    late = replace(GOOD, wall_seconds=9.0, tainted="a neighbour")
    assert found(rounds(*[GOOD] * 3, late), rounds(*[slow] * 4)) == [(Outcome.WORSE, "time")]
    calm, disturbed = (replace(each, tainted="a neighbour") for each in (GOOD, slow))
    assert found(rounds(calm, late), rounds(disturbed, disturbed)) == []
    assert found(rounds(calm, calm), rounds(disturbed, disturbed)) == [(Outcome.WORSE, "time")]


def test_an_undisturbed_round_does_not_decide_alone() -> None:
    """The code is the same; on a busy machine one round of five was marked on neither side."""
    slow, late = replace(GOOD, wall_seconds=5.6), replace(GOOD, wall_seconds=9.0, tainted="a neighbour")
    assert found(rounds(GOOD, *[late] * 4), rounds(*[slow] * 5)) == []


def test_a_little_slower_is_not_told() -> None:
    assert found(rounds(GOOD), rounds(replace(GOOD, wall_seconds=1.19))) == []


def test_the_times_of_images_count_by_their_ratios() -> None:
    tiny, long = replace(GOOD, wall_seconds=0.01), replace(GOOD, wall_seconds=100.0)
    base: list[Round] = [{("tiny", 0): tiny, ("long", 0): long}]
    head: list[Round] = [{("tiny", 0): replace(tiny, wall_seconds=0.02), ("long", 0): long}]
    [change] = judge("m", (base, head))
    assert change.numbers["ratio"] == pytest.approx(2**0.5)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [(100, 150, True), (100, 109, False), (10, 13, False), (10, 15, True), (0, 3, False), (0, 50, True)],
)
def test_more_memory_is_a_tenth_and_some_mebibytes(before: int, after: int, told: bool) -> None:
    less, more = (replace(GOOD, peak_memory_bytes=size * 2**20) for size in (before, after))
    assert found(rounds(less), rounds(more)) == ([(Outcome.WORSE, "memory")] if told else [])
    assert found(rounds(more), rounds(less)) == ([(Outcome.BETTER, "memory")] if told else [])


def test_unknown_times_and_memory_are_not_compared() -> None:
    unknown = replace(GOOD, wall_seconds=None, peak_memory_bytes=None)
    assert found(rounds(unknown), rounds(replace(GOOD, wall_seconds=99.0))) == []


def test_of_what_is_as_it_was_it_is_told_what_would_have_been_seen() -> None:
    change = as_before("m", (rounds(GOOD, GOOD), rounds(GOOD, GOOD)))
    assert (change.outcome, change.text) == (
        Outcome.AS_BEFORE,
        "same outputs, 1 image, time 1.00 times (a slow-down by 1.20 or more would be told), "
        "memory 100 MiB -> 100 MiB",
    )
    scattered = as_before("m", (rounds(GOOD, GOOD), rounds(GOOD, replace(GOOD, wall_seconds=0.7))))
    factor = scattered.numbers["seen_from"]
    assert factor == pytest.approx(1.2 / 0.7)
    for more, told in ((1.01, [(Outcome.WORSE, "time")]), (0.99, [])):
        head = [replace(GOOD, wall_seconds=more * factor * each) for each in (1.0, 0.7)]
        assert found(rounds(GOOD, GOOD), rounds(*head)) == told
    unknown = replace(GOOD, wall_seconds=None, peak_memory_bytes=None)
    assert as_before("m", (rounds(unknown), rounds(unknown))).text == "same outputs, 1 image"


def test_what_fails_now_is_worse_and_its_reason_is_named() -> None:
    change = only(GOOD, Sample(status="error", error="ValueError:\n  no luck"))
    assert (change.outcome, change.what) == (Outcome.WORSE, "broken")
    assert change.text == "fails on 1 of 1 image: ValueError: no luck"


def test_what_fails_in_the_base_or_on_both_sides_is_not_measured() -> None:
    bad = Sample(status="timeout")
    assert "in the base on 1 of 1 image: timeout" in only(bad, GOOD).text
    assert "on both sides on 1 of 1 image: timeout" in only(bad, bad).text
    assert only(bad, GOOD).outcome == only(bad, bad).outcome == Outcome.UNMEASURED


def test_images_that_fail_leave_the_others_to_be_compared() -> None:
    base: list[Round] = [{("a", 0): GOOD, ("b", 0): GOOD}]
    head: list[Round] = [{("a", 0): Sample(status="error"), ("b", 0): replace(GOOD, wall_seconds=9.0)}]
    assert found(base, head) == [(Outcome.WORSE, "broken"), (Outcome.WORSE, "time")]


def test_a_trial_without_a_result_is_a_failure() -> None:
    assert found([{("a", 0): GOOD}], [{}]) == [(Outcome.WORSE, "broken")]
    assert found([{}], [{}]) == [(Outcome.UNMEASURED, "")]


def test_another_noise_is_not_compared() -> None:
    change = only(GOOD, replace(GOOD, noisy_sha256="other", psnr=10.0, output_sha256="other"))
    assert change.outcome == Outcome.UNMEASURED
    assert "noisy image differs" in change.text


def test_disturbed_timings_are_counted_with_their_reason() -> None:
    measured: Measured = (rounds(GOOD, replace(GOOD, tainted="a neighbour")), rounds(GOOD, GOOD))
    assert disturbances(measured) == "1 of 4 timings: a neighbour"
    assert disturbances((rounds(GOOD), rounds(GOOD))) == ""


def test_disturbances_that_differ_in_numbers_only_are_told_once() -> None:
    marks = (
        "other processes used 1.0 cores",
        "a core was too hot and slowed down; other processes used 11.2 cores",
        "other processes used 1.2 cores",
    )
    base = rounds(*(replace(GOOD, tainted=mark) for mark in marks))
    assert disturbances((base, rounds(GOOD, GOOD, GOOD))) == (
        "3 of 6 timings: other processes used 1.0 to 11.2 cores; a core was too hot and slowed down"
    )

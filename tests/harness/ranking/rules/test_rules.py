"""The board of rules: what each rule lost, in numbers that are known beforehand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from ruled_records import bound, only_row, rows_of, ruled
from sample_records import trial

from priorbench.errors import PriorbenchError, UnknownNameError
from priorbench.ranking.inference.sign_flips import flip_tests
from priorbench.ranking.rules import rules_boards

#: of eleven images; the 95th percentile lies half-way between the last two
ELEVEN = [0.1 * n for n in range(11)]


def test_medians_percentiles_and_rates_are_those_of_the_gaps():
    row = only_row(
        ruled("es", [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0], stopped_at=70, iterations=40)
    )
    assert (row.gap_median, row.gap_95, row.gap_images) == (1.0, 1.9, 11)
    assert row.over_gap == 5 / 11  # a gap of 1 dB is not over 1 dB
    assert (row.stopped_at, row.iterations, row.images) == (70, 40, 11)
    assert row.psnr == pytest.approx(np.mean([bound(n) - 0.2 * n for n in range(11)]))
    assert only_row(ruled("es", ELEVEN), gap=0.35).over_gap == 7 / 11


def test_rounding_makes_no_failure():
    """32.2 - 31.2 is 1.0000000000000036."""
    assert 32.2 - 31.2 > 1
    assert only_row([trial("dd", "0", 31.2, stopping_rule="es", oracle_psnr=32.2)]).over_gap == 0


def test_medians_of_what_differs_from_image_to_image():
    records = [
        one
        for image, (stop, chosen, seconds) in enumerate([(10, 5, 1.0), (30, 20, 4.0), (20, 15, 8.0)])
        for one in ruled("es", [0.1] * 3, stopped_at=stop, iterations=chosen, wall_seconds=seconds)[image:][
            :1
        ]
    ]
    row = only_row(records)
    assert (row.stopped_at, row.iterations) == (20, 15)
    assert row.seconds == pytest.approx(4.0)


def test_times_of_unlike_environments_have_no_median():
    records = ruled("es", [0.1, 0.2], wall_seconds=1.0)
    assert only_row(records).seconds == 1.0
    [first, _] = records
    assert only_row([first, *ruled("es", [0, 0.2], wall_seconds=1.0, environment="f")[1:]]).seconds is None


def test_repetitions_are_averaged_within_an_image_first():
    """One image with a gap of 0.5 in the mean of two draws, one with 3 in the mean of two."""

    def draw(number, gaps, **changes):
        noise = f"noise {number}"
        return ruled("es", gaps, repetition=number, noisy_sha256=noise, **changes)

    row = only_row([*draw(0, [0.0, 2.0], fired=False), *draw(1, [1.0, 4.0], fired=True)])
    assert (row.gap_median, row.over_gap, row.gap_images) == (1.75, 0.5, 2)
    assert row.never_fired == 0.5


def test_a_rule_that_never_fired_is_told_from_one_without_a_criterion():
    found = rows_of(
        [
            *ruled("never", ELEVEN, fired=False),
            *ruled("half", ELEVEN[:5], fired=True),
            *ruled("half", ELEVEN, fired=False)[5:10],
            *ruled("fixed", ELEVEN),
        ]
    )
    assert {rule: row.never_fired for (_, rule), row in found.items()} == {
        "never": 1.0,
        "half": 0.5,
        "fixed": None,
    }


def test_records_from_before_there_were_such_fields_have_a_gap_and_no_more():
    row = only_row(ruled("es", [0.5, 0.7]))
    assert row.gap_median == pytest.approx(0.6)
    empty = (row.never_fired, row.stopped_at, row.iterations, row.seconds)
    assert empty == (None,) * 4 and row.fits_judged == 0


def test_without_a_bound_there_is_no_gap():
    row = only_row(ruled("es", [0.5, 0.7], oracle_psnr=None))
    assert (row.gap_median, row.gap_95, row.over_gap, row.gap_images) == (None, None, None, 0)
    assert (row.images, row.psnr) == (2, pytest.approx(29.9))


def test_an_exact_result_lost_nothing():
    exact = trial("dd", "1", None, stopping_rule="es", mse=0.0, oracle_psnr=None)
    row = only_row([*ruled("es", [0.5]), exact])
    assert (row.images, row.infinite, row.gap_images, row.gap_median) == (2, 1, 2, 0.25)


def test_a_result_without_a_psnr_is_in_no_mean():
    row = only_row([*ruled("es", [0.5]), trial("dd", "1", math.nan, stopping_rule="es", oracle_psnr=31.0)])
    assert (row.psnr, row.gap_images, row.gap_median) == (29.5, 1, 0.5)


def test_one_image_has_no_interval_and_is_told():
    [board] = rules_boards([*ruled("a", [0.2]), *ruled("b", [0.7])])
    first, second = board.rows
    assert (first.gap_median, first.gap_95) == (0.2, 0.2)
    assert second.difference.interval is None and second.difference.verdict == ""
    assert any("one image" in note for note in board.notes)


def test_the_rules_of_a_method_are_ordered_by_their_gap_and_oracles_are_last():
    records = [
        record
        for method in ("b", "a")
        for rule, gap in (("oracle", 0.0), ("fixed", 2.0), ("es", 0.5))
        for record in ruled(rule, [gap] * 3, method=method)
    ]
    [board] = rules_boards(records)
    assert [(row.method, row.stopping_rule) for row in board.rows] == [
        (method, rule) for method in "ab" for rule in ("es", "fixed", "oracle")
    ]
    assert [row.oracle for row in board.rows] == [False, False, True] * 2
    assert board.rows[2].unranked == "an oracle sees the clean image"


def noise_of(seed, images=8):
    return np.random.default_rng(seed).normal(0, 0.1, images)


def test_each_rule_is_compared_with_the_best_of_its_method():
    """The p are those of the flips of all pairs of one method's rules, on the whole board."""
    lost = {
        (method, rule): size + noise_of(seed)
        for seed, (method, rule, size) in enumerate(
            [("a", "x", 0.2), ("a", "y", 0.3), ("a", "z", 1.0), ("b", "x", 0.9), ("b", "y", 0.2)]
        )
    }
    records = [one for (method, rule), gaps in lost.items() for one in ruled(rule, gaps, method=method)]
    records += ruled("near", 0.22 + noise_of(9), method="a", oracle=True)  # it is in no family
    found = rows_of(records)
    assert found["a", "x"].difference is None and found["b", "y"].difference is None
    assert {row.against for (method, _), row in found.items() if method == "b"} == {"y"}
    for key, best in ((("a", "z"), ("a", "x")), (("b", "x"), ("b", "y"))):
        told = found[key].difference
        assert told.mean == pytest.approx(np.mean(lost[best] - lost[key]))
        assert told.verdict == "worse" and told.interval.high < 0
    values = -np.vstack(list(lost.values())) + [bound(n) for n in range(8)]
    first, second = np.array([[0, 0, 1, 3], [1, 2, 2, 4]])
    p = flip_tests(values, first, second)
    wanted = {("a", "y"): 0, ("a", "z"): 1, ("b", "x"): 3}
    for key, place in wanted.items():
        assert found[key].difference.p_adjusted == pytest.approx(p.adjusted[place])
        assert found[key].difference.p == pytest.approx(p.alone[place])


def test_a_rule_that_is_named_is_what_the_others_are_compared_with():
    records = [
        *ruled("fixed", 1 + noise_of(0)),
        *ruled("es", 0.3 + noise_of(1)),
        *ruled("oracle", [0.0] * 8),
        *ruled("es", 0.3 + noise_of(1), method="lacking"),
    ]
    [board] = rules_boards(records, against="fixed")
    found = {(row.denoiser, row.stopping_rule): row for row in board.rows}
    assert found["dd", "fixed"].difference is None
    assert found["dd", "es"].difference.verdict == "better" and found["dd", "es"].against == "fixed"
    p = flip_tests(np.array([noise_of(1), 0.7 + noise_of(0)]), np.array([0]), np.array([1]))
    assert found["dd", "es"].difference.p_adjusted == pytest.approx(p.alone[0])
    oracle = found["dd", "oracle"].difference
    assert oracle.mean > 0 and oracle.p_adjusted is None and oracle.verdict == ""
    assert found["lacking", "es"].against is None and found["lacking", "es"].difference is None
    assert any(note.startswith("lacking was not run under fixed") for note in board.notes)
    with pytest.raises(UnknownNameError, match="did you mean 'fixed'"):
        rules_boards(records, against="fixd")


def test_rules_are_compared_over_the_results_that_they_share():
    """What only one rule ran on is hard: it makes no rule look better or worse."""
    [board] = rules_boards([*ruled("all", [0.1] * 4 + [9.0]), *ruled("some", [0.2] * 4)])
    first, second = board.rows
    assert [(row.stopping_rule, row.images, row.gap_95) for row in (first, second)] == [
        ("all", 4, pytest.approx(0.1)),
        ("some", 4, pytest.approx(0.2)),
    ]
    assert board.images == 4
    assert board.notes[0].startswith(
        "dd: its rules are compared over the 4 images that all of them have; not"
    )


def test_a_method_that_ran_on_less_takes_nothing_from_another():
    found = rows_of([*ruled("es", [0.1] * 6), *ruled("es", [0.2] * 2, method="slow")])
    assert [row.images for row in found.values()] == [6, 2]


def test_a_rule_that_failed_where_others_did_not_is_not_compared():
    failed = trial("dd", "2", None, stopping_rule="b", status="crashed", error="signal 9")
    found = rows_of([*ruled("a", [0.5] * 3), *ruled("b", [0.1] * 2), failed])
    assert found["dd", "a"].images == 3 and found["dd", "a"].against == "a"
    row = found["dd", "b"]
    assert row.unranked == "2 of 3 images: 1 crashed" and row.failures == {"crashed": 1}
    assert row.difference.p_adjusted is None and row.refusals == {}
    assert list(found) == [("dd", "a"), ("dd", "b")]  # though its gap is smaller


def test_what_was_refused_is_counted_with_its_reason_and_not_averaged():
    reasons = [f"the rule 'sure' needs white Gaussian noise, not clipped: image {n}" for n in range(3)]
    refused = [
        trial("dd", str(n), None, stopping_rule="sure", status="refused", error=reasons[n]) for n in range(3)
    ]
    found = rows_of([*ruled("fixed", [0.5] * 3), *refused])
    row = found["dd", "sure"]
    assert row.refusals == {reasons[0]: 3} and row.failures == {"refused": 3}
    assert (row.images, row.psnr, row.gap_median, row.difference) == (0, None, None, None)
    assert row.unranked == "0 of 3 images: 3 refused"
    assert found["dd", "fixed"].images == 3 and found["dd", "fixed"].against == "fixed"


def test_failed_fits_are_counted_by_image():
    row = only_row(
        [
            *ruled("es", [0.5] * 3, fit_failed=False),
            *ruled("es", [0.5] * 4, fit_failed=True)[3:],
            *ruled("es", [0.5] * 5)[4:],
            *ruled("es", [0.5], fit_failed=True, repetition=1, noisy_sha256="another"),
        ]
    )
    assert (row.failed_fits, row.fits_judged) == (2, 4)


def test_it_is_told_on_how_many_images_an_oracle_rule_looked():
    """Without one the bound is that of the curve, and the gap may be too small."""
    alone = only_row(ruled("es", [0.1] * 3))
    assert (alone.gap_images, alone.full_bound) == (3, 0)
    found = rows_of([*ruled("es", [0.1] * 3), *ruled("oracle", [0.0] * 2)])
    assert (found["dd", "es"].gap_images, found["dd", "es"].full_bound) == (3, 2)
    late = [
        trial("dd", str(n), bound(n), stopping_rule="oracle", oracle=True, oracle_psnr=bound(n))
        for n in range(3)
    ]
    early = rows_of([*ruled("es", [0.1] * 3, oracle_psnr=29.95), *late])["dd", "es"]
    assert early.full_bound == 0


def test_a_shorter_fit_of_the_same_trajectory_is_told_and_comes_later():
    """A fit that ends when its rule stops has not seen the best iterate: its gap is too small."""
    now = {"stopping_parameters": {"stop_now": True}, "stopping_rule": "es-now"}
    short = [
        trial("dd", str(n), bound(n) - 1, key=f"now {n}", oracle_psnr=bound(n) - 1, **now) for n in range(3)
    ]
    found = rows_of([*ruled("es", [1.0] * 3), *short])
    assert list(found) == [("dd", "es"), ("dd", "es-now+stop-now")]
    row = found["dd", "es-now+stop-now"]
    assert (row.stop_now, row.short_bound, row.gap_median) == (True, 3, 0.0)
    assert found["dd", "es"].short_bound == 0


def test_an_exact_iterate_of_another_row_is_the_better_bound():
    exact = trial("dd", "0", None, stopping_rule="oracle", oracle=True, mse=0.0, oracle_psnr=None)
    row = rows_of([*ruled("es", [0.5]), exact])["dd", "es"]
    assert (row.short_bound, row.full_bound) == (1, 0)


def test_averages_have_trajectories_of_their_own():
    """An averaged trajectory is bounded by its own best, which the raw one does not reach."""
    averaged = {"stopping_parameters": {"average": "ema-0.99"}, "stopping_rule": "es-ema"}
    smooth = [
        trial("dd", str(n), bound(n) + 1.5, key=f"ema {n}", oracle_psnr=bound(n) + 2, **averaged)
        for n in range(3)
    ]
    found = rows_of([*ruled("es", [1.0] * 3), *ruled("oracle", [0.0] * 3), *smooth])
    row = found["dd", "es-ema+ema-0.99"]
    assert (row.average, row.gap_median, row.full_bound, row.short_bound) == ("ema-0.99", 0.5, 0, 0)
    assert (found["dd", "es"].short_bound, found["dd", "es"].full_bound) == (0, 3)


@pytest.mark.parametrize("gap", [-0.1, math.inf, math.nan])
def test_a_gap_that_is_no_size_is_refused(gap):
    with pytest.raises(PriorbenchError, match="such as 1"):
        rules_boards([], gap=gap)

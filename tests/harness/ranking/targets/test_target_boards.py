"""Time to target: closed-form curves, expected running times by hand, and fits that count once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from trajectories import boards, called, curve, fitted

from priorbench.errors import PriorbenchError, UnknownNameError
from priorbench.ranking.targets import Target
from priorbench.ranking.targets.measures import expected_running_time

NOISY_3 = (Target(base="noisy", offset=3.0),)
NOISY_6 = (Target(base="noisy", offset=6.0),)


def one(records, **asked):
    [board] = boards(records, **({"targets": NOISY_3} | asked))
    return board


def times(board, name):
    [found] = [method for method in board.methods if method.name == name]
    return found


def rising(label: str, image: str, *, seconds: float, top: int = 10, **changes):
    """Return a fit that gains 1 dB over noisy 20 dB with each iteration, each of which takes `seconds`."""
    points = [(number, number * seconds, 20.0 + number) for number in range(1, top + 1)]
    return fitted(label, image, *points, **changes)


def test_targets_that_are_a_methods_own_results_are_named():
    """A better method may reach them or not; bm3d does by definition, but not what lies above."""
    records = [
        called(label, image, psnr, 1.0) for label, psnr in (("bm3d", 30.0), ("good", 31.0)) for image in "12"
    ]
    targets = (*NOISY_3, *(Target(base="bm3d", offset=offset) for offset in (-1.0, -0.5, 0.0, 0.5)))
    board = one(records, targets=targets)
    assert times(board, "bm3d").own_targets == ("bm3d-1", "bm3d-0.5", "bm3d")
    assert times(board, "good").own_targets == ()
    assert "bm3d reaches bm3d-1, bm3d-0.5 and bm3d by definition" in board.notes
    assert not any("by definition" in note for note in one(records).notes)


def test_averages_of_a_reference_do_not_reach_its_results_by_definition():
    records = [
        rising("a", "1", seconds=1.0),
        rising("a", "1", seconds=1.0, rule="y", stopping_parameters={"average": "ema-0.99"}),
    ]
    board = one(records, targets=(Target(base="a@best-loss"),))
    assert {method.name: method.own_targets for method in board.methods} == {
        "a": ("a@best-loss",),
        "a+ema-0.99": (),
    }


def test_a_curve_reaches_its_target_at_the_first_point_that_is_as_high():
    board = one([rising("a", "1", seconds=0.5)])
    [found] = times(board, "a").reached
    assert (found.target, found.fits, found.successes, found.rate) == ("noisy+3", 1, 1, 1.0)
    assert (found.median_seconds, found.median_iterations) == (1.5, 3)
    assert (found.expected_seconds, found.expected_iterations) == (1.5, 3)


def test_a_curve_that_falls_again_has_still_reached_its_target():
    board = one([fitted("a", "1", (1, 1.0, 21.0), (2, 2.0, 24.0), (4, 4.0, 19.0))])
    assert times(board, "a").reached[0].median_seconds == 2.0


def test_rounding_of_curves_loses_no_target():
    board = one(
        [called("a", "1", 25.0000049, 1.0), fitted("b", "1", (1, 1.0, 25.0))], targets=(Target(base="a"),)
    )
    assert times(board, "b").reached[0].successes == 1


def test_the_expected_running_time_is_that_of_coco():
    """Three fits: success after 2 s, success after 4 s, and 30 s in vain: 36 s for two successes."""
    assert expected_running_time([2.0, 4.0], [30.0]) == 18.0
    assert expected_running_time([], [30.0]) is None
    assert expected_running_time([2.0], [float("nan")]) is None
    vain = fitted("a", "3", (1, 10.0, 21.0), (3, 30.0, 22.0))
    board = one([rising("a", "1", seconds=2 / 3), rising("a", "2", seconds=4 / 3), vain])
    [found] = times(board, "a").reached
    assert (found.fits, found.successes) == (3, 2)
    assert found.expected_seconds == pytest.approx(18.0)
    assert found.expected_iterations == pytest.approx((3 + 3 + 3) / 2)
    assert found.median_seconds == pytest.approx(3.0)


def test_a_target_that_is_never_reached_has_no_time():
    board = one([rising("a", "1", seconds=1.0, top=2)])
    [found] = times(board, "a").reached
    assert (found.rate, found.expected_seconds, found.median_seconds) == (0.0, None, None)
    assert times(board, "a").distribution.at == ()


def test_a_one_shot_method_reaches_in_the_time_that_it_takes_or_not_at_all():
    board = one([called("a", "1", 23.0, 0.25), called("a", "2", 22.9, 4.0)])
    [found] = times(board, "a").reached
    assert (found.successes, found.expected_seconds, found.median_seconds) == (1, 4.25, 0.25)
    assert (found.expected_iterations, found.median_iterations) == (None, None)


def test_the_reference_is_that_of_this_very_image():
    targets = (Target(base="bm3d", offset=-1.0), Target(base="bm3d"))
    board = one(
        [
            called("bm3d", "1", 25.0, 9.0),
            called("bm3d", "2", 30.0, 9.0),
            rising("a", "1", seconds=1.0),
            rising("a", "2", seconds=1.0),
        ],
        targets=targets,
    )
    below, same = times(board, "a").reached
    assert (below.expected_seconds, same.expected_seconds) == ((4 + 9) / 2, (5 + 10) / 2)
    assert [found.rate for found in times(board, "bm3d").reached] == [1.0, 1.0]


def test_an_exact_iterate_reaches_every_target_and_an_exact_reference_takes_one():
    exact = {"mse": 0.0}
    board = one(
        [
            called("bm3d", "1", None, 9.0, **exact),
            fitted("a", "1", (1, 1.0, 21.0), (2, 2.0, None), **exact),
            rising("b", "1", seconds=1.0),
        ],
        targets=(*NOISY_6, Target(base="bm3d")),
    )
    assert [found.median_seconds for found in times(board, "a").reached] == [2.0, 2.0]
    assert [found.median_seconds for found in times(board, "b").reached] == [6.0, None]
    assert any("100 dB" in note for note in board.notes)


def test_an_iterate_that_is_not_finite_reaches_nothing():
    points = curve((1, 1.0, 21.0), (2, 2.0, None), residual=None)
    board = one([fitted("a", "1", (1, 1.0, 21.0), curve=points)])
    assert times(board, "a").reached[0].successes == 0


def test_rules_of_one_fit_are_one_fit():
    fit = [rising("a", "1", seconds=1.0, rule=rule, oracle=rule == "oracle") for rule in ("x", "y", "oracle")]
    board = one(fit)
    assert [method.name for method in board.methods] == ["a"]
    assert (times(board, "a").fits, times(board, "a").excluded) == (1, "")
    assert times(board, "a").reached[0].fits == 1


def test_a_fit_that_was_run_twice_counts_once_as_far_as_it_went():
    short = rising("a", "1", seconds=1.0, top=2, rule="x")
    long = rising("a", "1", seconds=1.0, top=9, rule="y")
    for records in ([short, long], [long, short]):
        assert times(one(records), "a").reached[0].median_seconds == 3.0


def test_the_last_iterate_that_fixed_returns_belongs_to_the_trajectory():
    fixed = fitted("a", "1", (1, 1.0, 21.0), rule="fixed", iterations=5, wall_seconds=5.0)
    [found] = times(one([replace(fixed, psnr=24.0)]), "a").reached
    assert (found.median_seconds, found.median_iterations) == (5.0, 5)


def test_each_average_and_each_fit_that_was_stopped_is_a_method_of_its_own():
    board = one(
        [
            rising("a", "1", seconds=1.0),
            rising("a", "1", seconds=0.5, stopping_parameters={"average": "ema-0.99"}, rule="y"),
            rising("a", "1", seconds=1.0, top=4, stopping_parameters={"stop_now": True}, rule="z"),
        ]
    )
    assert sorted(method.name for method in board.methods) == ["a", "a+ema-0.99", "a@z"]
    assert times(board, "a+ema-0.99").reached[0].median_seconds == 1.5


def test_draws_of_noise_are_fits_of_their_own_and_averaged_in_quality():
    def draw(number: int, seconds: float, psnr: float):
        return fitted("a", "1", (1, seconds, psnr), repetition=number, noisy_sha256=f"1-{number}")

    board = one([draw(0, 1.0, 24.0), draw(1, 3.0, 22.0), fitted("a", "2", (1, 1.0, 21.0))], budgets=(5.0,))
    found = times(board, "a")
    assert (board.images, board.fits, found.fits, found.reached[0].successes) == (2, 3, 3, 1)
    assert found.within[0].psnr == pytest.approx(((24.0 + 22.0) / 2 + 21.0) / 2)


def test_devices_and_threads_and_environments_are_not_pooled():
    board = one(
        [
            rising("a", "1", seconds=1.0),
            rising("a", "1", seconds=0.1, device="cuda", environment="g"),
            rising("a", "1", seconds=0.6, threads=8),
        ]
    )
    assert len(board.methods) == 3
    assert len({pick.conditions for pick in board.picks}) == 3


def test_times_of_unlike_machines_are_left_out_and_iterations_kept():
    board = one([rising("a", "1", seconds=1.0), rising("a", "2", seconds=1.0, environment="other")])
    [found] = times(board, "a").reached
    assert (found.rate, found.expected_seconds, found.expected_iterations) == (1.0, None, 3)
    assert (times(board, "a").timed, times(board, "a").distribution, board.picks) == (False, None, ())
    assert any("unlike environments" in note for note in board.notes)


def test_a_machine_that_has_all_fits_is_preferred_to_one_that_has_some():
    everywhere = [rising("a", str(n), seconds=1.0) for n in range(3)]
    again = [rising("a", "1", seconds=0.1, top=20, environment="other", rule="y")]
    assert times(one([*everywhere, *again]), "a").reached[0].median_seconds == 3.0


def test_a_failed_fit_reaches_nothing_and_its_time_counts():
    lost = {"status": "timeout", "limits": {"timeout": 60.0}, "curve": None, "wall_seconds": None}
    board = one([rising("a", "1", seconds=1.0), fitted("a", "2", (1, 1.0, None), **lost)], budgets=(5.0,))
    found = times(board, "a")
    assert (found.failed, found.reached[0].fits, found.reached[0].expected_seconds) == (1, 2, 63.0)
    assert (found.within[0].without, found.within[0].psnr) == (1, (25.0 + 20.0) / 2)
    assert any("failed fits reach nothing" in note and "a 1" in note for note in board.notes)


def test_a_curve_counts_whatever_became_of_the_rule():
    refused = rising("a", "1", seconds=1.0, status="refused", error="needs sigma")
    assert times(one([refused]), "a").reached[0].median_seconds == 3.0


def test_an_iterative_method_without_a_curve_is_named_and_left_out():
    bare = fitted("b", "1", (1, 1.0, 30.0), curve=None)
    board = one([rising("a", "1", seconds=1.0), bare])
    assert [method.name for method in board.methods] == ["a"]
    assert any("without a curve" in note and "b on 1 noisy image" in note for note in board.notes)


@pytest.mark.parametrize(
    "points",
    [
        ((1, 2.0, 25.0), (2, 1.0, 26.0)),  # time runs back
        ((2, 1.0, 25.0), (1, 2.0, 26.0)),
        ((1, -1.0, 25.0),),
        ((1, 1e12, 25.0),),
        ((1, 1.0, 1e9),),
        ((1, None, 25.0),),
        ((10**400, 1.0, 25.0),),
    ],
)
def test_a_curve_that_cannot_be_one_is_named_and_left_out(points):
    board = one([rising("a", "1", seconds=1.0), fitted("b", "1", (1, 1.0, 30.0), curve=curve(*points))])
    assert [method.name for method in board.methods] == ["a"]
    assert any("cannot be one" in note and "b on 1 noisy image" in note for note in board.notes)


def test_fits_of_other_parameters_under_the_same_label_do_not_mix():
    board = one(
        [
            rising("a", "1", seconds=1.0, rule="x", parameters={"k": 1}),
            rising(
                "a", "1", seconds=2.0, rule="y", parameters={"k": 2}, started_at="2026-02-01T00:00:00+00:00"
            ),
        ]
    )
    assert times(board, "a").reached[0].median_seconds == 6.0
    assert any("other parameters or code" in note for note in board.notes)


def test_methods_are_compared_over_the_images_that_they_share():
    records = [rising("a", str(n), seconds=1.0) for n in range(6)]
    records += [called("b", str(n), 23.0, 0.1) for n in range(6)]
    records += [fitted("slow", str(n), (1, 1.0, 40.0)) for n in range(2)]
    board = one(records)
    assert (board.images, times(board, "slow").excluded) == (6, "2 of 6 images")
    assert all(pick.method != "slow" for pick in board.picks)
    board = one(records, shared=True)
    assert (board.images, times(board, "slow").excluded) == (2, "")
    assert {pick.method for pick in board.picks} == {"slow"}
    with pytest.raises(PriorbenchError, match="no image that every method has"):
        one([*records, called("lone", "99", 23.0, 0.1)], shared=True)


def test_oracles_and_trained_methods_are_shown_and_never_picked():
    board = one(
        [
            called("wiener", "1", 40.0, 0.1, oracle=True),
            called("net", "1", 39.0, 0.1, trained_on=("photos",)),
            called("a", "1", 30.0, 0.1),
        ]
    )
    assert {pick.method for pick in board.picks} == {"a"}
    assert times(board, "wiener").excluded == "an oracle sees the clean image"
    assert times(board, "net").excluded == "trained on photos"


def test_a_board_without_the_reference_has_the_other_targets():
    records = [called("a", "1", 30.0, 1.0), called("bm3d", "1", 31.0, 1.0)]
    other = [called("a", "1", 30.0, 1.0, noise="m", key="m")]
    first, second = boards([*records, *other])
    assert sorted(map(len, (first.targets, second.targets))) == [3, 6]
    with pytest.raises(UnknownNameError, match="did you mean 'bm3d'"):
        boards(records, targets=(Target(base="bm3x"),))


def test_a_reference_that_may_be_several_must_be_named_fully():
    records = [called("a", "1", 30.0, 1.0), called("a", "1", 31.0, 1.0, threads=8)]
    with pytest.raises(PriorbenchError, match="names several rows"):
        boards(records, targets=(Target(base="a"),))
    assert boards(records, targets=(Target(base="a@8-threads"),))
    assert boards(records, targets=(Target(base="a", optional=True),))


def test_tainted_times_and_batches_are_marked():
    board = one([rising("a", "1", seconds=1.0, tainted="load", batch=4), rising("b", "1", seconds=1.0)])
    names = {method.name: method for method in board.methods}
    assert sorted(names) == ["a@batch-4", "b@batch-1"]
    assert names["a@batch-4"].tainted == 1
    assert any("share of them" in note for note in board.notes)


def test_the_empirical_distribution_counts_pairs():
    """Two images and two targets: hits after 3 s and 6 s on both images, but only the first on the second."""
    board = one(
        [rising("a", "1", seconds=1.0), rising("a", "2", seconds=1.0, top=5)],
        targets=(*NOISY_3, *NOISY_6),
        budgets=(2.9, 3.0, 100.0),
    )
    found = times(board, "a")
    assert (found.distribution.at, found.distribution.share) == ((3.0, 6.0), (0.5, 0.75))
    assert [within.reached for within in found.within] == [0.0, 0.5, 0.75]


def test_a_distribution_and_a_line_have_few_points_however_many_fits():
    records = [rising("a", str(n), seconds=1.0 + n / 1000) for n in range(200)]
    found = times(one(records), "a")
    assert len(found.distribution.at) <= 60
    assert found.distribution.share[-1] == 1.0
    assert len(found.against_seconds.at) <= 60


def test_an_image_without_the_reference_is_in_no_rate_of_that_target():
    lost = {"status": "crashed", "stopping_rule": None}
    board = one(
        [
            called("bm3d", "1", 25.0, 9.0),
            called("bm3d", "2", None, None, **lost),
            rising("a", "1", seconds=1.0),
            rising("a", "2", seconds=1.0),
        ],
        targets=(Target(base="bm3d"),),
    )
    assert (times(board, "a").reached[0].fits, times(board, "a").reached[0].rate) == (1, 1.0)
    assert any("bm3d on 1 noisy image" in note for note in board.notes)


def test_a_fit_that_was_stopped_has_its_average_in_the_name_of_its_rule():
    settings = {"average": "ema-0.99", "stop_now": True}
    board = one([rising("a", "1", seconds=1.0, stopping_parameters=settings, rule="es-wmv+ema+stop-now")])
    assert [method.name for method in board.methods] == ["a@es-wmv+ema+stop-now"]


def test_without_a_noisy_psnr_nothing_is_picked_and_nothing_breaks():
    board = one([called("a", "1", 30.0, 1.0, noisy_psnr=None)])
    assert (board.noisy_psnr, times(board, "a").reached[0].fits) == (None, 0)
    assert [pick.method for pick in board.picks] == [None] * 4


def test_an_iterative_method_that_only_an_oracle_stopped_is_not_picked():
    board = one([rising("a", "1", seconds=1.0, rule="oracle", oracle=True), called("b", "1", 21.0, 1.0)])
    assert times(board, "a").excluded == "only run with an oracle"


def test_a_fit_that_its_rule_ended_has_its_result_when_it_ended_and_nothing_before():
    """It has no curve: what the rule took, patience included, is the honest time."""
    ended = fitted("a", "1", (1, 1.0, 30.0), rule="es-wmv+stop-now", curve=None, iterations=36, stopped_at=66,
                   wall_seconds=6.6, stopping_parameters={"stop_now": True})  # fmt: skip
    board = one([ended, rising("a", "1", seconds=0.1)], budgets=(6.5, 7.0))
    [found] = times(board, "a@es-wmv+stop-now").reached
    assert (found.expected_seconds, found.expected_iterations) == (6.6, 66)
    assert [within.without for within in times(board, "a@es-wmv+stop-now").within] == [1, 0]
    assert not any("without a curve" in note for note in board.notes)


def test_a_commit_that_changed_no_source_makes_no_other_fit():
    """The digest of the source says what ran: fits before and after a change of the documents are alike."""
    first = [
        rising("a", str(n), seconds=1.0, rule="x", plugin_source="s", plugin_commit="1") for n in range(4)
    ]
    later = {"plugin_source": "s", "plugin_commit": "2", "started_at": "2026-02-01T00:00:00+00:00"}
    board = one([*first, *(rising("a", str(n), seconds=1.0, rule="y", **later) for n in range(2))])
    assert (board.images, times(board, "a").fits) == (4, 4)
    assert not any("other parameters or code" in note for note in board.notes)

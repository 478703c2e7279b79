"""Ranks claim what the data hold: intervals, groups, families, and who is told apart from whom."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from sample_records import columns_of, only, trial
from scipy import stats

from priorbench.errors import PriorbenchError
from priorbench.ranking.claims import Claims
from priorbench.ranking.inference.paired import Quality
from priorbench.ranking.inference.ranks import ranks
from priorbench.ranking.leaderboard import leaderboard


def rows_of(board):
    return {row.denoiser: row for row in board.rows}


def ranked(psnr, claims=None):
    """Rank methods by their PSNR on each image: (methods, images)."""
    psnr = np.asarray(psnr, dtype=float)
    panel = SimpleNamespace(by_image=lambda values: values, slots=psnr.shape[1])
    quality = Quality(panel=panel, psnr=psnr, exact=np.zeros(psnr.shape, dtype=bool))
    return ranks(quality, range(len(psnr)), [str(row) for row in range(len(psnr))], claims or Claims())


def exact(label, image):
    return trial(label, image, None, mse=0.0)


def test_an_exact_image_does_not_turn_the_order_round():
    """a is better on all 12 images, and exact on the easiest, which has no PSNR that would raise its mean."""
    b = [45.0, *(30.0 + n / 10 for n in range(11))]
    a = [exact("a", "0")] + [trial("a", str(n), b[n] + 0.297) for n in range(1, 12)]
    board = only([*a, *columns_of({"b": b})])
    rows = rows_of(board)
    assert rows["a"].psnr < rows["b"].psnr
    assert [(row.denoiser, row.rank, row.rank_worst) for row in board.rows] == [("a", 1, 1), ("b", 2, 2)]
    difference = rows["b"].difference
    assert (difference.mean, difference.win_rate) == (pytest.approx(-0.297), 0.0)
    assert (difference.p, difference.verdict) == (pytest.approx(2.0**-11), "worse")


def test_a_method_that_restores_everything_exactly_is_first():
    values = {"good": [32.0 + n / 9 for n in range(8)], "poor": [20.0 + n / 7 for n in range(8)]}
    board = only([*columns_of(values), *(exact("perfect", str(n)) for n in range(8))])
    assert [(row.denoiser, row.rank, row.rank_worst) for row in board.rows] == [
        ("perfect", 1, 1),
        ("good", 2, 2),
        ("poor", 3, 3),
    ]


def test_exact_images_win_and_decide_no_mean():
    """a is exact on one image and worse on all others: the one image does not outweigh them."""
    b = [30.0 + n / 10 for n in range(12)]
    a = [exact("a", "0")] + [trial("a", str(n), b[n] - 1.0) for n in range(1, 12)]
    board = only([*a, *columns_of({"b": b})])
    assert [row.denoiser for row in board.rows] == ["b", "a"]
    assert rows_of(board)["a"].difference.win_rate == pytest.approx(1 / 12)


def test_both_exact_is_a_tie():
    records = [*(exact("a", str(n)) for n in range(6)), *(exact("b", str(n)) for n in range(6))]
    board = only(records)
    assert [(row.rank, row.rank_worst) for row in board.rows] == [(1, 2), (1, 2)]


@pytest.mark.parametrize("images", [2, 3, 5])
def test_so_few_images_separate_nobody_however_large_the_difference(images):
    board = only(columns_of({"a": [40.0 + n for n in range(images)], "b": [20.0] * images}))
    assert [(row.rank, row.rank_worst) for row in board.rows] == [(1, 2), (1, 2)]
    assert any(note.endswith("it takes 6 images") for note in board.notes)


def test_three_differences_of_a_thousandth_give_no_ranks_and_no_interval():
    board = only(columns_of({"a": [30.001, 31.001, 32.001], "b": [30.0, 31.0, 32.0]}))
    assert [(row.rank, row.rank_worst) for row in board.rows] == [(1, 2), (1, 2)]
    assert board.rows[1].difference.interval is None


def test_what_is_told_apart_has_an_interval_on_the_same_side():
    rng = np.random.default_rng(5)
    told = 0
    for _ in range(100):
        found = ranked(rng.lognormal(size=(5, 12)) + rng.normal(0, 1, (5, 1)))
        for pair in found.pairs.values():
            if pair.better:
                told += 1
                low, high = pair.difference.ends
                assert (low > 0) if pair.better > 0 else (high < 0)
                assert np.sign(pair.difference.mean) == pair.better
    assert told > 50


def test_p_and_interval_agree_on_one_large_loss():
    """67 images better by 0.1 and one worse by 5: the mean is +0.025, and nothing is sure."""
    b = [30.0 + n / 10 for n in range(68)]
    a = [value + (0.1 if n else -5.0) for n, value in enumerate(b)]
    board = only(columns_of({"a": a, "b": b}))
    difference = rows_of(board)["b"].difference
    assert difference.mean == pytest.approx(-(67 * 0.1 - 5) / 68)
    assert difference.interval.low < 0 < difference.interval.high and difference.p > 0.9
    assert [(row.rank, row.rank_worst) for row in board.rows] == [(1, 2), (1, 2)]


def test_oracles_and_unranked_rows_do_not_change_p():
    """Twenty oracle rows made a p of .005 one of .11."""
    rng = np.random.default_rng(1)
    values = {"a": list(31.0 + rng.normal(0, 0.2, 12)), "b": list(30.8 + rng.normal(0, 0.2, 12))}
    oracles = [
        trial("a", str(n), 33.0 + rule / 100 + n / 10, stopping_rule=f"oracle-{rule}", oracle=True)
        for rule in range(20)
        for n in range(12)
    ]
    alone = only(columns_of(values))
    together = only([*columns_of(values), *oracles])
    b = next(row for row in together.rows if row.denoiser == "b")
    assert b.difference == alone.rows[1].difference and b.difference.p_adjusted < 1
    assert all(row.difference.p_adjusted is None for row in together.rows if row.unranked)


def test_a_reference_that_is_fixed_before_makes_the_smaller_family():
    rng = np.random.default_rng(11)
    values = {name: list(30.0 + rng.normal(0.1 * n, 0.3, 24)) for n, name in enumerate("abcdefgh")}
    picked = rows_of(only(columns_of(values)))
    best = next(name for name, row in picked.items() if row.difference is None)
    [board] = leaderboard(columns_of(values), reference=best)
    fixed = rows_of(board)
    assert board.reference_fixed and not only(columns_of(values)).reference_fixed
    others = set(values) - {best}
    changed = [(fixed[name].difference.p_adjusted, picked[name].difference.p_adjusted) for name in others]
    assert all(small <= large for small, large in changed) and any(small < large for small, large in changed)
    assert {name: row.rank for name, row in fixed.items()} == {name: row.rank for name, row in picked.items()}


def test_a_reference_that_is_the_best_is_judged_like_its_ranks():
    rng = np.random.default_rng(12)
    values = {name: list(30.0 + rng.normal(0.15 * n, 0.3, 24)) for n, name in enumerate("abcdef")}
    board = only(columns_of(values))
    leader = board.rows[0]
    worse = [row for row in board.rows[1:] if row.difference.verdict == "worse"]
    assert worse and len(board.rows) - leader.rank_worst == len(worse)


def test_rank_intervals_and_groups_by_brute_force():
    """Groups are the largest sets without a pair that is told apart: all sets are tried."""
    rng = np.random.default_rng(8)
    for _ in range(20):
        found = ranked(rng.normal(0, 1, (6, 12)) + rng.normal(0, 1, (6, 1)))
        apart = {pair for pair, one in found.pairs.items() if one.better}
        sets = [set(s) for size in range(1, 7) for s in itertools.combinations(range(6), size)]
        free = [s for s in sets if not any(set(pair) <= s for pair in apart)]
        largest = [s for s in free if not any(s < other for other in free)]
        members = {
            frozenset(row for row in range(6) if number in found.standings[row].groups)
            for number in range(len(largest))
        }
        assert members == {frozenset(s) for s in largest}
        for row, standing in found.standings.items():
            signs = [found.against(row, other)[1] for other in range(6) if other != row]
            assert (standing.rank, standing.rank_worst) == (1 + signs.count(-1), 6 - signs.count(1))


def test_the_order_is_that_of_the_means_and_ranks_never_claim_the_opposite():
    rng = np.random.default_rng(9)
    for _ in range(20):
        psnr = rng.normal(0, 1, (8, 16)) + rng.normal(0, 0.5, (8, 1))
        found = ranked(psnr)
        assert list(found.order) == np.argsort(-psnr.mean(axis=1)).tolist()
        for place, row in enumerate(found.order, start=1):
            assert found.standings[row].rank <= place <= found.standings[row].rank_worst


@pytest.mark.parametrize("images", [8, 24])
def test_a_hopeless_method_changes_nothing_among_the_others(images):
    rng = np.random.default_rng(images)
    for _ in range(150):
        four = rng.normal(0, 1, (4, images)) + rng.normal(0, 0.7, (4, 1))
        hopeless = rng.normal(-10, 1, (1, images))
        alone, together = ranked(four), ranked(np.vstack([four, hopeless]))
        for pair in itertools.combinations(range(4), 2):
            assert alone.against(*pair)[1] == together.against(*pair)[1]


@pytest.mark.parametrize("images", [3, 8, 24])
@pytest.mark.parametrize("draw", ["standard_normal", "lognormal"])
def test_of_ten_equal_methods_some_one_is_told_worse_in_about_5_of_100_draws(images, draw):
    rng, strict = np.random.default_rng(images), Claims(rope=0.0)
    draws = 150
    wrong = sum(
        any(pair.better for pair in ranked(getattr(rng, draw)(size=(10, images)), strict).pairs.values())
        for _ in range(draws)
    )
    assert wrong / draws <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / draws)


def test_two_methods_are_told_apart_as_often_as_by_student_s_test():
    """Where values are normal no test of the mean has more power; a flip test must not be far from it."""
    rng = np.random.default_rng(4)
    found, wanted = 0, 0
    for _ in range(400):
        psnr = rng.normal([[0.5], [-0.5]], 1, (2, 12))
        found += ranked(psnr).pairs[0, 1].better == 1
        wanted += stats.ttest_rel(*psnr).pvalue <= 0.05
    assert abs(found - wanted) <= 12


def test_a_difference_that_does_not_matter_separates_nobody():
    """0.01 dB on each of 100 images is sure, and of no use to anybody."""
    rng = np.random.default_rng(2)
    b = list(30 + rng.normal(0, 1, 100))
    a = [value + 0.01 + step for value, step in zip(b, rng.normal(0, 0.005, 100), strict=True)]
    board = only(columns_of({"a": a, "b": b}))
    assert board.rows[1].difference.p < 0.001 and board.rows[1].difference.verdict == "equivalent"
    assert [(row.rank, row.rank_worst) for row in board.rows] == [(1, 2), (1, 2)]
    [strict] = leaderboard(columns_of({"a": a, "b": b}), claims=Claims(rope=0.0))
    assert [(row.rank, row.rank_worst) for row in strict.rows] == [(1, 1), (2, 2)]


def test_a_lower_level_claims_more():
    values = {"a": [30.0 + n / 10 for n in range(5)], "b": [28.0] * 5}
    assert leaderboard(columns_of(values))[0].rows[1].rank == 1
    [board] = leaderboard(columns_of(values), claims=Claims(level=0.9))
    assert board.rows[1].rank == 2
    interval = board.rows[0].psnr_interval
    wanted = stats.t.interval(0.9, 4, 30.2, stats.sem(values["a"]))
    assert (interval.low, interval.high) == pytest.approx(wanted)


@pytest.mark.parametrize(
    "wrong", [{"level": 95}, {"level": 0.4}, {"level": 1.0}, {"rope": -0.1}, {"rope": np.nan}]
)
def test_claims_that_mean_nothing_are_refused(wrong):
    with pytest.raises(PriorbenchError, match=next(iter(wrong))):
        Claims(**wrong)

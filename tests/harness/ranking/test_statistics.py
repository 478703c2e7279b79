"""The statistics, against scipy, enumeration, hand-computed examples and known true values."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from priorbench.ranking.statistics import (
    LEVEL,
    RESAMPLES,
    SEED,
    caveats,
    coverage,
    holm,
    mean_intervals,
    resample_count,
    resampled,
    signed_rank_p,
    smallest_p,
    win_rates,
)


def scipy_interval(values, images, statistic=np.mean):
    """Return scipy's BCa interval at the level of Hesterberg's expanded tails."""
    tail = stats.norm.cdf(-np.sqrt(images / (images - 1)) * stats.t.ppf((1 + LEVEL) / 2, images - 1))
    return stats.bootstrap(
        (values,),
        statistic,
        n_resamples=RESAMPLES,
        confidence_level=1 - 2 * tail,
        method="BCa",
        rng=np.random.default_rng(SEED),
    ).confidence_interval


def intervals(values):
    values = np.atleast_2d(np.asarray(values, dtype=float))
    return mean_intervals(values, resampled(values))


@pytest.mark.parametrize("images", [12, 24, 100, 300])
@pytest.mark.parametrize("draw", ["normal", "exponential", "lognormal"])
def test_an_interval_is_the_one_of_scipy(images, draw):
    values = getattr(np.random.default_rng(images), draw)(size=(3, images))
    for row, found in zip(values, intervals(values), strict=True):
        wanted = scipy_interval(row, images)
        # scipy splits resamples that equal the mean up to rounding at random
        assert (found.low, found.high) == pytest.approx(wanted, abs=1e-3 * row.std())
        assert found.kind == "bca"


def test_missing_images_stay_in_the_resampling():
    values = np.random.default_rng(5).exponential(size=60)
    values[::4] = np.nan
    wanted = scipy_interval(values, 45, np.nanmean)
    [found] = intervals(values)
    assert (found.low, found.high) == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize(
    ("images", "draw", "mean"),
    [(8, "normal", 0.0), (12, "normal", 0.0), (30, "normal", 0.0), (100, "exponential", 1.0)],
)
def test_an_interval_covers_the_true_mean_about_95_times_in_100(images, draw, mean):
    samples = 1000
    values = getattr(np.random.default_rng(2026), draw)(size=(samples, images))
    found = intervals(values)
    covered = sum(one.low <= mean <= one.high for one in found)
    # the intervals fall short of their level by about 1 % at these sizes; beyond that, 3 standard deviations
    spread = 3 * np.sqrt(samples * LEVEL * (1 - LEVEL))
    assert (LEVEL - 0.015) * samples - spread <= covered <= LEVEL * samples + spread
    too_low, too_high = sum(mean < one.low for one in found), sum(mean > one.high for one in found)
    assert min(too_low, too_high) > 0.2 * (samples - covered), "the errors are on both sides"


@pytest.mark.parametrize("images", [2, 3, 4, 5, 7])
def test_few_images_cover_as_rarely_as_the_caveat_says(images):
    values = np.random.default_rng(images).normal(size=(1500, images))
    covered = sum(one.low <= 0 <= one.high for one in intervals(values))
    assert covered / 15 == pytest.approx(coverage(images), abs=3)
    assert any(f"about {coverage(images)} times in 100" in note for note in caveats(images, 1))


def test_a_paired_difference_is_covered_where_images_differ_much_more_than_methods():
    rng = np.random.default_rng(7)
    image = rng.normal(30, 5, (500, 40))
    a, b = image + rng.normal(0.2, 0.3, image.shape), image + rng.normal(0, 0.3, image.shape)
    found = mean_intervals(a - b, resampled(a) - resampled(b))
    assert 0.91 * 500 <= sum(one.low <= 0.2 <= one.high for one in found) <= 0.98 * 500
    assert max(one.high - one.low for one in found) < 0.6  # unpaired it would be 4 dB


def test_resampled_differences_are_differences_of_resampled_means():
    rng = np.random.default_rng(3)
    a, b = rng.normal(30, 4, (2, 5, 80))
    assert resampled(a) - resampled(b) == pytest.approx(resampled(a - b), abs=1e-5)


def test_resamples_are_fewer_for_many_images_and_always_the_same():
    assert [resample_count(n) for n in (1, 2000, 5000, 10**6)] == [10_000, 10_000, 4000, 1000]
    values = np.random.default_rng(1).normal(size=(1, 3000))
    assert intervals(values) == intervals(values)
    assert resampled(values).shape == (1, resample_count(3000))


def test_degenerate_samples_are_named_as_what_they_are():
    assert intervals([30.0]) == [None]
    assert intervals([np.nan, 30.0, np.nan]) == [None]
    [same] = intervals([0.25] * 8)
    assert (same.low, same.high, same.kind) == (0.25, 0.25, "constant")
    [zero] = intervals([0.0] * 8)
    assert (zero.low, zero.high) == (0.0, 0.0)
    [two] = intervals([1.0, 3.0])
    assert (two.low, two.high, two.kind) == (1.0, 3.0, "bca")


def test_where_bca_is_undefined_the_percentile_interval_takes_its_place():
    values = np.arange(10.0)[None]
    above = np.linspace(1.0, 2.0, RESAMPLES, dtype=np.float32)[None]  # no resample below the mean: no bias
    [found] = mean_intervals(values, above)
    assert found.kind == "percentile"
    tail = stats.norm.cdf(-np.sqrt(10 / 9) * stats.t.ppf(0.975, 9))
    assert (found.low, found.high) == pytest.approx((5.5 + tail, 6.5 - tail), abs=1e-3)


def enumerated_p(differences):
    """Two-sided p of the signed-rank test by trying all signs."""
    ranks = stats.rankdata(np.abs(differences))
    signs = np.array(list(itertools.product([0, 1], repeat=len(ranks))))
    sums = signs @ ranks
    observed = ranks[np.asarray(differences) > 0].sum()
    return min(1.0, 2 * min((sums <= observed).mean(), (sums >= observed).mean()))


@pytest.mark.parametrize("images", [1, 2, 3, 5, 8, 11])
def test_the_signed_rank_p_is_that_of_all_signs(images):
    rng = np.random.default_rng(images)
    free = rng.normal(0.4, 1, (4, images))
    tied = np.round(rng.normal(0.4, 1, (4, images)), 1)
    tied[tied == 0] = 0.1
    for rows in (free, tied):
        assert signed_rank_p(rows) == pytest.approx([enumerated_p(row) for row in rows])


def test_the_signed_rank_p_of_many_images_is_that_of_scipy():
    rng = np.random.default_rng(4)
    rows = rng.normal(0.1, 1, (3, 80))
    rows[1, :10] = np.nan
    rows[2, :5] = 0.0
    wanted = [stats.wilcoxon(row[np.isfinite(row)]).pvalue for row in rows]
    assert signed_rank_p(rows) == pytest.approx(wanted)
    tied = np.round(rng.normal(0.1, 1, 45), 1)  # scipy falls back on the normal approximation
    assert signed_rank_p(tied[None]) == pytest.approx([stats.wilcoxon(tied).pvalue], abs=0.02)


def test_no_difference_has_p_1_and_one_sided_differences_the_smallest():
    assert signed_rank_p(np.zeros((1, 12))) == [1.0]
    assert signed_rank_p(np.full((1, 12), 1e-9)) == [1.0]
    assert signed_rank_p(np.arange(1.0, 13.0)[None]) == pytest.approx([smallest_p(12)])
    assert smallest_p(12) == pytest.approx(4.88e-4, rel=1e-3)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_holm_is_the_closed_test_of_bonferroni():
    """A hypothesis is rejected if all intersections with it are: its p is the largest of theirs."""
    for p in np.random.default_rng(9).uniform(0, 0.2, (20, 5)):
        families = [set(f) for size in range(1, 6) for f in itertools.combinations(range(5), size)]
        local = [(f, min(1.0, len(f) * min(p[i] for i in f))) for f in families]
        assert holm(p) == pytest.approx([max(q for f, q in local if i in f) for i in range(5)])


def test_a_tie_is_half_a_win():
    assert win_rates(np.array([[1.0, -1.0, 0.0, np.nan], [1.0, 2.0, 3.0, 4.0]])) == [0.5, 1.0]


def test_a_set_that_can_prove_nothing_is_named():
    """All pairs of 15 methods on 12 images can never be significant; 14 comparisons with one method can."""
    assert any("no p can be below 0.05" in note for note in caveats(12, 105))
    assert not any("no p can" in note for note in caveats(12, 14))
    assert caveats(24, 14) == []
    assert caveats(1, 3) == ["one image: no intervals, and nothing can be told apart"]
    assert caveats(1, 0) == []
    assert any("4000 resamples" in note for note in caveats(5000, 2))

"""Intervals, Holm's correction and caveats, against scipy, hand-computed examples and known true values."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from priorbench.ranking.claims import Claims
from priorbench.ranking.inference.statistics import caveats, holm, mean_intervals, win_rates

CLAIMS = Claims()


def intervals(values, level=0.95):
    return mean_intervals(np.atleast_2d(np.asarray(values, dtype=float)), level)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("images", [2, 3, 12, 300])
def test_an_interval_is_student_s_t_of_scipy(images, level):
    values = np.random.default_rng(images).normal(30, 2, (3, images))
    for row, found in zip(values, intervals(values, level), strict=True):
        wanted = stats.t.interval(level, images - 1, row.mean(), stats.sem(row))
        assert (found.low, found.high) == pytest.approx(wanted)


def test_an_image_that_is_missing_is_left_out():
    values = np.random.default_rng(5).exponential(size=60)
    holed = values.copy()
    holed[::4] = np.nan
    [wanted] = intervals(values[np.isfinite(holed)])
    [found] = intervals(holed)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))


@pytest.mark.parametrize("images", [2, 3, 5, 12])
def test_an_interval_of_normal_values_covers_the_true_mean_95_times_in_100(images):
    samples = 4000
    found = intervals(np.random.default_rng(2026).normal(size=(samples, images)))
    covered = sum(one.low <= 0 <= one.high for one in found) / samples
    assert covered == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / samples))


def test_there_is_no_interval_where_nothing_tells_how_values_scatter():
    assert intervals([30.0]) == [None]
    assert intervals([np.nan, 30.0, np.nan]) == [None]
    assert intervals([0.25] * 8) == [None]
    assert intervals([0.001, 0.001 + 1e-9, 0.001]) == [None]
    [two] = intervals([1.0, 3.0])
    assert (two.low, two.high) == pytest.approx((2 - 12.7062, 2 + 12.7062), abs=1e-4)  # t of 1 degree


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
    """All of two signs agree with probability 2^(1 - n): 0.0625 for 5 images, 0.031 for 6."""
    [few, _] = caveats(5, CLAIMS)
    assert few == (
        "5 images: no methods can be told apart; the smallest possible p is 0.062; it takes 6 images"
    )
    assert not any("told apart" in note for note in caveats(6, CLAIMS))
    assert not any("told apart" in note for note in caveats(5, Claims(level=0.9)))
    assert caveats(24, CLAIMS) == []
    assert caveats(1, CLAIMS) == ["one image: no intervals, and nothing can be told apart"]


def test_holm_needs_more_images_for_more_comparisons():
    [few, _] = caveats(6, CLAIMS, [6, 6])
    assert few == (
        "6 images: no methods can be told apart; the smallest possible p is 0.094; it takes 7 images"
    )
    [hopeless] = caveats(30, CLAIMS, [30] * 999)
    assert hopeless == "30 images: no methods can be told apart; the smallest possible p is 0.1"


def test_what_cannot_be_told_apart_is_what_holm_never_tells_apart():
    """Of all data, the smallest p of each comparison together leave the smallest corrected ones."""
    for family in itertools.product((4, 5, 6, 7, 8), repeat=3):
        least = holm([2.0 ** (1 - images) for images in family])
        for number, p in enumerate(least):
            others = [images for place, images in enumerate(family) if place != number]
            said = any("told apart" in note for note in caveats(family[number], CLAIMS, others))
            assert said == (p > 0.05), family
    assert not any("told apart" in note for note in caveats(6, CLAIMS, [12])), "12 images come first"


def test_an_interval_over_two_images_is_not_trusted():
    """Below three images nothing was measured: no rate is told."""
    assert caveats(2, CLAIMS)[-1] == "2 images: no interval can be trusted"
    assert "in about 84 % of cases" in caveats(3, CLAIMS)[-1]
    assert caveats(7, CLAIMS, with_psnr=2) == ["2 images: no interval can be trusted"]
    assert caveats(7, CLAIMS, with_psnr=1) == []

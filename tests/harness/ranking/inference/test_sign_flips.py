"""The sign-flip tests, against scipy's permutation test, all signs, and a closed test tried in full."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from priorbench.ranking.inference.sign_flips import FLIPS, flip_tests, smallest_p


def p_of(differences):
    """Test each row by itself and all together."""
    rows = np.atleast_2d(np.asarray(differences, dtype=float))
    return flip_tests(rows, np.arange(len(rows)), np.full(len(rows), -1))


def scaled_maxima(rows, signs):
    """Largest scaled sum of some rows under each choice of signs."""
    norms = np.linalg.norm(rows, axis=1)
    return np.abs(signs @ (rows / norms[:, None]).T).max(axis=1)


def all_signs(images):
    return np.array(list(itertools.product([1, -1], repeat=images)))


@pytest.mark.parametrize("images", [2, 3, 5, 8, 12])
def test_a_p_is_that_of_scipy_over_all_signs(images):
    row = np.random.default_rng(images).normal(0.4, 1, images)
    wanted = stats.permutation_test((row,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    assert p_of(row).alone == pytest.approx([wanted])


def test_a_p_of_many_images_is_near_that_of_the_normal_limit():
    for images in (40, 500, 3000):  # drawn flips, and their limit
        row = np.random.default_rng(images).normal(2 / np.sqrt(images), 1, images)
        score = abs(row.sum()) / np.linalg.norm(row)
        wanted = 2 * stats.norm.sf(score)
        spread = 3 * np.sqrt(wanted * (1 - wanted) / FLIPS)
        assert p_of(row).alone[0] == pytest.approx(wanted, abs=spread + 0.005)


def test_adjusted_p_are_those_of_the_closed_test():
    """A hypothesis holds out if every set with it does: its p is the largest of theirs, each a max-T test."""
    rng = np.random.default_rng(3)
    rows = rng.normal(0.5, 1, (4, 8)) * [[1], [0.1], [5], [1]]
    signs = all_signs(8)
    sets = [list(s) for size in range(1, 5) for s in itertools.combinations(range(4), size)]
    p = {
        tuple(s): (scaled_maxima(rows[s], signs) >= scaled_maxima(rows[s], signs)[0] - 1e-9).mean()
        for s in sets
    }
    wanted = [max(value for s, value in p.items() if row in s) for row in range(4)]
    assert p_of(rows).adjusted == pytest.approx(wanted)


def test_differences_of_rows_are_those_of_their_subtraction():
    values = np.random.default_rng(4).normal(30, 2, (3, 20))
    first, second = np.array([0, 0, 1]), np.array([1, 2, 2])
    paired = flip_tests(values, first, second)
    apart = p_of(values[first] - values[second])
    assert paired.alone == pytest.approx(apart.alone)
    assert paired.adjusted == pytest.approx(apart.adjusted)


def test_one_large_difference_the_other_way_outweighs_many_small_ones():
    """67 times +0.1 and once -5: the mean is +0.025, and the sign of the one decides most flips."""
    row = np.array([0.1] * 67 + [-5.0])
    assert p_of(row).alone[0] > 0.9
    assert stats.wilcoxon(row).pvalue < 1e-9  # which says the opposite of nothing


@pytest.mark.parametrize("images", [20, 2500, 6000])
def test_images_without_a_difference_make_no_p_smaller(images):
    """Rows that differ on four images have the p of four, 1/8, however many others there are."""
    row = np.zeros(images)
    row[[3, 7, 11, 19]] = [9.0, 10.0, 11.0, 12.0]
    other = np.random.default_rng(1).normal(30, 3, images)  # a row that no comparison is of changes nothing
    values = np.array([row, np.zeros(images), other])
    found = flip_tests(values, np.array([0]), np.array([1]))
    assert found.alone.tolist() == found.adjusted.tolist() == [0.125]


def test_few_large_differences_among_thousands_of_small_ones_are_flipped():
    """Four of 3000 decide: 1/8, where the normal limit says 0.046."""
    row = np.random.default_rng(2).normal(0, 0.01, 3000)
    row[:4] = 100.0
    assert p_of(row).alone[0] == pytest.approx(0.125, abs=0.012)
    assert 2 * stats.norm.sf(2) < 0.05


def test_what_is_no_difference_has_p_1_and_what_agrees_the_smallest():
    assert p_of(np.zeros(12)).alone.tolist() == [1.0]
    assert p_of(np.full(12, 1e-9)).alone.tolist() == [1.0]
    assert p_of(np.arange(1.0, 13.0)).alone == pytest.approx([2.0**-11])
    assert [smallest_p(images) for images in (1, 2, 3, 6)] == [1.0, 0.5, 0.25, 0.03125]
    for images in (1, 6, 14, 15, 40):
        assert p_of(np.arange(1.0, images + 1.0)).alone == pytest.approx([smallest_p(images)])


def test_equal_rows_get_equal_p_whatever_their_order_and_scale():
    rng = np.random.default_rng(6)
    row = rng.normal(0.7, 1, 10)
    found = p_of([row, 3 * row, -row])
    assert found.alone == pytest.approx([found.alone[0]] * 3)
    assert found.adjusted == pytest.approx([found.alone[0]] * 3)  # one flip decides all three alike
    rows = rng.normal(0.3, 1, (6, 30))
    assert p_of(rows).adjusted[::-1] == pytest.approx(p_of(rows[::-1]).adjusted)


def test_a_family_that_holds_none_or_empty_rows():
    assert len(p_of(np.empty((0, 5))).adjusted) == 0
    found = p_of([[0.0] * 8, [1.0] * 8])
    assert found.adjusted == pytest.approx([1.0, 2.0**-7])


@pytest.mark.parametrize("images", [8, 12, 40])
def test_of_equals_some_pair_is_told_apart_in_about_5_of_100_draws(images):
    rng = np.random.default_rng(images)
    first, second = np.triu_indices(6, 1)
    draws = 400
    wrong = sum(
        flip_tests(rng.lognormal(size=(6, images)), first, second).adjusted.min() <= 0.05
        for _ in range(draws)
    )
    assert wrong / draws <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / draws)

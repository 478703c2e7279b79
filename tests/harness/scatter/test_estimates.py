"""How far times scatter: closed forms, and made-up timings of known scatter and drift."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from priorbench.scatter.estimates import IMAGES, REPETITIONS, resolvable, scatter


def blocks(*, single=0.0, between=0.0, count=6, timings=200, seed=0):
    """Timings of about 30 ms, with these standard deviations of their logarithms."""
    rng = np.random.default_rng(seed)
    return [0.03 * np.exp(drift + rng.normal(0, single, timings)) for drift in rng.normal(0, between, count)]


def test_what_a_run_resolves_is_the_half_width_of_two_means():
    found = resolvable(0.06, 0.01, images=12, repetitions=3)
    error = math.sqrt(0.06**2 / 36 + 0.01**2)
    assert found == pytest.approx(scipy.stats.t.ppf(0.975, 11) * math.sqrt(2) * error)
    assert resolvable(0.1, 0.0, images=4) == pytest.approx(scipy.stats.t.ppf(0.975, 3) * 0.1 / math.sqrt(2))


def test_more_images_do_not_make_drift_smaller():
    few, many = (resolvable(0.0, 0.02, images=number, repetitions=9) for number in (24, 10**6))
    assert many == pytest.approx(1.959964 * math.sqrt(2) * 0.02, rel=1e-4)
    assert few > many


def test_scatter_and_drift_of_known_size_are_found():
    drawn = [scatter(blocks(single=0.05, between=0.02, timings=40, seed=seed)) for seed in range(200)]
    assert np.sqrt(np.mean([one.single**2 for one in drawn])) == pytest.approx(0.05, rel=0.02)
    assert np.sqrt(np.mean([one.between**2 for one in drawn])) == pytest.approx(0.02, rel=0.1)
    assert np.median([one.typical for one in drawn]) == pytest.approx(0.05, rel=0.05)
    assert drawn[0].median_seconds == pytest.approx(0.03, rel=0.05)


def test_without_drift_there_is_none_beyond_what_single_timings_make():
    drawn = [scatter(blocks(single=0.1, timings=10, seed=seed)).between for seed in range(200)]
    assert np.mean(np.square(drawn)) < 0.1**2 / 10 / 2
    assert np.median(drawn) < 0.015


def test_drift_alone_is_the_deviation_of_the_blocks():
    own = [np.full(5, seconds) for seconds in (0.03, 0.031, 0.033)]
    found = scatter(own)
    assert (found.single, found.typical) == (pytest.approx(0.0, abs=1e-12), pytest.approx(0.0, abs=1e-12))
    assert found.between == pytest.approx(np.log([0.03, 0.031, 0.033]).std(ddof=1))


def test_a_timing_that_sticks_out_is_not_typical():
    own = blocks(single=0.01)
    own[2][0] *= 10
    found = scatter(own)
    assert found.typical == pytest.approx(0.01, rel=0.1)
    assert found.single > 0.05


def test_every_run_that_is_told_of_has_its_difference_in_per_cent():
    found = scatter(blocks(single=0.05, between=0.02), marked=0.25)
    assert [(run.images, run.repetitions) for run in found.resolved] == [
        (images, repetitions) for repetitions in REPETITIONS for images in IMAGES
    ]
    last = found.resolved[-1]
    wanted = math.exp(resolvable(found.single, found.between, images=100, repetitions=3)) - 1
    assert last.percent == pytest.approx(100 * wanted)
    assert (found.marked, found.timings) == (0.25, 1200)

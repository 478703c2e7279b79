"""The correlation of error and noise, against numpy's own and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from inverse_problems import run

from priorbench.loading.load import load_registry
from priorbench.protocol.metrics import clip01
from priorbench.protocol.scoring import noise_correlation, score


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    clean = rng.random((3, 20, 30), dtype=np.float32)
    return clean, clean + rng.normal(0, 0.1, clean.shape).astype(np.float32)


def test_it_is_pearsons_over_all_pixels(images):
    clean, noisy = images
    estimate = clip01(0.7 * noisy + 0.3 * np.roll(noisy, 1, axis=2))
    x = clean.astype(np.float64)
    expected = np.corrcoef((estimate - x).ravel(), (noisy - x).ravel())[0, 1]
    assert noise_correlation(estimate, clean, noisy) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("part", "expected"), [(0.3, 1.0), (0.9, 1.0), (1.1, -1.0), (1.9, -1.0)])
def test_a_part_of_the_noise_has_all_of_its_correlation(images, part, expected):
    clean, noisy = images
    estimate = (noisy - part * (noisy - clean)).astype(np.float32)
    assert noise_correlation(estimate, clean, noisy) == pytest.approx(expected, abs=1e-6)


def test_without_error_or_noise_there_is_none(images):
    clean, noisy = images
    assert noise_correlation(clean, clean, noisy) is None
    assert noise_correlation(noisy, clean, clean) is None
    for value in np.float32([0.1, 0.3, 1 / 3]):  # of which the mean is rounded
        flat = np.full((3, 21, 31), value)
        y = np.random.default_rng(0).random(flat.shape, dtype=np.float32)
        assert noise_correlation(flat / 7, flat, y) is None


def test_a_score_has_it_where_y_is_given(images):
    clean, noisy = images
    estimate = clip01(noisy)
    assert score(noisy, clean, {})["noise_correlation"] is None
    assert score(noisy, clean, {}, noisy)["noise_correlation"] == noise_correlation(estimate, clean, noisy)


def test_records_of_denoising_have_it_and_those_of_other_operators_none():
    registry = load_registry()
    [denoised] = run(registry, "identity", operator="identity", noise="gaussian:sigma=0.01")
    [filled] = run(registry, "pseudo-inverse", operator="mask:keep=0.5")
    assert 0.95 < denoised.noise_correlation < 1.0  # some pixels were clipped
    assert (filled.status, filled.noise_correlation) == ("ok", None)

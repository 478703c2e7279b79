"""The noise that a picture shows, against the noise that was drawn."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import skimage.data
import torch
from scipy.ndimage import gaussian_filter
from skimage.restoration import estimate_sigma

from priorbench.contract.observation import Observation
from priorbench.toolkit.covariance import channel_covariance
from priorbench.toolkit.noise_estimates import estimate_noise

#: slightly out of focus, as photographs often are: its own detail is below the noise
PHOTO = gaussian_filter(skimage.data.chelsea().transpose(2, 0, 1)[:, :256, :256] / 255, (0, 1, 1))


def correlations(covariance):
    deviations = np.sqrt(np.diag(covariance))
    return (covariance / np.outer(deviations, deviations))[np.triu_indices(len(covariance), 1)]


@pytest.mark.parametrize("sigma", [5, 10, 25, 50])
@pytest.mark.parametrize("equal", [False, True])
def test_sigma_and_correlation_of_a_photograph(sigma, equal):
    rng = np.random.default_rng(sigma)
    noise = rng.standard_normal((1 if equal else 3, 256, 256))
    estimate = estimate_noise(PHOTO + sigma / 255 * noise)
    assert estimate.sigma * 255 == pytest.approx(sigma, rel=0.03, abs=0.8)
    np.testing.assert_allclose(correlations(estimate.covariance), float(equal), atol=1e-12)
    assert estimate.coarse / estimate.sigma < 1.3


def test_it_is_the_estimate_of_scikit_image_on_one_plane():
    noisy = PHOTO[:1] + 0.1 * np.random.default_rng(1).standard_normal((1, 256, 256))
    assert estimate_noise(noisy).sigma == pytest.approx(estimate_sigma(noisy[0]), rel=0.02)


def test_correlated_channels_have_their_correlation():
    wanted = np.array([[1, 0.6, 0.4], [0.6, 1, 0.5], [0.4, 0.5, 1]])
    root = np.linalg.cholesky(wanted)
    noise = np.einsum("ij,jhw->ihw", root, np.random.default_rng(2).standard_normal((3, 256, 256)))
    estimate = estimate_noise(0.5 + 0.1 * noise)
    np.testing.assert_allclose(estimate.covariance / 0.01, wanted, atol=0.04)
    assert np.linalg.eigvalsh(estimate.covariance).min() >= 0


def test_doubled_pixels_show_their_noise_in_every_second_one():
    small = PHOTO[:1, ::2, ::2] + 25 / 255 * np.random.default_rng(3).standard_normal((1, 128, 128))
    estimate = estimate_noise(small.repeat(2, 1).repeat(2, 2))
    assert estimate.sigma * 255 < 10
    assert estimate.coarse * 255 == pytest.approx(25, rel=0.1)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 50), (3, 50, 2), (1, 3, 3), (3, 4, 4), (1, 5, 200)])
def test_narrow_pictures_warn_of_nothing(shape):
    image = np.random.default_rng(4).random(shape)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimate = estimate_noise(image)
        observation = Observation(image=torch.from_numpy(image), noise=None, device=torch.device("cpu"))
        np.testing.assert_array_equal(channel_covariance(observation), estimate.covariance)
    assert np.isfinite(estimate.covariance).all()
    assert (estimate.count == 0) == (min(shape[1:]) < 4)

"""Scores against hand computation, scikit-image, and a direct implementation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import skimage.metrics
import torch
from denoising_support import photograph
from numpy.typing import NDArray
from scipy.signal import convolve2d

from priorbench.protocol.metrics import clip01, mse, psnr, ssim


def noisy_pair(channels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    clean = photograph(channels, 61, 47)
    return clean + 0.1 * np.random.default_rng(0).standard_normal(clean.shape), clean


def test_psnr_by_hand() -> None:
    clean = np.array([[[0.0, 0.5], [1.0, 0.25]]])
    estimate = np.array([[[0.1, 0.5], [0.8, 0.25]]])
    assert mse(estimate, clean) == pytest.approx((0.01 + 0.04) / 4)
    assert psnr(estimate, clean) == pytest.approx(10 * math.log10(1 / 0.0125))
    assert psnr(np.zeros((3, 2, 2)), np.full((3, 2, 2), 0.1)) == pytest.approx(20.0)


def test_psnr_has_one_mse_over_all_channels() -> None:
    clean = np.zeros((3, 4, 4))
    estimate = np.stack([np.full((4, 4), 0.3), np.zeros((4, 4)), np.zeros((4, 4))])
    assert psnr(estimate, clean) == pytest.approx(-10 * math.log10(0.03))


@pytest.mark.parametrize("channels", [1, 3])
def test_psnr_agrees_with_scikit_image_where_that_is_told_the_range(channels: int) -> None:
    estimate, clean = noisy_pair(channels)
    expected = skimage.metrics.peak_signal_noise_ratio(clean, estimate, data_range=1.0)
    assert psnr(estimate, clean) == pytest.approx(expected, abs=1e-9)


def test_torch_and_numpy_and_single_precision_give_the_same_psnr() -> None:
    estimate, clean = noisy_pair(3)
    single = estimate.astype(np.float32), clean.astype(np.float32)
    tensor = torch.from_numpy(single[0]).requires_grad_()
    assert psnr(tensor, single[1]) == psnr(*single)
    assert psnr(*single) == pytest.approx(psnr(estimate, clean), abs=1e-5)


def test_the_mean_is_taken_in_double_precision() -> None:
    clean = np.zeros((1, 4096, 4096), dtype=np.float32)
    estimate = np.full_like(clean, 1e-3)
    assert psnr(estimate, clean) == pytest.approx(-20 * math.log10(float(np.float32(1e-3))), abs=1e-9)


def test_infinite_and_undefined_values_are_said() -> None:
    _, clean = noisy_pair(1)
    assert psnr(clean, clean.copy()) == math.inf
    broken = clean.copy()
    broken[0, 0, 0] = np.nan
    assert math.isnan(psnr(broken, clean))
    with pytest.raises(ValueError, match="one shape"):
        psnr(np.zeros((1, 4, 4)), np.zeros((3, 4, 4)))
    with pytest.raises(ValueError, match="one shape"):
        psnr(np.zeros((0, 4, 4)), np.zeros((0, 4, 4)))


def test_clip01_makes_a_clipped_copy() -> None:
    array = np.array([-0.5, 0.25, 1.5])
    assert clip01(array).tolist() == [0.0, 0.25, 1.0]
    assert clip01(torch.from_numpy(array)).tolist() == [0.0, 0.25, 1.0]
    assert array.tolist() == [-0.5, 0.25, 1.5]


def wang(estimate: NDArray[np.float64], clean: NDArray[np.float64]) -> float:
    """Equation 13 of Wang et al. 2004 for one channel, over all windows that fit in."""
    offsets = np.arange(-5, 6)
    line = np.exp(-(offsets**2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return convolve2d(values, window, mode="valid")

    mu_x, mu_y = mean(estimate), mean(clean)
    var_x, var_y = mean(estimate**2) - mu_x**2, mean(clean**2) - mu_y**2
    cov = mean(estimate * clean) - mu_x * mu_y
    c1, c2 = 0.01**2, 0.03**2
    above = (2 * mu_x * mu_y + c1) * (2 * cov + c2)
    return float(np.mean(above / ((mu_x**2 + mu_y**2 + c1) * (var_x + var_y + c2))))


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_agrees_with_a_direct_implementation(channels: int) -> None:
    estimate, clean = noisy_pair(channels)
    expected = np.mean([wang(a, b) for a, b in zip(estimate, clean, strict=True)])
    assert ssim(estimate, clean) == pytest.approx(expected, abs=1e-10)
    assert ssim(clean, clean) == pytest.approx(1.0)


@pytest.mark.parametrize("shape", [(1, 11, 11), (3, 61, 47), (3, 128, 96)])
def test_ssim_is_that_of_scikit_image_to_rounding(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    clean = rng.random(shape, dtype=np.float32)
    estimate = np.clip(clean + 0.1 * rng.standard_normal(shape, dtype=np.float32), 0, 1)
    expected = skimage.metrics.structural_similarity(
        estimate.astype(np.float64),
        clean.astype(np.float64),
        channel_axis=0,
        data_range=1.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert ssim(estimate, clean) == pytest.approx(expected, abs=1e-13)


def test_ssim_is_undefined_below_its_window() -> None:
    small = np.random.default_rng(0).random((3, 10, 40))
    assert ssim(small, small) is None
    assert ssim(np.zeros((1, 11, 11)), np.zeros((1, 11, 11))) == pytest.approx(1.0)

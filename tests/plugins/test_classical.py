"""The classical denoisers: they denoise, by the rules they state, at any size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import skimage.color
import torch
from denoising_support import observation_of, observe, photograph
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle, denoise_wavelet

from priorbench.loading.load import load_registry
from priorbench.loading.registry import import_factory
from priorbench.protocol.metrics import clip01, psnr
from priorbench.standard.noise_models import Gaussian, Poisson, SaltPepper, Speckle
from priorbench_classical.identity import Identity
from priorbench_classical.nl_means import NonLocalMeans
from priorbench_classical.tv import TotalVariation
from priorbench_classical.wavelet import WaveletShrinkage

SIGMA = 25 / 255
METHODS = [TotalVariation, WaveletShrinkage, NonLocalMeans]


def gain(method: Any, observation: Any, clean: Any) -> float:
    """How many dB a method gains over the noisy image, both clipped."""
    return psnr(clip01(method.denoise(observation)), clean) - psnr(clip01(observation.image), clean)


def test_the_plugin_provides_four_methods() -> None:
    registered = load_registry().all("denoiser")
    for name in ("identity", "tv", "wavelet", "nl-means"):
        assert registered[name].plugin.name == "classical"
        import_factory(registered[name].spec)()


def test_identity_returns_a_copy() -> None:
    observation = observe(photograph(3, 5, 7))
    output = Identity().denoise(observation)
    assert torch.equal(output, observation.image) and output is not observation.image


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("channels", "least"), [(1, 5.5), (3, 7.5)])
def test_they_gain_several_db_at_odd_sizes_and_leave_the_input_alone(method, channels, least) -> None:
    clean = photograph(channels, 131, 97)
    observation = observe(clean)
    before = observation.image.clone()
    output = method().denoise(observation)
    assert output.shape == before.shape and output.dtype == torch.float32
    assert torch.equal(observation.image, before)
    assert torch.equal(method().denoise(observation), output), "the same bits every time"
    assert psnr(clip01(output), clean) - psnr(clip01(before), clean) > least


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("channels", [1, 3])
def test_blind_they_estimate_the_noise(method, channels) -> None:
    clean = photograph(channels, 128, 128)
    assert gain(method(), observe(clean, blind=True), clean) > 4.5


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "model",
    [Gaussian(sigma=SIGMA, clip=True), Poisson(peak=25), Speckle(s=0.3)],
    ids=lambda m: type(m).__name__,
)
def test_they_take_other_noise_through_its_mean_deviation(method, model) -> None:
    clean = photograph(3, 128, 128)
    assert gain(method(), observe(clean, model), clean) > 3


@pytest.mark.parametrize("method", METHODS)
def test_impulses_have_no_deviation_and_one_is_estimated(method) -> None:
    clean = photograph(1, 64, 64)
    output = method().denoise(observe(clean, SaltPepper(fraction=0.2)))
    assert torch.isfinite(output).all()


@pytest.mark.filterwarnings("ignore:image is size 2")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("blind", [False, True])
@pytest.mark.parametrize("shape", [(1, 2, 2), (3, 2, 9), (1, 3, 40), (3, 7, 7), (1, 8, 8)])
def test_tiny_pictures(method, blind, shape) -> None:
    observation = observe(np.full(shape, 0.4), blind=blind)
    output = method().denoise(observation)
    assert output.shape == shape and torch.isfinite(output).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_flat_picture_stays_as_it_is(method, channels) -> None:
    flat = np.full((channels, 40, 40), 0.4)
    for blind in (False, True):
        noise = None if blind else Gaussian(sigma=SIGMA).describe(flat)
        output = method().denoise(observation_of(flat, noise))
        assert np.allclose(output.numpy(), 0.4, atol=1e-5)


@pytest.mark.parametrize("method", [TotalVariation, WaveletShrinkage])
def test_equal_noise_is_taken_out_of_the_luminance_alone(method) -> None:
    clean = photograph(3, 96, 96)
    observation = observe(clean, Gaussian(sigma=SIGMA, channels="equal"))
    output = method().denoise(observation)
    for tensor in (output, observation.image):
        assert np.allclose((tensor[0] - tensor[1]).numpy(), clean[0] - clean[1], atol=2e-6)
    told_wrong = observe(clean, Gaussian(sigma=SIGMA)).noise
    mistaken = observation_of(observation.image.numpy().astype(float), told_wrong)
    assert gain(method(), observation, clean) > gain(method(), mistaken, clean) + 0.5


@pytest.mark.parametrize("clip", [False, True])
def test_tv_leaves_a_residual_with_the_energy_of_the_noise(clip) -> None:
    """The discrepancy principle of Chambolle 2004, with the energy measured on the noise itself."""
    clean = photograph(1, 256, 256, top=0, left=180)
    observation = observe(clean, Gaussian(sigma=SIGMA, clip=clip))
    noisy = observation.image.numpy()
    energy = float(np.mean((noisy - clean) ** 2))
    residual = float(np.mean((TotalVariation().denoise(observation).numpy() - noisy) ** 2))
    assert residual == pytest.approx(energy, rel=0.03)


def test_tv_with_a_fixed_weight_is_scikit_images_with_the_weight_scaled_by_sigma() -> None:
    observation = observe(photograph(1, 64, 64))
    output = TotalVariation(weight=0.8, eps=2e-4).denoise(observation).numpy()
    plane = observation.image[0].numpy().astype(float)
    expected = denoise_tv_chambolle(plane, weight=0.8 * SIGMA, eps=2e-4, max_num_iter=200)
    assert np.allclose(output[0], expected, atol=1e-5)


def test_wavelet_in_ycbcr_without_shifts_is_scikit_images_convert2ycbcr() -> None:
    observation = observe(photograph(3, 70, 90))
    assert observation.image.min() < 0, "the conversion must cope with values outside [0, 1]"
    expected = denoise_wavelet(
        observation.image.numpy().transpose(1, 2, 0).astype(float),
        sigma=SIGMA,
        method="BayesShrink",
        mode="soft",
        convert2ycbcr=True,
        rescale_sigma=True,
        channel_axis=-1,
    )
    output = WaveletShrinkage(colour="ycbcr", shifts=0).denoise(observation).numpy()
    assert np.allclose(output.transpose(1, 2, 0), expected, atol=1e-6)


def test_cycle_spinning_is_the_mean_over_shifted_pictures() -> None:
    observation = observe(photograph(1, 64, 48))
    noise, plane = observation.noise, observation.image.numpy().astype(float)
    once = WaveletShrinkage(shifts=0)
    shifted = [
        np.roll(
            once.denoise(observation_of(np.roll(plane, s, (1, 2)), noise)).numpy(), (-s[0], -s[1]), (1, 2)
        )
        for s in ((0, 0), (0, 1), (1, 0), (1, 1))
    ]
    assert np.allclose(
        WaveletShrinkage(shifts=1).denoise(observation).numpy(), np.mean(shifted, 0), atol=1e-6
    )


def test_an_unknown_wavelet_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(Exception, match="did you mean 'sym4'"):
        WaveletShrinkage(wavelet="symm4")


@pytest.mark.parametrize(("fast", "h"), [(True, 0.6), (False, 0.8)])
def test_nl_means_has_the_setting_of_the_literature(fast, h) -> None:
    observation = observe(photograph(3, 40, 40))
    expected = denoise_nl_means(
        observation.image.numpy().transpose(1, 2, 0).astype(float),
        patch_size=5,
        patch_distance=6,
        h=h * SIGMA,
        sigma=SIGMA,
        fast_mode=fast,
        channel_axis=-1,
    )
    output = NonLocalMeans(fast=fast).denoise(observation).numpy()
    assert np.allclose(output.transpose(1, 2, 0), expected, atol=1e-6)


def test_colour_spaces_of_the_planes_agree_with_scikit_image() -> None:
    from priorbench_classical.arrays import _TRANSFORMS

    image = photograph(3, 9, 9).transpose(1, 2, 0)
    expected = (skimage.color.rgb2ycbcr(image) - [16, 128, 128]) / 255
    assert np.allclose(image @ _TRANSFORMS["ycbcr"].T * 1.0, expected, atol=1e-6)
    opponent = _TRANSFORMS["opponent"]
    assert np.allclose(opponent @ opponent.T, np.eye(3))

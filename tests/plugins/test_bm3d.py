"""BM3D: the published numbers, the noise it is told, and every size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from denoising_support import centre, decoded, observation_of, observe, photograph, real_pictures

from priorbench import NoiseDescriptor
from priorbench.protocol.metrics import clip01, psnr
from priorbench.protocol.seeding import Family, Ingredients, noise_rng
from priorbench.standard.noise_models import Gaussian, Poisson, PoissonGaussian

bm3d = pytest.importorskip("bm3d", reason="the package bm3d is not installed")

from priorbench_bm3d import anscombe, filters  # noqa: E402
from priorbench_bm3d.denoiser import BM3D  # noqa: E402

SIGMA = 25 / 255
HECKEL2020 = Gaussian(sigma=SIGMA, channels="equal", clip=True)


def restored(observation: Any, clean: Any, **parameters: Any) -> float:
    return psnr(clip01(BM3D(**parameters).denoise(observation)), clean)


@pytest.mark.parametrize(("channels", "least"), [(1, 6), (3, 9)])
def test_it_gains_several_db_at_odd_sizes_and_leaves_the_input_alone(channels, least) -> None:
    clean = photograph(channels, 67, 81)
    observation = observe(clean)
    before = observation.image.clone()
    output = BM3D().denoise(observation)
    assert output.shape == before.shape and output.dtype == torch.float32
    assert torch.equal(observation.image, before)
    assert torch.equal(BM3D().denoise(observation), output), "the same bits every time"
    assert psnr(clip01(output), clean) > psnr(clip01(before), clean) + least


def test_independent_colour_noise_gets_the_packages_own_colour_bm3d() -> None:
    clean = photograph(3, 48, 48)
    observation = observe(clean)
    profile = bm3d.BM3DProfile()
    profile.num_threads = 1
    image = observation.image.numpy().transpose(1, 2, 0).astype(float)
    expected = bm3d.bm3d_rgb(image, SIGMA, profile).transpose(2, 0, 1)
    assert np.allclose(BM3D().denoise(observation).numpy(), expected, atol=1e-6)
    per_channel = bm3d.bm3d(image, SIGMA, profile).transpose(2, 0, 1)
    assert psnr(clip01(expected), clean) > psnr(clip01(per_channel), clean) + 0.5


def test_the_opponent_space_with_an_independent_covariance_is_bm3d_rgb() -> None:
    image = observe(photograph(3, 32, 32)).image.numpy().transpose(1, 2, 0).astype(float)
    profile, sigmas = filters.make_profile("np", 1), np.array([0.05, 0.1, 0.15])
    expected = filters.independent(image, sigmas, profile)
    assert np.allclose(filters.opponent(image, np.diag(sigmas**2), profile), expected, atol=1e-6)


def test_told_the_truth_of_equal_noise_it_beats_the_published_call() -> None:
    clean = photograph(3, 64, 64, top=0)
    observation = observe(clean, HECKEL2020)
    assert restored(observation, clean) > restored(observation, clean, assume_independent=True) + 2


def test_equal_noise_leaves_the_differences_of_channels_alone() -> None:
    clean = photograph(3, 64, 64)
    output = BM3D().denoise(observe(clean, Gaussian(sigma=SIGMA, channels="equal"))).numpy()
    assert np.allclose(output[0] - output[1], clean[0] - clean[1], atol=1e-6)


def test_partly_correlated_noise_is_told_too() -> None:
    clean = photograph(3, 56, 56)
    covariance = SIGMA**2 * (0.3 * np.eye(3) + 0.7 * np.ones((3, 3)))
    rng = np.random.default_rng(0)
    noise = rng.multivariate_normal(np.zeros(3), covariance, (56, 56)).transpose(2, 0, 1)
    described = NoiseDescriptor(
        family="gaussian", sigma=SIGMA, channel_covariance=tuple(map(tuple, covariance.tolist()))
    )
    observation = observation_of(clean + noise, described)
    assert restored(observation, clean) > restored(observation, clean, assume_independent=True) + 1


def test_blind_it_estimates_the_noise() -> None:
    clean = photograph(3, 64, 64)
    assert restored(observe(clean, blind=True), clean) > restored(observe(clean), clean) - 0.5


@pytest.mark.parametrize("profile", ["np", "high", "vn", "vn_old"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 8, 8), (3, 8, 8), (3, 11, 12), (1, 12, 12), (3, 2, 40)])
def test_small_pictures_do_not_end_the_process(profile, shape) -> None:
    output = BM3D(profile=profile).denoise(observe(np.full(shape, 0.4)))
    assert output.shape == shape and torch.isfinite(output).all()


def test_flat_pictures_and_no_noise() -> None:
    for channels in (1, 3):
        flat = np.full((channels, 24, 24), 0.4)
        for model in (Gaussian(sigma=SIGMA), Gaussian(sigma=SIGMA, channels="equal"), Gaussian(sigma=0)):
            output = BM3D().denoise(observation_of(flat, model.describe(flat)))
            assert np.allclose(output.numpy(), 0.4, atol=1e-3)
        assert np.allclose(BM3D().denoise(observation_of(flat, None)).numpy(), 0.4, atol=1e-3)
    only_green = np.stack([flat[0], photograph(1, 24, 24)[0], flat[0]])
    assert torch.isfinite(BM3D().denoise(observation_of(only_green, None))).all()


@pytest.mark.parametrize(("a", "b"), [(1.0, 0.0), (0.04, 0.0), (0.04, 0.0004), (0.2, 0.04)])
def test_the_inverse_anscombe_transform_is_unbiased(a, b) -> None:
    """Against E f(y), summed over photon counts and integrated over the read-out noise."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    for photons in (1.0, 2.0, 5.0, 20.0):
        counts = np.arange(0, 200)
        y = a * counts[:, None] + np.sqrt(b) * nodes
        inner = anscombe.forward(y, a, b) @ weights / weights.sum()
        mean = np.sum(scipy.stats.poisson.pmf(counts, photons) * inner)
        assert anscombe.inverse(np.array([mean]), a, b)[0] / a == pytest.approx(photons, abs=0.05)


@pytest.mark.parametrize(
    "model", [Poisson(peak=10), PoissonGaussian(a=0.05, b=0.0004)], ids=["poisson", "both"]
)
def test_stabilising_photon_noise_beats_its_mean_deviation(model) -> None:
    clean = photograph(1, 64, 64)
    observation = observe(clean, model)
    assert observation.noise is not None
    as_gaussian = NoiseDescriptor(family="gaussian", sigma=observation.noise.sigma, channel_covariance=None)
    mistaken = observation_of(observation.image.numpy().astype(float), as_gaussian)
    assert restored(observation, clean) > restored(mistaken, clean) + 0.3


@pytest.mark.slow
def test_published_numbers_on_set12() -> None:
    """Grey, sigma 25, unclipped: C.man 29.45, House 32.85, Peppers 30.16, Starfish 28.56 dB (DnCNN)."""
    published = [29.45, 32.85, 30.16, 28.56]
    measured = []
    for path in real_pictures("Set12")[:4]:
        clean = decoded(path)
        noise = Family(name="gaussian", parameters={"channels": "independent", "clip": False})
        rng = noise_rng(Ingredients(image_set="set12", image=path.name, repetition=0, noise=noise))
        noisy = Gaussian(sigma=SIGMA).corrupt(clean, rng)
        measured.append(restored(observation_of(noisy, Gaussian(sigma=SIGMA).describe(noisy)), clean))
    print("Set12", np.round(measured, 3), "mean", round(float(np.mean(measured)), 3))
    assert measured == pytest.approx(published, abs=0.15)
    assert np.mean(measured) == pytest.approx(np.mean(published), abs=0.08)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kodim03.png", "kodim05.png", "kodim23.png"])
def test_told_the_truth_it_beats_the_published_call_on_kodak(name) -> None:
    path = next(path for path in real_pictures("Kodak24-full") if path.name == name)
    clean = centre(decoded(path), 256)
    observation = observe(clean, HECKEL2020)
    truth, published = (restored(observation, clean, assume_independent=wrong) for wrong in (False, True))
    print(name, round(truth, 2), round(published, 2))
    assert truth > published + 2
    if name == "kodim05.png":
        assert published == pytest.approx(23.05, abs=0.15)

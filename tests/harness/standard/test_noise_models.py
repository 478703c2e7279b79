"""Noise models against their closed forms, and the noise level of published image sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import skimage.data
from denoising_support import centre, decoded, photograph, real_pictures
from numpy.typing import NDArray

from priorbench.contract.noise import NoiseModel
from priorbench.contract.specs import NoiseSpec
from priorbench.loading.load import load_registry
from priorbench.loading.registry import import_factory
from priorbench.parameters.values import ParameterProblems, build, resolve
from priorbench.protocol.metrics import psnr
from priorbench.protocol.seeding import Family, Ingredients, noise_rng
from priorbench.standard.noise_models import Gaussian, Poisson, PoissonGaussian, SaltPepper, Speckle
from priorbench.toolkit.clipping import clipped_noise_energy


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def flat(value: float, channels: int = 3, side: int = 256) -> NDArray[np.float64]:
    return np.full((channels, side, side), value)


def preset(name: str, **given: object) -> NoiseModel:
    spec = load_registry().find("noise model", name).spec
    assert isinstance(spec, NoiseSpec)
    factory = import_factory(spec)
    model: NoiseModel = build(factory, resolve(spec, factory, given))
    return model


def test_unclipped_gaussian_noise_has_the_psnr_of_its_sigma() -> None:
    clean = photograph(3, 256, 256)
    for sigma, db in ((15 / 255, 24.609), (25 / 255, 20.172), (50 / 255, 14.151)):
        assert db == pytest.approx(-20 * np.log10(sigma), abs=5e-4)
        assert psnr(Gaussian(sigma=sigma).corrupt(clean, rng()), clean) == pytest.approx(db, abs=0.03)


def clipped_energy_by_quadrature(value: float, sigma: float) -> float:
    """E (clip(x + n) - x)^2, by numerical integration over n."""

    def integrand(n: float) -> float:
        return (min(max(value + n, 0.0), 1.0) - value) ** 2 * float(scipy.stats.norm.pdf(n, scale=sigma))

    bound = 9 * sigma
    points = [point for point in (-value, 1 - value) if abs(point) < bound]
    return float(scipy.integrate.quad(integrand, -bound, bound, points=points, limit=200)[0])


@pytest.mark.parametrize("sigma", [15 / 255, 25 / 255, 50 / 255])
def test_clipped_gaussian_noise_has_the_energy_of_the_closed_form(sigma: float) -> None:
    for value in (0.0, 0.03, 0.5, 0.9, 1.0):
        expected = clipped_energy_by_quadrature(value, sigma)
        assert clipped_noise_energy(np.array([value]), sigma) == pytest.approx(expected, rel=1e-6)
        measured = Gaussian(sigma=sigma, clip=True).corrupt(flat(value), rng()) - value
        assert np.mean(measured**2) == pytest.approx(expected, rel=0.02)


def test_equal_channels_share_one_field_and_independent_ones_do_not() -> None:
    for channels, rows in (("equal", np.ones((3, 3))), ("independent", np.eye(3))):
        model = Gaussian(sigma=0.1, channels=channels)  # type: ignore[arg-type]
        noise = model.corrupt(flat(0.5), rng()) - 0.5
        covariance = np.cov(noise.reshape(3, -1))
        assert covariance == pytest.approx(0.01 * rows, abs=2e-4)
        descriptor = model.describe(noise)
        assert np.array(descriptor.channel_covariance) == pytest.approx(0.01 * rows)
        assert descriptor.sigma == 0.1
    assert np.ptp(Gaussian(channels="equal").corrupt(flat(0.5), rng()), axis=0).max() == 0


def test_levels_share_one_draw() -> None:
    clean = photograph(3, 40, 50)
    fields = [(Gaussian(sigma=s).corrupt(clean, rng()) - clean) / s for s in (0.02, 25 / 255, 0.7)]
    assert np.allclose(fields[0], fields[1], atol=1e-12) and np.allclose(fields[1], fields[2], atol=1e-12)
    few, many = (SaltPepper(fraction=p).corrupt(clean, rng()) for p in (0.1, 0.4))
    assert np.array_equal(few[few != clean], many[few != clean])
    speckle = [(Speckle(s=s).corrupt(clean, rng()) - clean) / s for s in (0.1, 0.5)]
    assert np.allclose(*speckle, atol=1e-12)


def test_poisson_noise_counts_photons() -> None:
    for peak in (4.0, 25.0, 400.0):
        noisy = Poisson(peak=peak).corrupt(flat(0.3), rng())
        assert np.allclose(noisy * peak, np.round(noisy * peak))
        assert noisy.mean() == pytest.approx(0.3, rel=0.01)
        assert noisy.var() == pytest.approx(0.3 / peak, rel=0.02)


def test_poisson_gaussian_noise_has_the_variance_a_x_plus_b() -> None:
    for a, b in ((0.01, 0.0004), (0.05, 0.0), (0.0, 0.01)):
        for x in (0.1, 0.8):
            noisy = PoissonGaussian(a=a, b=b).corrupt(flat(x), rng())
            assert noisy.mean() == pytest.approx(x, rel=0.01)
            assert noisy.var() == pytest.approx(a * x + b, rel=0.02)


def test_speckle_scales_with_the_signal() -> None:
    for x in (0.0, 0.2, 0.9):
        assert Speckle(s=0.3).corrupt(flat(x), rng()).std() == pytest.approx(0.3 * x, rel=0.01)


def test_salt_and_pepper_replaces_the_given_fraction_by_black_and_white_alike() -> None:
    noisy = SaltPepper(fraction=0.3).corrupt(flat(0.5), rng())
    assert np.mean(noisy == 0) == pytest.approx(0.15, abs=0.003)
    assert np.mean(noisy == 1) == pytest.approx(0.15, abs=0.003)
    assert np.mean(noisy == 0.5) == pytest.approx(0.7, abs=0.003)
    assert SaltPepper().describe(noisy).sigma is None
    clean = photograph(3, 20, 20)
    assert np.array_equal(SaltPepper(fraction=0).corrupt(clean, rng()), clean)


@pytest.mark.parametrize("model", [Poisson(peak=20), PoissonGaussian(), Speckle(s=0.25)])
def test_the_descriptor_estimates_the_mean_variance_from_the_noisy_image(model: NoiseModel) -> None:
    clean = photograph(3, 200, 200)
    noisy = model.corrupt(clean, rng())
    descriptor = model.describe(noisy)
    assert descriptor.signal_dependent and descriptor.channel_covariance is None
    assert descriptor.sigma == pytest.approx(np.sqrt(np.mean((noisy - clean) ** 2)), rel=0.02)


@pytest.mark.parametrize(
    "model",
    [Gaussian(clip=True), Poisson(clip=True), PoissonGaussian(clip=True), Speckle(clip=True), SaltPepper()],
)
def test_models_keep_shape_and_type_and_leave_the_clean_image_alone(model: NoiseModel) -> None:
    for shape in ((3, 17, 23), (1, 1, 1)):
        clean = np.random.default_rng(1).random(shape)
        before = clean.copy()
        noisy = model.corrupt(clean, rng())
        assert noisy.shape == shape and noisy.dtype == np.float64
        assert noisy.min() >= 0 and noisy.max() <= 1
        assert np.array_equal(clean, before) and not np.shares_memory(noisy, clean)
        assert model.describe(noisy).clipped is not isinstance(model, SaltPepper)


def test_presets_and_spellings_of_one_noise_draw_the_same_numbers() -> None:
    clean = photograph(3, 32, 32)
    spellings = [preset("gaussian-25"), preset("gaussian", sigma="25/255"), preset("gaussian", sigma=25)]
    drawn = [model.corrupt(clean, rng()) for model in spellings]
    assert np.array_equal(drawn[0], drawn[1]) and np.array_equal(drawn[0], drawn[2])
    clipped = preset("gaussian-25-clipped").corrupt(clean, rng())
    assert np.array_equal(clipped, np.clip(drawn[0], 0, 1)) and not np.array_equal(clipped, drawn[0])


def test_a_wrong_level_is_refused_before_the_run() -> None:
    with pytest.raises(ParameterProblems, match="negative"):
        preset("gaussian", sigma=-3)
    with pytest.raises(ParameterProblems, match="peak"):
        preset("poisson", peak=0)
    with pytest.raises(ParameterProblems, match="fraction"):
        preset("salt-and-pepper", fraction=1.5)


def test_clipping_lifts_the_psnr_of_a_photograph_by_what_the_closed_form_says() -> None:
    clean = (skimage.data.astronaut() / 255.0).transpose(2, 0, 1)
    for model, sigma in (
        (preset("heckel2020"), 25 / 255),
        (preset("gaussian-25-clipped"), 25 / 255),
        (preset("gaussian", sigma=30, clip=True), 30 / 255),
    ):
        expected = -10 * np.log10(clipped_noise_energy(clean, sigma))
        assert expected > -20 * np.log10(sigma) + 0.4
        assert psnr(model.corrupt(clean, rng()), clean) == pytest.approx(expected, abs=0.02)


def luminance(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """BSD68 as it is distributed: CBSD68 made grey in 8 bits."""
    grey = np.tensordot([0.2989, 0.5870, 0.1140], image * 255, axes=1)
    return np.round(grey)[None] / 255


def crop512(image: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The rule of Heckel & Soltanolkotabi 2020: three channels, both sides above 512."""
    return centre(image, 512) if len(image) == 3 and min(image.shape[1:]) > 512 else None


#: set, transformation, number of pictures, sigma -> mean noisy PSNR (unclipped, clipped)
SETS: list[
    tuple[
        str, Callable[[NDArray[np.float64]], NDArray[np.float64] | None], int, dict[int, tuple[float, float]]
    ]
]
SETS = [
    ("Set12", lambda x: x, 12, {15: (24.61, 24.68), 25: (20.17, 20.335), 50: (14.16, 14.76)}),
    ("CBSD68", luminance, 68, {15: (24.61, 24.80), 25: (20.17, 20.48), 50: (14.15, 14.92)}),
    ("CBSD68", lambda x: x, 68, {25: (20.172, 20.535)}),
    (
        "Kodak24-full",
        lambda x: centre(x, 500),
        24,
        {15: (24.61, 24.76), 25: (20.175, 20.437), 50: (14.15, 14.87)},
    ),
    ("Kodak24-full", lambda x: x, 24, {25: (20.173, 20.440)}),
    ("imagenet-sample", crop512, 20, {25: (20.168, 20.653)}),
]


def mean_noisy_psnr(
    files: Iterable[Path], clean_of: Callable, name: str, sigma: int
) -> tuple[int, float, float]:
    """Number of pictures and mean noisy PSNR, unclipped and clipped, with the protocol's own seeds."""
    rows = []
    for path in files:
        clean = clean_of(decoded(path))
        if clean is not None:
            noise = Family(name="gaussian", parameters={"channels": "independent", "clip": False})
            seeds = Ingredients(image_set=name, image=path.name, repetition=0, noise=noise)
            generator = noise_rng(seeds)
            noisy = Gaussian(sigma=sigma / 255).corrupt(clean, generator)
            rows.append((psnr(noisy, clean), psnr(np.clip(noisy, 0, 1), clean)))
    return len(rows), *np.mean(rows, axis=0)


@pytest.mark.parametrize(("name", "clean_of", "count", "levels"), SETS)
def test_the_mean_noise_level_of_published_sets(name, clean_of, count, levels) -> None:
    files = real_pictures(name)
    for sigma, (unclipped, clipped) in levels.items():
        found, measured, measured_clipped = mean_noisy_psnr(files, clean_of, name, sigma)
        print(f"{name} {sigma}: {measured:.3f} {measured_clipped:.3f}")
        assert found == count
        assert measured == pytest.approx(unclipped, abs=0.02)
        assert measured_clipped == pytest.approx(clipped, abs=0.02)


@pytest.mark.parametrize(
    ("name", "given", "reason"),
    [
        ("poisson", {"peak": 1e16}, "less than or equal to 1000000000000"),
        ("poisson", {"peak": 1e-300}, "greater than or equal to"),
        ("poisson-gaussian", {"a": 1e-20}, "0 (no photon noise) or at least 1e-12"),
        ("poisson-gaussian", {"b": 1e300}, "less than or equal to 1000000"),
        ("speckle", {"s": 1e300}, "less than or equal to 1000000"),
        ("speckle", {"s": 1e-300}, "0 or at least 1e-07"),
        ("poisson-gaussian", {"a": 0.0, "b": 1e-20}, "0 or at least 1e-14"),
        ("gaussian", {"sigma": 1e-20}, "write 0, or at least 1e-07"),
    ],
)
def test_a_level_that_cannot_be_drawn_is_refused_before_a_run(name, given, reason):
    """Before: every trial was refused, or failed with infinite values, one after the other."""
    with pytest.raises(ParameterProblems) as caught:
        preset(name, **given)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("poisson", {"peak": 1e12}),
        ("poisson-gaussian", {"a": 0.0}),
        ("poisson-gaussian", {"a": 1e-12}),
        ("poisson-gaussian", {"a": 0.0, "b": 1e-14}),
        ("speckle", {"s": 1e-7}),
        ("gaussian", {"sigma": "1e-7/1"}),
    ],
)
def test_the_last_level_that_can_be_drawn(name, given):
    noisy = preset(name, **given).corrupt(flat(1.0, side=8), rng()).astype(np.float32)
    assert np.isfinite(noisy).all()
    assert len(np.unique(noisy)) > 2, "some of it is left in single precision"

"""The two-layer generator: against dense gradient descent and published trajectories."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import scipy.linalg
import torch

from priorbench_two_layer import basis as trigonometric
from priorbench_two_layer.circulant import Circulant, gaussian, separable, triangle
from priorbench_two_layer.convolution import GramConvolution, separable_bands
from priorbench_two_layer.dual_kernel import dual_kernel
from priorbench_two_layer.generator import Generator
from priorbench_two_layer.jacobian import expected_gram, gram, output_weights
from priorbench_two_layer.lemmas import lemma_3, lemma_6, lemma_7, start_energy
from priorbench_two_layer.linearised import prediction
from priorbench_two_layer.torus import Torus

CPU = torch.device("cpu")
SMALL = Circulant(triangle(128, 8))


def random(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@functools.cache
def published_draws() -> tuple[np.ndarray, dict[tuple[str, int], np.ndarray]]:
    """Return what the published trajectories fit and start from: y, n = 128, and weights C / omega, (k, n).

    y is 9 functions of norm 1 and noise. All come from one stream: the functions' coefficients, the noise,
    and for each width the weights of its three starts, laid out (n, k).
    """
    rng, starts = np.random.default_rng(0), {}
    coefficients, z = rng.standard_normal(9), rng.standard_normal(128) * 0.5 / 128**0.5
    coefficients[2::2] *= -1  # drawn for sines of the other sign
    y = trigonometric.basis(128)[:, :9] @ (coefficients / np.linalg.norm(coefficients)) + z
    for k in (256, 1024, 4096):
        starts["symmetric", k] = np.tile(rng.standard_normal((128, k // 2)).T, (2, 1))
        starts["independent", k] = rng.standard_normal((128, k)).T
        starts["small", k] = rng.standard_normal((128, k)).T * 0.01
    return y, starts


def target() -> np.ndarray:
    return published_draws()[0]


@functools.cache
def deviations(k: int, *, start: str = "independent", seed: int | None = None) -> tuple[list[float], float]:
    """Return ||r - rlin|| / ||y|| at tau = 10, 50, 200, and the part of the signs that flipped.

    The start is the published draw, or for a seed the generator's own.
    """
    y, starts = published_draws()
    norm = float(np.linalg.norm(y))
    omega = norm / 128**0.5
    generator = Generator(SMALL, k=k, omega=omega, random=random(seed or 0), dtype=torch.float64)
    if seed is None:
        generator.Z = torch.from_numpy(SMALL.apply(starts[start, k] * omega))
    g0, signs, seen = generator.output().numpy(), generator.Z > 0, []
    for tau in range(1, 201):
        generator.step(generator.output() - torch.from_numpy(y), SMALL.step_size)
        if tau in (10, 50, 200):
            linear = prediction(dual_kernel(SMALL), SMALL.step_size, tau, y, g0)
            seen.append(float(np.linalg.norm(generator.output().numpy() - linear)) / norm)
    return seen, float(((generator.Z > 0) != signs).double().mean())


@pytest.mark.parametrize(
    ("start", "k", "published"),
    [
        ("independent", 256, ".018 .018 .068"),
        ("independent", 1024, ".011 .011 .042"),
        ("independent", 4096, ".0042 .0052 .0246"),
        ("symmetric", 256, ".022 .020 .073"),
        ("symmetric", 1024, ".012 .013 .044"),
        ("symmetric", 4096, ".0070 .0076 .0258"),
    ],
)
def test_gradient_descent_follows_the_published_linearised_trajectory(start, k, published):
    """At tau = 10, 50, 200, to every printed digit."""
    digits = len(published.split()[0]) - 1
    assert [round(value, digits) for value in deviations(k, start=start)[0]] == [
        float(value) for value in published.split()
    ]


def test_the_distance_to_the_linear_trajectory_falls_with_the_root_of_the_width():
    means = [np.mean([deviations(k, seed=seed)[0][2] for seed in range(3)]) for k in (256, 1024)]
    assert means[0] / means[1] == pytest.approx(2, rel=0.3)


@pytest.mark.parametrize("k", [256, 1024, 4096])
def test_a_small_start_breaks_the_linear_regime(k):
    """Published of 0.01 omega: .045-.06 at tau = 10, .16-.17 at 200, 28-40 % of signs flip, not 2-5 %."""
    small, flipped = deviations(k, start="small")
    assert 0.0445 < small[0] < 0.0605
    assert 0.155 < small[2] < 0.175
    assert 0.275 < flipped < 0.405
    for start in ("independent", "symmetric"):
        assert 0.015 < deviations(k, start=start)[1] < 0.055


@pytest.mark.parametrize("banded", [False, True])
def test_the_fit_is_dense_gradient_descent_on_the_weights(banded):
    k, omega, y, U = 64, 0.3, target(), scipy.linalg.circulant(SMALL.u)
    generator = Generator(SMALL, k=k, omega=omega, random=random(1), dtype=torch.float64, banded=banded)
    C = torch.randn((k, 128), generator=random(1), dtype=torch.float64).numpy().T * omega
    v = output_weights(k)
    for _ in range(60):
        r = np.maximum(U @ C, 0) @ v - y
        C = C - SMALL.step_size * (U.T @ ((U @ C > 0) * r[:, None])) * v
        generator.step(generator.output() - torch.from_numpy(y), SMALL.step_size)
    np.testing.assert_allclose(generator.output().numpy(), np.maximum(U @ C, 0) @ v, atol=1e-13)


def test_the_fit_of_an_asymmetric_kernel_on_a_torus_is_dense_gradient_descent():
    u = np.zeros((5, 6))
    u[:2, :3] = np.random.default_rng(0).standard_normal((2, 3))
    circulant, y = Circulant(u), np.random.default_rng(1).standard_normal((5, 6))
    U = np.array([np.roll(u, (i, j), axis=(0, 1)).ravel() for i in range(5) for j in range(6)]).T
    generator = Generator(circulant, k=8, omega=0.5, random=random(0), dtype=torch.float64)
    C = torch.randn((8, 5, 6), generator=random(0), dtype=torch.float64).numpy().reshape(8, 30).T * 0.5
    v = output_weights(8)
    for _ in range(20):
        r = np.maximum(U @ C, 0) @ v - y.ravel()
        C = C - circulant.step_size * (U.T @ ((U @ C > 0) * r[:, None])) * v
        generator.step(generator.output() - torch.from_numpy(y), circulant.step_size)
    np.testing.assert_allclose(generator.output().numpy().ravel(), np.maximum(U @ C, 0) @ v, atol=1e-13)


@pytest.mark.parametrize("shape", [(64,), (40, 1), (1, 40), (24, 30)])
@pytest.mark.parametrize(("name", "width"), [("triangle", 1), ("triangle", 3), ("gaussian", 0.4)])
def test_banded_sums_are_the_convolution(shape, name, width):
    circulant, x = separable(name, shape, width), torch.randn(5, *shape, dtype=torch.float64)
    dense = circulant.apply(circulant.adjoint(x.numpy()))
    for banded in (False, True):
        convolution = GramConvolution(circulant, dtype=torch.float64, banded=banded)
        np.testing.assert_allclose(convolution(x).numpy(), dense, atol=1e-12)


def test_what_is_not_banded_or_not_separable_is_convolved_by_fft():
    assert separable_bands(Circulant(gaussian(20, 8.0)).autocorrelation) == ()
    assert separable_bands(np.ones((3, 3)) + np.eye(3)) == ()
    with pytest.raises(ValueError, match="banded sums need"):
        GramConvolution(Circulant(gaussian(20, 8.0)), dtype=torch.float32, banded=True)
    assert not GramConvolution(separable("triangle", (64, 64), 12), dtype=torch.float32).banded
    assert GramConvolution(separable("triangle", (300,), 3), dtype=torch.float32).banded


def test_the_start():
    """E ||G(C_0)||^2, Lemma 6; a symmetric start gives 0."""
    omega, delta, draws = 0.3, 0.05, []
    for seed in range(300):
        g = Generator(SMALL, k=64, omega=omega, random=random(seed), dtype=torch.float64).output()
        draws.append(float(g.norm()))
    energies = np.square(draws)
    assert np.mean(energies) == pytest.approx(start_energy(SMALL, omega), abs=4 * energies.std() / 300**0.5)
    assert start_energy(SMALL, omega) ** 0.5 == pytest.approx(0.5838 * omega * 128**0.5, rel=1e-4)
    assert np.mean(np.array(draws) > lemma_6(SMALL, omega, delta)) <= delta
    symmetric = Generator(SMALL, k=64, omega=omega, start="symmetric", random=random(0), dtype=torch.float64)
    assert float(symmetric.output().abs().max()) < 1e-15


def test_lemmas_3_and_7_on_draws():
    rng, k = np.random.default_rng(0), 200
    circulant = Circulant(triangle(40, 4))
    U, v = scipy.linalg.circulant(circulant.u), output_weights(k)
    C = rng.standard_normal((40, k))
    expected = expected_gram(U)
    assert np.linalg.norm(gram(U, C, v) - expected, 2) <= lemma_3(circulant, k, delta=0.05)
    for radius in (0.1, 1.0, 7.0):
        direction = rng.standard_normal(C.shape)
        moved = C + radius * direction / np.linalg.norm(direction)
        flipped = ((U @ C > 0) != (U @ moved > 0)) * v
        # J(C) - J(C0) has the blocks +-v_j diag(flipped) U
        distance = np.linalg.norm((flipped @ flipped.T) * (U @ U.T), 2) ** 0.5
        assert distance <= lemma_7(circulant, k, radius)
    with pytest.raises(ValueError, match="R must lie in"):
        lemma_7(circulant, k, 8.0)


def test_a_torus_mirrors_what_it_adds():
    image = torch.arange(12.0).reshape(1, 3, 4)
    torus = Torus(height=3, width=4, margin=5)
    filled = torus.fill(image)
    assert filled.shape[-2:] == torus.shape
    assert torch.equal(torus.crop(filled), image)
    above = (torus.shape[0] - 3) // 2
    expected = np.pad(image.numpy(), [(0, 0), (above, torus.shape[0] - 3 - above), (0, 0)], mode="symmetric")
    left = (torus.shape[1] - 4) // 2
    assert np.array_equal(filled.numpy()[..., left : left + 4], expected)
    assert Torus(height=1, width=7, margin=0).shape == (1, 7)
    assert Torus(height=1, width=50, margin=16).shape[0] == 1

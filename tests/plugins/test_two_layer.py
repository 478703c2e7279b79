"""The two-layer generator and its denoisers: against dense gradient descent and published trajectories."""

from __future__ import annotations

import functools
import itertools
import subprocess
import sys

import numpy as np
import pytest
import scipy.linalg
import torch
from denoising_support import observe, photograph

from priorbench import Observation
from priorbench.errors import PriorbenchError
from priorbench_two_layer import basis as trigonometric
from priorbench_two_layer.circulant import Circulant, gaussian, separable, triangle
from priorbench_two_layer.convolution import GramConvolution, separable_bands
from priorbench_two_layer.denoisers import TwoLayer, TwoLayerLinear
from priorbench_two_layer.dual_kernel import dual_kernel
from priorbench_two_layer.generator import Generator
from priorbench_two_layer.jacobian import expected_gram, gram, output_weights
from priorbench_two_layer.lemmas import lemma_3, lemma_6, lemma_7, start_energy
from priorbench_two_layer.linearised import fourier_energies, prediction
from priorbench_two_layer.risk import best_iteration, risk
from priorbench_two_layer.torus import Torus
from priorbench_two_layer.wide_dip.solver import WideDeepInversePrior

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


def at(method, observation: Observation, tau: int) -> torch.Tensor:
    item = next(itertools.islice(method.iterate(observation), tau - 1, None))
    return item.output if item.estimate is None else item.estimate()


def gain(method, clean: np.ndarray, observation: Observation) -> float:
    """Return the gain of the best of 30 iterates over the noisy image, in dB."""
    errors = []
    for item in itertools.islice(method.iterate(observation), 30):
        estimate = item.output if item.estimate is None else item.estimate()
        errors.append(float(np.square(estimate.clamp(0, 1).numpy() - clean).mean()))
    noisy = float(np.square(observation.image.clamp(0, 1).numpy() - clean).mean())
    return 10 * np.log10(noisy / min(errors))


def test_both_denoise_a_photograph():
    clean = photograph(3, 64, 80)
    observation = observe(clean)
    assert gain(TwoLayerLinear(), clean, observation) > 5
    assert gain(TwoLayer(k=64), clean, observation) > 4


def test_the_default_budget_about_minimises_the_closed_form_risk_of_photographs():
    for channels in (1, 3):
        clean = photograph(channels, 256, 256)
        circulant = separable("triangle", (256, 256), 3)
        signal = np.mean([fourier_energies(plane) for plane in clean], axis=0)
        sigma, s = dual_kernel(circulant), 25 / 255 * 256
        best = best_iteration(sigma, circulant.step_size, signal, s, most=1000)
        least, default = risk(sigma, circulant.step_size, [best, TwoLayerLinear().iterations], signal, s)
        assert 10 * np.log10(default / least) < 0.15, best


def test_the_finite_width_approaches_the_limit():
    observation = observe(photograph(1, 32, 32))
    limit = at(TwoLayerLinear(), observation, 8)
    gaps = [
        float((at(TwoLayer(k=k, start="symmetric", omega=1.0), observation, 8) - limit).norm() / limit.norm())
        for k in (64, 1024)
    ]
    assert gaps[1] < 0.5 * gaps[0]
    assert gaps[1] < 0.03


@pytest.mark.parametrize("tau", [1, 2, 7, 150])
@pytest.mark.parametrize("shape", [(3, 20, 31), (1, 1, 24), (1, 9, 8)])
def test_the_closed_form_is_gradient_descent_on_the_linear_model(tau, shape):
    """Without a margin, an image of one row is a signal on a ring. The loss is that before the step."""
    y = torch.rand(shape, generator=random(0))
    observation = Observation(image=y, noise=None, device=CPU)
    method = TwoLayerLinear(width=2.5, margin=0)
    circulant = separable("triangle", shape[1:], 2.5)
    K = dual_kernel(circulant) ** 2
    output, loss = np.zeros(shape), 0.0
    for _ in range(tau):
        r = output - y.numpy()
        loss = float(np.square(r).mean())
        output = output - circulant.step_size * np.fft.ifft2(K * np.fft.fft2(r)).real
    item = next(itertools.islice(method.iterate(observation), tau - 1, None))
    np.testing.assert_allclose(item.estimate().numpy(), output, atol=2e-6)
    assert item.loss == pytest.approx(loss, rel=1e-4)
    if shape[1] == 1:
        sigma = dual_kernel(Circulant(triangle(shape[2], 2.5)))
        signal = prediction(sigma, circulant.step_size, tau, y.numpy()[0, 0].astype(np.float64))
        np.testing.assert_allclose(item.estimate().numpy()[0, 0], signal, atol=2e-6)


METHODS = [TwoLayer(k=16), TwoLayerLinear(), WideDeepInversePrior(k=40)]


@pytest.mark.parametrize("method", METHODS, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 50), (1, 17, 2), (3, 33, 47)])
def test_any_size_any_seed_and_nothing_global(method, shape):
    image = torch.rand(shape, generator=random(0))
    observation = Observation(image=image.clone(), noise=None, device=CPU, seed=3)
    state = torch.get_rng_state()
    first, again = at(method, observation, 3), at(method, observation, 3)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first, again)
    assert first.shape == shape
    assert first.dtype == torch.float32
    assert bool(torch.isfinite(first).all())
    assert torch.equal(observation.image, image)


@pytest.mark.parametrize("method", METHODS, ids=lambda m: type(m).__name__)
def test_the_loss_falls_and_estimates_stay_what_they_were(method):
    observation = observe(photograph(1, 24, 24))
    items = list(itertools.islice(method.iterate(observation), 6))
    losses = [float(item.loss) for item in items]
    assert losses == sorted(losses, reverse=True)
    late = [item.output if item.estimate is None else item.estimate() for item in items]
    for tau in (1, 4):
        torch.testing.assert_close(late[tau - 1], at(method, observation, tau))


class Blur:
    """A x = the mean of neighbours along a row, on half the columns: not square, not symmetric."""

    def A(self, x: torch.Tensor) -> torch.Tensor:  # noqa: N802
        return (x[..., ::2] + x[..., 1::2]) / 2

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:  # noqa: N802
        return torch.repeat_interleave(y, 2, dim=-1) / 2


def test_wide_dip_solves_an_inverse_problem_whose_measurement_has_another_shape():
    x = torch.rand((1, 4, 6), generator=random(0)) * 0.5 + 0.2
    observation = Observation(image=Blur().A(x), noise=None, device=CPU, operator=Blur())
    method = WideDeepInversePrior(k=400)
    estimate = at(method, observation, 3000)
    assert estimate.shape == x.shape
    torch.testing.assert_close(Blur().A(estimate), observation.image, atol=2e-3, rtol=0)


def test_wide_dip_is_the_reduced_fit():
    """The same V and h_0 through the compiled float64 fit, with the identity as the operator."""
    from priorbench.toolkit.initialisation import stream
    from priorbench_two_layer.wide_dip.activation import TANH
    from priorbench_two_layer.wide_dip.problem import Reduced
    from priorbench_two_layer.wide_dip.reduced import Descent, fit

    y = torch.rand((1, 3, 4), generator=random(0))
    method = WideDeepInversePrior(k=30, phi="tanh", eta=1.5)
    estimate = at(method, Observation(image=y, noise=None, device=CPU, seed=5), 40)
    V = torch.empty(12, 30).random_(0, 2, generator=stream(5, "columns")).mul_(2).sub_(1).double().numpy()
    h = torch.randn(30, generator=stream(5, "weights")).double().numpy()
    batch = Reduced(B=V[None], y=y.double().numpy().reshape(1, 12), h=h[None])
    run = fit(batch, TANH, Descent(eta=1.5, steps=40, tolerance=0.0, check_every=0))
    np.testing.assert_allclose(estimate.numpy().ravel(), V @ TANH.phi(run.h[0]) / 30**0.5, atol=2e-5)


def test_wide_dip_ignores_masked_pixels():
    mask = torch.rand((1, 5, 6), generator=random(1)) > 0.3
    one = torch.rand((1, 5, 6), generator=random(0))
    two = torch.where(mask, one, 9.0)
    a, b = (
        at(WideDeepInversePrior(k=50), Observation(image=y, noise=None, device=CPU, mask=mask), 20)
        for y in (one, two)
    )
    assert torch.equal(a, b)
    nothing = Observation(image=one, noise=None, device=CPU, mask=torch.zeros_like(mask))
    with pytest.raises(ValueError, match="no pixel"):
        at(WideDeepInversePrior(k=5), nothing, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TwoLayer(k=3), "k must be even, not 3"),
        (lambda: TwoLayer(width=0.5), "half-width must be at least 1"),
        (lambda: TwoLayerLinear(kernel="box"), "kernel cannot be 'box'"),
        (lambda: TwoLayer(start="zero"), "start cannot be 'zero'"),
        (lambda: TwoLayerLinear(margin=-1), "margin must be at least 0"),
        (lambda: WideDeepInversePrior(phi="relu"), "activation cannot be 'relu'"),
        (lambda: WideDeepInversePrior(columns="normal"), "columns cannot be 'normal'"),
        (lambda: WideDeepInversePrior(eta=-1.0), "eta must be"),
    ],
)
def test_bad_parameters_are_refused(make, message):
    with pytest.raises((ValueError, PriorbenchError), match=message):
        make()


def test_registration_imports_neither_torch_nor_numpy():
    program = (
        "import sys, priorbench_two_layer as p; list(p.priorbench_denoisers()); "
        "print({'torch', 'numpy', 'numba'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

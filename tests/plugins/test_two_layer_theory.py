"""Theory of the two-layer generator: against published numbers and dense algebra."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.linalg
from published_trajectory import ETA, SIGMA, SMALL, padded, small_signal

from priorbench_two_layer import basis as trigonometric
from priorbench_two_layer.bounds import stopping_time
from priorbench_two_layer.circulant import Circulant, gaussian, separable, triangle
from priorbench_two_layer.dual_kernel import dual_kernel, half_correlation
from priorbench_two_layer.jacobian import expected_gram, gram, jacobian, output_weights, sampled_gram
from priorbench_two_layer.linearised import (
    contraction,
    distance,
    error_bound,
    fourier_energies,
    matrix_residual,
    prediction,
    residual,
)
from priorbench_two_layer.risk import best_iteration, risk

N = 300
SHOWN = [0, 10, 20, 50, 100, 299]
#: Fig. 6: max and min sigma^2, sigma_1 ... sigma_300 at SHOWN, beta, beta / alpha, directions for 90 % of the
#: trace
FIG_6 = {
    "triangle 1": (triangle(N, 1), 0.5, 0.5, [0.70711] * 6, 1.0, 1.4, 270),
    "triangle 10": (
        triangle(N, 10),
        5.872354,
        0.014611,
        [2.42329, 2.25268, 1.81231, 0.57426, 0.25722, 0.12087],
        3.86334,
        32,
        43,
    ),
    "triangle 30": (
        triangle(N, 30),
        17.688657,
        0.004676,
        [4.20579, 2.20812, 0.74120, 0.27482, 0.13654, 0.06838],
        6.70634,
        98,
        15,
    ),
    "gaussian 0.005": (
        gaussian(N, 0.005 * N),
        1.488142,
        0.063277,
        [1.21989, 1.21400, 1.19654, 1.08306, 0.77997, 0.25155],
        1.93903,
        7.7,
        157,
    ),
    "gaussian 0.01": (
        gaussian(N, 0.01 * N),
        2.948965,
        0.027446,
        [1.71726, 1.68405, 1.58921, 1.08953, 0.44134, 0.16567],
        2.74224,
        16.6,
        85,
    ),
    "gaussian 0.05": (
        gaussian(N, 0.05 * N),
        14.702092,
        0.005312,
        [3.83433, 2.42736, 0.96362, 0.28994, 0.14664, 0.07288],
        6.13184,
        84,
        18,
    ),
}
ASYMMETRIC = np.where(np.arange(N) < 9, np.random.default_rng(0).standard_normal(N), 0)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 9, 300])
def test_the_basis_is_orthonormal_ordered_and_fast(n):
    W = trigonometric.basis(n)
    np.testing.assert_allclose(W.T @ W, np.eye(n), atol=1e-13)
    x = np.random.default_rng(0).standard_normal(n)
    np.testing.assert_allclose(trigonometric.analyse(x), W.T @ x, atol=1e-12)
    np.testing.assert_allclose(trigonometric.synthesise(x), W @ x, atol=1e-12)


def test_the_basis_is_definition_1_with_its_factor():
    W, j = trigonometric.basis(N), np.arange(N)
    np.testing.assert_allclose(W[:, 0], N**-0.5)
    np.testing.assert_allclose(W[:, 1], (2 / N) ** 0.5 * np.cos(2 * np.pi * j / N), atol=1e-14)
    np.testing.assert_allclose(W[:, 2], (2 / N) ** 0.5 * np.sin(2 * np.pi * j * (N - 1) / N), atol=1e-12)
    np.testing.assert_allclose(W[:, N - 1], (-1.0) ** j / N**0.5, atol=1e-14)
    assert round(abs(W).max(axis=0)[0], 4) == 0.0577
    assert round(abs(W).max(axis=0)[1], 4) == 0.0816


@pytest.mark.parametrize("name", FIG_6)
def test_dual_kernels_of_figure_6(name):
    u, largest, smallest, shown, beta, condition, directions = FIG_6[name]
    circulant = Circulant(u)
    sigma = np.sort(dual_kernel(circulant))[::-1]
    assert circulant.energy == pytest.approx(1, abs=1e-12)
    assert sigma[0] ** 2 == pytest.approx(largest, abs=6e-7)
    assert sigma[-1] ** 2 == pytest.approx(smallest, abs=6e-7)
    np.testing.assert_allclose(sigma[SHOWN], shown, atol=6e-6)
    assert circulant.norm == pytest.approx(beta, abs=6e-6)
    assert circulant.norm / sigma[-1] == pytest.approx(condition, rel=0.02)
    assert np.sum(sigma**2) == pytest.approx(150, abs=1e-9)
    assert np.searchsorted(np.cumsum(sigma**2), 0.9 * 150) + 1 == directions


@pytest.mark.parametrize("name", [*FIG_6, "asymmetric"])
def test_eigenvalues_of_equation_13_are_the_squared_dual_kernel(name):
    u = ASYMMETRIC if name == "asymmetric" else FIG_6[name][0]
    eigenvalues = np.linalg.eigvalsh(expected_gram(scipy.linalg.circulant(u)))
    dual = np.sort(dual_kernel(Circulant(u)) ** 2)
    assert np.abs(eigenvalues - dual).max() < 1e-10


def test_self_convolution_would_be_wrong_for_an_asymmetric_kernel():
    spectrum, energy = np.fft.fft(ASYMMETRIC), np.sum(ASYMMETRIC**2)
    wrong = energy * np.abs(np.fft.fft(half_correlation(np.fft.ifft(spectrum**2).real / energy)))
    eigenvalues = np.linalg.eigvalsh(expected_gram(scipy.linalg.circulant(ASYMMETRIC)))
    assert np.abs(np.sort(wrong) - eigenvalues).max() > 0.1


@pytest.mark.parametrize("name", list(FIG_6)[1:])
def test_the_dual_kernel_falls_with_frequency(name):
    # Triangles are monotone but for ripples where their own spectrum has zeros, which are far below a
    # percent.
    sigma = dual_kernel(Circulant(FIG_6[name][0]))[: N // 2 + 1]
    assert (np.diff(sigma) < 0.01 * sigma[:-1]).all()
    assert sigma[0] == sigma.max()


def test_a_circulant_is_its_dense_matrix():
    circulant, U = Circulant(ASYMMETRIC), scipy.linalg.circulant(ASYMMETRIC)
    x = np.random.default_rng(1).standard_normal((2, N))
    np.testing.assert_allclose(circulant.apply(x), x @ U.T, atol=1e-12)
    np.testing.assert_allclose(circulant.adjoint(x), x @ U, atol=1e-12)
    assert circulant.norm == pytest.approx(np.linalg.norm(U, 2))
    np.testing.assert_allclose(circulant.autocorrelation, (U @ U.T)[:, 0], atol=1e-12)


def test_a_torus_has_the_dual_kernel_of_its_dense_matrix():
    circulant = separable("triangle", (5, 6), 2.5)
    rows = [np.roll(circulant.u, (i, j), axis=(0, 1)).ravel() for i in range(5) for j in range(6)]
    eigenvalues = np.linalg.eigvalsh(expected_gram(np.array(rows).T))
    np.testing.assert_allclose(np.sort(dual_kernel(circulant).ravel() ** 2), eigenvalues, atol=1e-10)


def test_jacobian_gram_and_lemma_5():
    rng = np.random.default_rng(0)
    U, C, v = scipy.linalg.circulant(triangle(16, 3)), rng.standard_normal((16, 8)), output_weights(8)
    J = jacobian(U, C, v)
    np.testing.assert_allclose(J @ J.T, gram(U, C, v), atol=1e-13)
    assert np.linalg.norm(J, 2) <= np.linalg.norm(U, 2)
    direction, step = rng.standard_normal(C.shape), 1e-7
    moved = np.maximum(U @ (C + step * direction), 0) @ v - np.maximum(U @ C, 0) @ v
    np.testing.assert_allclose(J @ direction.T.ravel(), moved / step, atol=1e-5)


#: Lemma 3: k, ||J J^T - Sigma|| / ||U||^2 sqrt(k), largest and smallest eigenvalue; triangle 10, n = 300
CONCENTRATION = [
    (300, 0.74, 6.259, 0.0079),
    (1200, 0.70, 5.957, 0.0128),
    (4800, 0.70, 5.914, 0.0138),
    (19200, 0.75, 5.869, 0.0144),
]


def test_the_gram_matrix_of_the_published_weights():
    """To every printed digit: one stream, width after width, weights laid out (n, k)."""
    circulant, rng = Circulant(triangle(N, 10)), np.random.default_rng(0)
    U = scipy.linalg.circulant(circulant.u)
    expected, seen = expected_gram(U), []
    for k, *_ in CONCENTRATION:
        H = gram(U, rng.standard_normal((N, k)), output_weights(k))
        eigenvalues = np.linalg.eigvalsh(H)
        distance = np.linalg.norm(H - expected, 2) / circulant.norm**2 * k**0.5
        seen.append((k, round(distance, 2), round(eigenvalues[-1], 3), round(eigenvalues[0], 4)))
    assert seen == CONCENTRATION


@pytest.mark.parametrize(("k", "published", "first", "last"), CONCENTRATION)
def test_the_sampled_gram_matrix_concentrates(k, published, first, last):
    """Published of one draw: the smallest eigenvalue of 300 columns scatters by a tenth."""
    circulant = Circulant(triangle(N, 10))
    expected = expected_gram(scipy.linalg.circulant(circulant.u))
    draws = [sampled_gram(circulant, k, np.random.default_rng(seed)) for seed in range(4)]
    distances = [np.linalg.norm(H - expected, 2) / circulant.norm**2 * k**0.5 for H in draws]
    assert np.mean(distances) == pytest.approx(published, rel=0.1)
    eigenvalues = np.mean([np.linalg.eigvalsh(H) for H in draws], axis=0)
    assert eigenvalues[-1] == pytest.approx(first, rel=0.03)
    assert eigenvalues[0] == pytest.approx(last, rel=0.15)


def test_proposition_1_is_gradient_descent_to_rounding():
    """Also on a matrix of more rows than columns, whose range y is not in."""
    rng = np.random.default_rng(0)
    for shape in [(20, 20), (20, 12), (12, 20)]:
        J, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
        eta, c = 0.9 / np.linalg.norm(J, 2) ** 2, np.zeros(shape[1])
        for _ in range(37):
            c -= eta * J.T @ (J @ c - y)
        np.testing.assert_allclose(matrix_residual(J, y, eta, 37), y - J @ c, atol=1e-12)


def test_figure_5_over_forty_seeds():
    """Minimum .264 +- .052 at step 15.9 +- 2.7; .679 +- .056 and residual .654 at step 1000."""
    lows, where, ends, residuals = [], [], [], []
    tau = np.arange(1001)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        W, singular, Vt = np.linalg.svd(rng.standard_normal((100, 100)))
        J = W @ np.diag((singular / singular[0]) ** 3) @ Vt
        z = rng.standard_normal(100)
        y = W[:, 0] + z / np.linalg.norm(z)
        r = matrix_residual(J, y, 0.125, tau)
        errors = np.linalg.norm(y - r - W[:, 0], axis=1)
        lows.append(errors.min())
        where.append(errors.argmin())
        ends.append(errors[-1])
        residuals.append(np.linalg.norm(r[-1]))
    assert np.mean(lows) == pytest.approx(0.264, abs=0.052 / 2)
    assert np.std(lows) == pytest.approx(0.052, rel=0.4)
    assert np.mean(where) == pytest.approx(15.9, abs=2.7 / 2)
    assert np.mean(ends) == pytest.approx(0.679, abs=0.056 / 2)
    assert np.mean(residuals) == pytest.approx(0.654, abs=0.03)


def test_published_errors_of_the_linear_trajectory():
    coefficients, z = small_signal()
    x = trigonometric.synthesise(padded(coefficients))
    tau = [1, 2, 5, 10, 20, 50, 100, 200]
    outputs = prediction(dual_kernel(SMALL), ETA, tau, x + z)
    errors = np.linalg.norm(outputs - x, axis=1)
    np.testing.assert_allclose(errors, [0.693, 0.493, 0.244, 0.210, 0.237, 0.268, 0.295, 0.336], atol=6e-4)
    assert pytest.approx(11.907, abs=6e-4) == SMALL.norm**2
    assert stopping_time(SIGMA, ETA, 9) == pytest.approx(1.14, abs=5e-3)
    curve = np.linalg.norm(prediction(dual_kernel(SMALL), ETA, np.arange(1, 60), x + z) - x, axis=1)
    assert 7 <= curve.argmin() + 1 <= 12
    bound = error_bound(SIGMA, ETA, tau, p=9, x_norm=1.0, noise=trigonometric.analyse(z))
    assert (errors <= bound).all()


def test_trajectory_and_distance_are_those_of_the_dense_linear_model():
    rng = np.random.default_rng(0)
    circulant = separable("triangle", (6, 8), 3)
    sigma = dual_kernel(circulant)
    rows = [np.roll(circulant.u, (i, j), axis=(0, 1)).ravel() for i in range(6) for j in range(8)]
    J = scipy.linalg.sqrtm(expected_gram(np.array(rows))).real
    y, tau, eta = rng.standard_normal((6, 8)), [0, 1, 30], circulant.step_size
    dense = matrix_residual(J, y.ravel(), eta, tau)
    np.testing.assert_allclose(residual(sigma, eta, tau, y).reshape(3, -1), dense, atol=1e-8)
    moved = np.linalg.norm(np.linalg.solve(J, (y.ravel() - dense).T), axis=0)
    np.testing.assert_allclose(distance(sigma, eta, tau, y), moved, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(prediction(sigma, eta, 30, y, 0.3), y + residual(sigma, eta, 30, 0.3 - y))


def test_the_closed_form_risk_is_the_mean_of_the_error():
    coefficients, _ = small_signal()
    x, rng = padded(coefficients), np.random.default_rng(1)
    tau = np.array([1, 10, 100])
    noise = rng.standard_normal((4000, 1, 128)) * 0.5 / 128**0.5
    left = contraction(SIGMA, ETA, tau)
    errors = np.square(left * x - (1 - left) * noise).sum(-1)
    expected = risk(SIGMA, ETA, tau, x**2, 0.5)
    assert np.abs(errors.mean(0) - expected).max() < 4 * (errors.std(0) / 4000**0.5).max()


@pytest.mark.parametrize("p", [1, 3, 9, 31])
def test_the_best_iteration_minimises_the_risk(p):
    signal = padded(np.full(p, 1 / p))
    values = risk(SIGMA, ETA, np.arange(3000), signal, 0.5)
    assert best_iteration(SIGMA, ETA, signal, 0.5, most=2999) == values.argmin()


def test_the_least_error_grows_about_linearly_with_the_dimension_of_the_signal():
    """The oracle's squared error is about s^2 p / n, where the spectrum tells signal from noise."""
    dimensions, least = np.array([9, 17, 25]), []
    for p in dimensions:
        signal = padded(np.full(p, 1 / p))
        tau = best_iteration(SIGMA, ETA, signal, 0.1)
        least.append(float(risk(SIGMA, ETA, tau, signal, 0.1)) / (0.1**2 * p / 128))
    assert min(least) >= 1
    assert max(least) < 2.5
    slope = np.polyfit(np.log(dimensions), np.log(np.array(least) * dimensions), 1)[0]
    assert slope == pytest.approx(1, abs=0.3)


def test_the_energy_that_an_image_and_noise_send_to_the_weights():
    """||J^T y||^2 = sum_i sigma_i^2 <w_i, y>^2, in both orders of the sum."""
    y = np.random.default_rng(0).standard_normal(128)
    in_frequency = np.sum(dual_kernel(SMALL) ** 2 * fourier_energies(y))
    assert in_frequency == pytest.approx(np.sum(SIGMA**2 * trigonometric.analyse(y) ** 2))
    dense = expected_gram(scipy.linalg.circulant(SMALL.u))
    assert in_frequency == pytest.approx(y @ dense @ y)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: triangle(10, 0.5), "half-width must be at least 1"),
        (lambda: gaussian(10, 0.0), "width must be above 0"),
        (lambda: separable("triangel", (8, 8), 3), "did you mean 'triangle'"),
        (lambda: Circulant(np.zeros(4)), "not zero everywhere"),
        (lambda: contraction(SIGMA, 1.0, 1), r"eta must lie in \(0, 1/sigma_1\^2\]"),
        (lambda: output_weights(3), "k must be even"),
        (lambda: expected_gram(np.diag([1.0, 0.0])), "row 1 of U is zero"),
        (lambda: contraction(SIGMA, math.nan, 1), "eta"),
    ],
)
def test_bad_input_is_refused_with_a_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()

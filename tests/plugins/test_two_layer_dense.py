"""The two-layer generator with any U: spectra, fits, Theorems 3 and 5, reference Jacobian, output weights."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch

from priorbench_two_layer import basis as trigonometric
from priorbench_two_layer.bounds import Setting, theorem_3
from priorbench_two_layer.circulant import Circulant, triangle
from priorbench_two_layer.closeness import theorem_4
from priorbench_two_layer.dense.descent import descend
from priorbench_two_layer.dense.fixed_weights import fixed_against_trained, with_fixed_weights
from priorbench_two_layer.dense.matrix import Dense
from priorbench_two_layer.dense.reference import proof_constants, reference_jacobian
from priorbench_two_layer.dense.trajectory import against_linear, linearised
from priorbench_two_layer.dual_kernel import dual_kernel
from priorbench_two_layer.jacobian import expected_gram, gram, jacobian, output_weights
from priorbench_two_layer.lemmas import lemma_3
from priorbench_two_layer.linearised import distance

N = 48
CIRCULANT = Circulant(triangle(N, 4))


def gaussian_model(seed: int = 0) -> Dense:
    return Dense(np.random.default_rng(seed).standard_normal((N, N)) / N**0.5)


def target(model: Dense, p: int = 5, s: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Return x in the span of the first p columns of W, of norm 1, and noise."""
    return model.W[:, :p] @ np.full(p, p**-0.5), np.random.default_rng(1).standard_normal(N) * s / N**0.5


def test_the_spectrum_of_a_circulant_is_its_dual_kernel():
    model = Dense(scipy.linalg.circulant(CIRCULANT.u))
    np.testing.assert_allclose(model.sigma, np.sort(dual_kernel(CIRCULANT))[::-1], atol=1e-9)
    assert model.norm == pytest.approx(CIRCULANT.norm)
    np.testing.assert_allclose((model.W * model.sigma**2) @ model.W.T, expected_gram(model.U), atol=1e-10)
    with pytest.raises(ValueError, match="row 2 of U is zero"):
        Dense(np.diag([1.0, 1.0, 0.0]))


def test_the_fit_is_that_of_automatic_differentiation():
    rng = np.random.default_rng(0)
    U, C, v, y = (
        rng.standard_normal((7, 5)),
        rng.standard_normal((5, 6)),
        output_weights(6),
        rng.standard_normal(7),
    )
    for train_v in (False, True):
        ours = descend(U, C, v, y, eta=0.02, at=(0, 9), train_v=train_v)
        weights = [torch.tensor(C, requires_grad=True), torch.tensor(v, requires_grad=train_v)]
        trained = weights[: 1 + train_v]
        for _ in range(9):
            loss = (
                torch.relu(torch.tensor(U) @ weights[0]) @ weights[1] - torch.tensor(y)
            ).square().sum() / 2
            for weight, gradient in zip(trained, torch.autograd.grad(loss, trained), strict=True):
                weight.data -= 0.02 * gradient
        np.testing.assert_allclose(ours.C, weights[0].detach().numpy(), atol=1e-12)
        np.testing.assert_allclose(ours.v, weights[1].detach().numpy(), atol=1e-12)
        assert ours.moved[1] == pytest.approx(np.linalg.norm(ours.C - C))
        assert ours.moved[0] == 0


@pytest.mark.parametrize("kind", ["gaussian", "circulant"])
def test_theorem_5_predicts_how_far_the_weights_move(kind):
    """Eq. 28, within 4 % at k = 1024; the residual's distance falls with the root of the width."""
    model = gaussian_model() if kind == "gaussian" else Dense(scipy.linalg.circulant(CIRCULANT.u))
    x, z = target(model)
    found = [against_linear(model, x + z, k=k, seed=0) for k in (256, 1024, 4096)]
    np.testing.assert_allclose(found[1]["moved"], found[1]["predicted"], rtol=0.04)
    np.testing.assert_allclose(found[2]["moved"], found[2]["predicted"], rtol=0.015)
    worst = [max(one["xi"]) for one in found]
    assert worst[0] > 1.4 * worst[1] > 1.4**2 * worst[2]
    assert worst[0] / worst[2] == pytest.approx(4, rel=0.5)


def test_the_distance_of_eq_28_is_that_of_a_circulant_in_the_fourier_domain():
    model, y = Dense(scipy.linalg.circulant(CIRCULANT.u)), np.random.default_rng(0).standard_normal(N)
    _, dense = linearised(model, CIRCULANT.step_size, [1, 30, 500], y)
    fourier = distance(dual_kernel(CIRCULANT), CIRCULANT.step_size, [1, 30, 500], y)
    np.testing.assert_allclose(dense, fourier, rtol=1e-6)


@pytest.mark.parametrize("kind", ["gaussian", "skewed", "circulant"])
def test_theorem_3_holds_for_any_matrix(kind):
    """With the measured xi the bound holds at every iteration, at a width far below the theorem's."""
    if kind == "circulant":
        model = Dense(scipy.linalg.circulant(CIRCULANT.u))
    else:
        model = gaussian_model()
        if kind == "skewed":
            model = Dense(model.U * np.geomspace(1, 0.1, N)[:, None])
    x, z = target(model)
    y, at = x + z, (1, 5, 20, 100)
    found = against_linear(model, y, k=2048, seed=3, omega=1.0, at=at)
    C = np.random.default_rng(3).standard_normal((N, 2048)) * (np.linalg.norm(y) / N**0.5)
    v = output_weights(2048)
    outputs = descend(model.U, C, v, y, eta=model.step_size, at=at).outputs
    for xi, tau, output in zip(found["xi"], at, outputs, strict=True):
        setting = Setting(
            U=model, sigma=model.sigma, p=5, k=2048, eta=model.step_size, x_norm=1.0,
            y_norm=float(np.linalg.norm(y)), eps=xi,
        )  # fmt: skip
        bound = theorem_3(setting, tau=tau, noise=model.W.T @ z, delta=0.05, omega=1.0)
        # a start at G(C_0) = 0 is the theorem's; here its residual fades with the signal's
        start = (
            np.linalg.norm(np.maximum(model.U @ C, 0) @ v)
            * (1 - model.step_size * model.sigma[-1] ** 2) ** tau
        )
        assert np.linalg.norm(output - x) <= bound.value + start
        assert bound.conditions[0].value > 1e9


def test_the_reference_jacobian_has_the_expected_gram_matrix_and_is_near():
    rng, U = np.random.default_rng(0), scipy.linalg.circulant(CIRCULANT.u)
    expected, seen = expected_gram(U), []
    for k in (100, 400, 1600):
        C, v = rng.standard_normal((N, k)), output_weights(k)
        J = jacobian(U, C, v)
        reference = reference_jacobian(J, expected)
        np.testing.assert_allclose(reference @ reference.T, expected, atol=1e-10)
        e0 = np.linalg.norm(reference - J, 2)
        assert e0 <= np.linalg.norm(gram(U, C, v) - expected, 2) ** 0.5
        stated = proof_constants(alpha=0.1, beta=CIRCULANT.norm, n=N, k=k, delta=0.05, xi=0.1)
        assert stated.e0**2 == pytest.approx(lemma_3(CIRCULANT, k, 0.05))
        assert e0 <= stated.e0
        seen.append(e0)
    assert seen[0] > seen[1] > seen[2]
    with pytest.raises(ValueError, match="at least as many columns"):
        reference_jacobian(np.ones((3, 2)), np.eye(3))


def test_theorem_4_takes_the_proof_constants():
    constants = proof_constants(alpha=0.12, beta=3.9, n=300, k=10**6, delta=0.05, xi=0.1)
    assert constants.e == pytest.approx(0.1 * 0.12**2 / (8 * 3.9))
    said = theorem_4(constants, eta=3.9**-2, tau=10, longest=1000, r0=1.0, pseudo_inverse_r0=5.0)
    assert said.applies
    assert said.residual > 1  # vacuous at a width of a million


def test_fixed_output_weights_reach_what_free_ones_do():
    rng = np.random.default_rng(0)
    for shape, width in [((6, 6), 50), ((5, 9), 200), ((8, 3), 40)]:
        U, C, v = (
            rng.standard_normal(shape),
            rng.standard_normal((shape[1], width)),
            rng.standard_normal(width),
        )
        k = 2 * shape[0]
        made = with_fixed_weights(U, C, v, k)
        np.testing.assert_allclose(
            np.maximum(U @ made, 0) @ output_weights(k), np.maximum(U @ C, 0) @ v, atol=1e-10
        )
    with pytest.raises(ValueError, match=r"at least 2 n = 16"):
        with_fixed_weights(U, C, v, 14)
    found = fixed_against_trained(seed=0)
    assert found["gap"] < 1e-12
    assert found["used"] <= 48
    assert found["fixed"] < found["trained"] < 0.1


def test_the_basis_of_a_circulant_is_trigonometric():
    model = Dense(scipy.linalg.circulant(triangle(N, 4)))
    inside = trigonometric.basis(N)[:, :5].T @ model.W[:, :5]
    np.testing.assert_allclose(np.sum(inside**2, axis=0), 1, atol=1e-9)

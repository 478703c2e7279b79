"""The theorems on the two-layer generator: their conditions, and that they hold."""

from __future__ import annotations

import numpy as np
import pytest
from published_trajectory import ETA, SIGMA, SMALL, padded, small_signal

from priorbench_two_layer import basis as trigonometric
from priorbench_two_layer.bounds import Setting, theorem_1, theorem_2, theorem_3
from priorbench_two_layer.circulant import Circulant, triangle
from priorbench_two_layer.closeness import Constants, theorem_4
from priorbench_two_layer.dual_kernel import dual_kernel
from priorbench_two_layer.linearised import (
    contraction,
)

N = 300


def setting(**changed: float) -> Setting:
    values = {"p": 9, "k": 1024, "eta": ETA, "x_norm": 1.0, "y_norm": 1.1, "eps": 0.1}
    return Setting(U=SMALL, sigma=SIGMA, **(values | changed))


def test_theorem_1_and_its_conditions():
    bound = theorem_1(setting(), s=0.5)
    assert bound.terms["noise"] == pytest.approx(0.1875)
    assert bound.iterations == pytest.approx(1.14, abs=5e-3)
    assert bound.value == pytest.approx(sum(bound.terms.values()))
    assert [c.met for c in bound.conditions] == [False, True]
    assert not bound.applies
    assert [c.met for c in theorem_1(setting(eta=1.01 * ETA * 0.99 / 0.98), s=0.5).conditions] == [
        False,
        False,
    ]


def test_the_width_that_the_theorems_ask_for_is_astronomic():
    circulant = Circulant(triangle(N, 10))
    sigma = trigonometric.by_frequency(dual_kernel(circulant))
    asked = Setting(
        U=circulant, sigma=sigma, p=9, k=4096, eta=circulant.step_size, x_norm=1, y_norm=1, eps=1.0
    )
    assert asked.common()[0].value / N == pytest.approx(1e27, rel=0.6)


def test_theorem_2_holds_for_the_linear_model_and_reports():
    coefficients, z = small_signal()
    x, noise = padded(coefficients), trigonometric.analyse(z)
    for tau in (1, 10, 100):
        bound = theorem_2(setting(eps=0.0 + 1e-9), tau=tau, noise=noise)
        left = contraction(SIGMA, ETA, tau)
        assert np.linalg.norm(left * x - (1 - left) * noise) <= bound.value
        assert bound.conditions[2].met
    late = theorem_2(setting(), tau=1e6, noise=noise)
    assert not late.conditions[2].met


def test_theorem_3_reports_each_condition():
    _, z = small_signal()
    alpha, beta = SIGMA.min(), SMALL.norm
    xi = 0.05
    omega = 1.1 / 128**0.5 * xi * alpha**2 / beta**3
    bound = theorem_3(setting(eps=xi), tau=10, noise=trigonometric.analyse(z), delta=0.05, omega=omega)
    assert [c.met for c in bound.conditions] == [False, True, True, True, True]
    assert bound.probability == pytest.approx(0.95)
    other = theorem_3(setting(eps=0.2), tau=10, noise=trigonometric.analyse(z), delta=0.05, omega=1.0)
    assert [c.met for c in other.conditions] == [False, True, False, True, False]


def test_theorem_4_holds_for_a_slightly_nonlinear_problem():
    """f(theta) = J theta + a sin(theta): ||J(theta) - J(theta_0)|| <= 2 a, J(0) = J + a, everything known."""
    rng, n, a = np.random.default_rng(0), 10, 1e-3
    W, _ = np.linalg.qr(rng.standard_normal((n, n)))
    J = W @ np.diag(np.linspace(0.5, 0.9, n)) @ W.T
    y, eta, longest = rng.standard_normal(n), 1.0, 200
    theta, linear = np.zeros(n), np.zeros(n)
    constants = Constants(alpha=0.45, beta=1.0, e0=a, e=2 * a)
    for tau in range(longest + 1):
        r, r_linear = J @ theta + a * np.sin(theta) - y, J @ linear - y
        said = theorem_4(
            constants,
            eta=eta,
            tau=tau,
            longest=longest,
            r0=float(np.linalg.norm(y)),
            pseudo_inverse_r0=float(np.linalg.norm(np.linalg.solve(J, y))),
        )
        assert said.applies
        assert np.linalg.norm(r - r_linear) <= said.residual
        assert np.linalg.norm(theta - linear) <= said.parameters
        assert np.linalg.norm(theta) <= said.radius / 2
        theta = theta - eta * (J + a * np.diag(np.cos(theta))).T @ r
        linear = linear - eta * J.T @ r_linear


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: setting(p=128), "p must be below n = 128"),
        (lambda: Constants(alpha=2, beta=1, e0=0, e=0), "alpha <= beta"),
    ],
)
def test_bad_input_is_refused_with_a_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()

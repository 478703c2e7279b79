"""The wide deep inverse prior: its reduction, certificate, linear programme and flow."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from priorbench_two_layer.wide_dip import full, kernel
from priorbench_two_layer.wide_dip.activation import ACTIVATIONS, SIGMOID, TANH, activation
from priorbench_two_layer.wide_dip.flow import integrate, inverse_psi
from priorbench_two_layer.wide_dip.problem import Reduced, columns, curvature, draw, draw_reduced
from priorbench_two_layer.wide_dip.reachability import margin
from priorbench_two_layer.wide_dip.reduced import Descent, Runs, fit


def cell(m: int, n: int, k: int, runs: int = 4, seed: int = 0) -> Reduced:
    return draw_reduced(runs, m=m, n=n, k=k, rng=np.random.default_rng(seed))


def margins(batch: Reduced) -> np.ndarray:
    return np.array([margin(B, y, SIGMOID) for B, y in zip(batch.B, batch.y, strict=True)])


def test_published_constants_of_the_activations():
    assert SIGMOID.C_phi == pytest.approx(0.541645, abs=5e-7)
    assert SIGMOID.C_phi**2 == pytest.approx(0.293379, abs=5e-7)
    assert SIGMOID.C_phi_prime == pytest.approx(0.211746, abs=5e-7)
    assert SIGMOID.C_phi_prime**2 == pytest.approx(0.044836, abs=5e-7)
    assert (SIGMOID.slope_bound, SIGMOID.B) == (0.25, 0.25)
    assert SIGMOID.curvature_bound == pytest.approx(0.09623, abs=5e-6)
    assert TANH.C_phi == pytest.approx(0.627929, abs=5e-7)
    assert TANH.C_phi_prime == pytest.approx(0.681471, abs=5e-7)
    assert TANH.C_phi_prime**2 == pytest.approx(0.464403, abs=5e-7)


@pytest.mark.parametrize("phi", ACTIVATIONS.values(), ids=lambda phi: phi.name)
def test_activations_are_themselves_and_their_bounds_are_attained(phi):
    h, e = np.linspace(-6, 6, 20001), 1e-5
    exact = {"sigmoid": lambda h: 1 / (1 + np.exp(-h)), "tanh": np.tanh}[phi.name]
    np.testing.assert_allclose(phi.phi(h), exact(h), atol=1e-15)
    np.testing.assert_allclose(phi.slope(h), (exact(h + e) - exact(h - e)) / (2 * e), atol=1e-9)
    assert phi.slope(h).max() == pytest.approx(phi.slope_bound, rel=1e-6)
    assert np.gradient(phi.slope(h), h).max() == pytest.approx(phi.curvature_bound, rel=1e-5)
    np.testing.assert_allclose((phi.psi(h + e) - phi.psi(h - e)) / (2 * e) * phi.slope(h), 1, rtol=1e-8)
    wide = np.linspace(-30, 30, 1001)
    np.testing.assert_allclose(inverse_psi(phi.psi(wide), phi), wide, atol=1e-9)


@pytest.mark.parametrize("phi", ACTIVATIONS.values(), ids=lambda phi: phi.name)
@pytest.mark.parametrize(("m", "n", "k", "d"), [(3, 20, 7, 11), (10, 60, 50, 40), (5, 5, 33, 2)])
def test_the_reduced_fit_is_the_full_one(phi, m, n, k, d):
    instance, eta = draw(m=m, n=n, k=k, d=d, rng=np.random.default_rng(0), noise=0.1), 0.2
    reduced, steps = instance.reduce(), 300
    W, loss = next(itertools.islice(full.descend(instance, phi, eta=eta), steps, None))
    run = fit(reduced, phi, Descent(eta=eta, steps=steps, tolerance=0.0, check_every=0))
    assert np.abs(W @ instance.u - run.h[0]).max() < 1e-12
    assert abs(loss - run.loss[0]) < 1e-12
    u = instance.u / (instance.u @ instance.u)
    assert np.abs(instance.W + np.outer(run.h[0] - reduced.h[0], u) - W).max() < 1e-12
    assert np.linalg.norm(W - instance.W) == pytest.approx(np.linalg.norm(run.h[0] - reduced.h[0]), rel=1e-10)


def test_an_unnormalised_input_only_scales_the_step():
    instance = draw(m=4, n=9, k=12, d=6, rng=np.random.default_rng(0))
    longer = type(instance)(
        A=instance.A, V=instance.V, u=3 * instance.u, W=instance.W, x=instance.x, y=instance.y
    )
    W, _ = next(itertools.islice(full.descend(longer, SIGMOID, eta=0.1), 200, None))
    run = fit(longer.reduce(), SIGMOID, Descent(eta=0.1, steps=200, tolerance=0.0, check_every=0))
    assert longer.reduce().u_energy == pytest.approx(9)
    assert np.abs(W @ longer.u - run.h[0]).max() < 1e-12


@pytest.mark.parametrize("phi", ACTIVATIONS.values(), ids=lambda phi: phi.name)
def test_the_compiled_activation_is_exact_to_the_last_digits(phi):
    h = np.linspace(-40, 40, 4001)
    a, slope = np.empty_like(h), np.empty_like(h)
    kernel._activate(h, (phi.low, phi.span, phi.steepness), a, slope)
    np.testing.assert_allclose(a, phi.phi(h), rtol=2e-14, atol=0 if phi.low == 0 else 4e-16)
    np.testing.assert_allclose(slope, phi.slope(h), rtol=4e-14)


def test_extreme_weights_neither_overflow_nor_lose_the_slope():
    h = np.array([[-800.0, -40.0, -1e-300, 0.0, 40.0, 800.0]])
    batch = Reduced(B=np.ones((1, 1, 6)), y=np.zeros((1, 1)), h=h)
    run = fit(batch, SIGMOID, Descent(steps=1, tolerance=0.0, check_every=0))
    assert np.isfinite(run.h).all()
    assert run.h[0, 1] != -40 or SIGMOID.slope(np.array([-40.0]))[0] < 1e-15


def test_runs_of_a_batch_do_not_touch_each_other():
    batch, settings = cell(5, 20, 30, runs=5), Descent(steps=2000)
    together = fit(batch, SIGMOID, settings)
    for run in range(5):
        one = slice(run, run + 1)
        alone = fit(Reduced(B=batch.B[one], y=batch.y[one], h=batch.h[one]), SIGMOID, settings)
        assert alone.loss[0] == together.loss[run]
        assert alone.steps[0] == together.steps[run]
        assert np.array_equal(alone.h[0], together.h[run])


def outcomes(m: int, n: int, k: int, runs: int = 6, **settings: float) -> Runs:
    return fit(cell(m, n, k, runs), SIGMOID, Descent(**settings))


@pytest.mark.parametrize("m, n, k", [(10, 60, 50), (10, 300, 50), (20, 60, 100), (30, 60, 200)])
def test_published_cells_where_every_run_fails(m, n, k):
    """All of three or four published runs; of more, a few succeed. It mostly shows by step 50."""
    runs = outcomes(m, n, k, runs=20)
    assert runs.converged.mean() <= 0.2
    assert runs.abandoned.mean() > 0.6
    assert np.median(runs.steps[runs.abandoned]) <= 50


@pytest.mark.parametrize(
    ("m", "n", "k", "fastest", "slowest"),
    [
        (10, 60, 200, 166, 758),
        (10, 60, 1000, 66, 104),
        (10, 300, 200, 11, 144),
        (10, 300, 1000, 15, 27),
        (10, 1000, 200, 59, 419),
        (10, 1000, 1000, 42, 528),
        (20, 60, 400, 533, 647),
        (30, 60, 1000, 800, 1285),
    ],
)
def test_published_cells_where_every_run_converges(m, n, k, fastest, slowest):
    """The published range of steps is of three or four runs: ours overlaps it, and its median is near."""
    runs = outcomes(m, n, k, runs=10)
    assert runs.converged.mean() >= 0.9
    steps = runs.steps[runs.converged]
    assert steps.min() <= slowest
    assert steps.max() >= fastest
    assert fastest / 3 < np.median(steps) < slowest * 3


@pytest.mark.parametrize(("m", "n", "k"), [(10, 60, 100), (10, 300, 100), (10, 1000, 100), (20, 60, 200)])
def test_published_cells_at_the_boundary(m, n, k):
    """k about 10 m: some runs converge."""
    runs = fit(cell(m, n, k, 20), SIGMOID)
    assert 0.1 < runs.converged.mean() < 1 or (n == 1000 and runs.converged.mean() > 0.5)


def test_published_cell_that_mostly_converges_within_the_steps():
    """m = 30, k = 400: after 1146 and 11,630 steps, and a third run fails slowly, at 7e-5."""
    runs = outcomes(30, 60, 400, runs=20)
    assert 0.5 < runs.converged.mean() < 1
    assert 1000 < np.median(runs.steps[runs.converged]) < 12_000
    slow = ~runs.converged & ~runs.abandoned
    assert slow.any()
    assert (runs.loss[slow] < 1e-3).all()


def test_published_cells_of_uniform_columns():
    """m = 10, n = 300: one of four at k = 100, four of four at 200."""
    rates = []
    for k in (100, 200):
        batch = draw_reduced(20, m=10, n=300, k=k, rng=np.random.default_rng(0), kind="uniform")
        rates.append(fit(batch, SIGMOID).converged.mean())
    assert 0.1 < rates[0] < 0.8
    assert rates[1] >= 0.9


@pytest.mark.parametrize(("k", "fastest", "slowest"), [(100, 274, 3481), (200, 40, 127), (1000, 15, 23)])
def test_published_cells_of_a_stable_step_at_large_n(k, fastest, slowest):
    """n = 3000, eta = 0.05: every feasible run converges; infeasible ones are seen at k = 100 alone."""
    batch = cell(10, 3000, k, 10)
    feasible = margins(batch) > 0
    runs = fit(batch, SIGMOID, Descent(eta=0.05))
    assert np.array_equal(runs.converged, feasible)
    assert feasible.all() == (k > 100)
    steps = runs.steps[runs.converged]
    assert steps.min() <= slowest
    assert steps.max() >= fastest
    assert fastest / 6 < np.median(steps) < slowest * 3


def test_published_cells_of_step_1_at_large_n():
    """n = 3000: none of four at k = 100, two of which are feasible; two of four at 200 within 6000 steps."""
    narrow, wide = cell(10, 3000, 100, 8), cell(10, 3000, 200, 8)
    assert 0 < (margins(narrow) > 0).mean() < 1
    assert (margins(wide) > 0).all()
    assert fit(narrow, SIGMOID, Descent(steps=6000)).converged.mean() <= 0.2  # chaotic: one may slip in
    assert fit(wide, SIGMOID, Descent(steps=6000)).converged.mean() <= 0.5
    widest = outcomes(10, 3000, 1000, runs=8)  # 33 to 4776 steps, and one failure of eight
    assert widest.converged.mean() > 0.6
    assert 33 < np.median(widest.steps) < 4776


@pytest.mark.parametrize("n, low, high", [(60, 0.4, 0.7), (300, 1.8, 2.4), (1000, 5.7, 8.6), (3000, 17, 21)])
def test_published_curvature_at_the_start(n, low, high):
    """lambda_max(K_0), published of one draw for each width: our mean lies within 10 % of that range."""
    values = []
    for k in (50, 200, 1000):
        batch = cell(10, n, k, 3 if n < 3000 else 2)
        values.append(curvature(batch, SIGMOID.slope(batch.h)).mean())
    assert 0.9 * low < np.mean(values) < 1.1 * high
    predicted = SIGMOID.C_phi_prime**2 * (n**0.5 + 10**0.5) ** 2 / 10
    assert values[-1] == pytest.approx(predicted, rel=0.25)


def test_a_stable_step_mends_what_step_1_breaks_at_large_n():
    """n = 3000: step 1 is unstable; with 1 / lambda_max every feasible run converges."""
    batch = cell(10, 3000, 200, 4)
    feasible = margins(batch) > 0.015
    assert feasible.any()
    stable = fit(batch, SIGMOID, Descent(eta=None, steps=6000))
    unstable = fit(batch, SIGMOID, Descent(steps=1000))
    assert stable.converged[feasible].all()
    assert np.median(stable.steps[feasible]) < 200
    assert np.median(unstable.steps[feasible]) > np.median(stable.steps[feasible])


@pytest.mark.slow
@pytest.mark.parametrize(("m", "k", "fails"), [(40, 1000, False), (60, 1000, True), (40, 400, None)])
def test_published_slow_cells_as_m_approaches_n(m, k, fails):
    """m = 40: thousands of steps, or one failure and 5278 to 19,322. m = n = 60: feasible, but 25,000 steps
    end at 3e-5 to 2e-4.
    """
    batch = cell(m, 60, k, 3)
    runs = fit(batch, SIGMOID)
    if fails:
        assert not runs.converged.any()
        assert not runs.abandoned.any()
        assert (margins(batch) > 0).all()
        assert 1e-6 < np.median(runs.loss) < 2e-3
    elif fails is False:
        assert runs.converged.all()
        assert 1000 < np.median(runs.steps) < 8000
    else:
        assert 0 < runs.converged.mean() < 1
        assert np.median(runs.steps[runs.converged]) > 2500


@pytest.mark.parametrize(("m", "n", "k"), [(10, 60, 50), (10, 60, 100), (10, 300, 100), (20, 60, 150)])
def test_the_linear_programme_predicts_the_outcome(m, n, k):
    """Outside margins below 0.015, where the steps run out, as published."""
    batch = cell(m, n, k, 12, seed=1)
    runs, e = fit(batch, SIGMOID), margins(batch)
    clear = np.abs(e) > 0.015
    assert clear.sum() >= 4
    assert np.array_equal(runs.converged[clear], e[clear] > 0)
    assert not (runs.abandoned & (e > 0)).any()


def test_the_certificate_changes_no_outcome():
    for n, k in [(60, 70), (300, 90)]:
        batch = cell(10, n, k, 12, seed=2)
        with_tests = fit(batch, SIGMOID, Descent(steps=6000, check_every=10))
        without = fit(batch, SIGMOID, Descent(steps=6000, check_every=0))
        assert with_tests.abandoned.any()
        assert np.array_equal(with_tests.converged, without.converged)
        assert np.array_equal(with_tests.steps[with_tests.converged], without.steps[without.converged])


def test_the_margin_of_problems_with_a_known_answer():
    B, y = np.array([[1.0, 1.0]]), np.array([0.3 * 2 / 2**0.5])
    assert margin(B, y, SIGMOID) == pytest.approx(0.3)
    assert margin(B, 5 * y, SIGMOID) == pytest.approx(-0.5)
    assert margin(B, np.zeros(1), TANH) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="not in the range of B"):
        margin(np.array([[1.0, 0.0], [0.0, 0.0]]), np.ones(2), SIGMOID)


@pytest.mark.parametrize("phi", ACTIVATIONS.values(), ids=lambda phi: phi.name)
def test_the_flow_is_that_of_all_k_equations(phi):
    batch, times = cell(3, 12, 20, 1), np.linspace(0, 30, 7)
    B, y, k = batch.B[0], batch.y[0], batch.k
    direct = solve_ivp(
        lambda _, h: -phi.slope(h) * (B.T @ (B @ phi.phi(h) / k**0.5 - y)) / (3 * k**0.5),
        (0, 30),
        batch.h[0],
        method="LSODA",
        t_eval=times,
        rtol=1e-11,
        atol=1e-11,
    )
    flow = integrate(batch, phi, times)
    np.testing.assert_allclose(flow.h, direct.y.T, atol=1e-7)
    assert (np.diff(np.linalg.norm(flow.r, axis=1)) <= 1e-9).all()


def test_small_steps_follow_the_flow():
    batch, end = cell(4, 16, 40, 1), 20.0
    flow = integrate(batch, SIGMOID, np.array([0.0, end]))
    gaps = []
    for eta in (0.1, 0.05):
        run = fit(batch, SIGMOID, Descent(eta=eta, steps=round(end / eta), tolerance=0.0, check_every=0))
        gaps.append(np.abs(run.h[0] - flow.h[-1]).max())
    assert gaps[1] == pytest.approx(gaps[0] / 2, rel=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: activation("sigmoide"), "did you mean 'sigmoid'"),
        (lambda: columns("gaussian", (2, 2), np.random.default_rng(0)), "columns"),
        (lambda: draw(m=0, n=2, k=2, d=2, rng=np.random.default_rng(0)), "m must be at least 1"),
        (lambda: Descent(eta=-1.0), "eta"),
        (lambda: Reduced(B=np.ones((2, 3, 4)), y=np.ones((2, 3)), h=np.ones((2, 3))), "needs y"),
        (lambda: integrate(cell(2, 3, 4, 2), SIGMOID, np.array([1.0])), "one run at a time"),
    ],
)
def test_bad_input_is_refused_with_a_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""The wide deep inverse prior: its reduction, certificate, linear programme, flow and lemmas."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from priorbench_two_layer.wide_dip import full, kernel
from priorbench_two_layer.wide_dip.activation import ACTIVATIONS, SIGMOID, TANH, activation
from priorbench_two_layer.wide_dip.bounds import (
    Sizes,
    Start,
    proven_width,
    sufficient_time,
    sufficient_width,
)
from priorbench_two_layer.wide_dip.flow import integrate, inverse_psi
from priorbench_two_layer.wide_dip.monitors import (
    gram,
    jacobian_distance,
    lemma_1,
    lemma_2_failure,
    lemma_3,
    lemma_4,
    smallest_singular_value,
    smallest_singular_value_of,
)
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


def observed(k: int, noise: float, seed: int = 0):
    """Return an instance with k >= n, and what Theorem 1(i) knows of its start."""
    instance = draw(m=4, n=12, k=k, d=6, rng=np.random.default_rng(seed), noise=noise)
    h = instance.W @ instance.u
    start = Start(
        m=4,
        sigma_A=smallest_singular_value_of(instance.A),
        sigma_min=smallest_singular_value(instance.V, SIGMOID.slope(h)),
        lipschitz=lemma_3(SIGMOID, n=12, k=k, D=1.0),
        r0=float(np.linalg.norm(instance.y - instance.A @ instance.V @ SIGMOID.phi(h) / k**0.5)),
    )
    return instance, start


def test_the_flow_decays_at_least_as_fast_as_equation_8_and_stops_by_equation_6():
    """At a width where eq. 5 itself is not met: it is sufficient only."""
    for seed in range(2):
        instance, start = observed(500, 0.01, seed)
        noise = instance.y - instance.A @ instance.x
        stop = start.stopping_time(float(np.linalg.norm(noise)))
        times = np.linspace(0, 1.5 * stop, 25)
        flow = integrate(instance.reduce(), SIGMOID, times)
        norms = np.linalg.norm(flow.r, axis=1)
        assert norms[0] == pytest.approx(start.r0)
        assert all(norm <= start.residual_bound(t) * (1 + 1e-6) for t, norm in zip(times, norms, strict=True))
        to_clean = np.linalg.norm(flow.r + noise, axis=1)
        assert (to_clean[times >= stop] <= 2 * np.linalg.norm(noise)).all()
        assert to_clean[0] > 2 * np.linalg.norm(noise)


def test_equation_5_and_lemma_1_hold_where_the_start_is_near():
    rng, n, k = np.random.default_rng(0), 2, 4000
    A, V = np.eye(n), columns("rademacher", (n, k), rng)
    h = rng.standard_normal(k)
    y = V @ SIGMOID.phi(h) / k**0.5 + 0.05
    sigma_min = smallest_singular_value(V, SIGMOID.slope(h))
    known = {
        "sigma_A": smallest_singular_value_of(A),
        "sigma_min": sigma_min,
        "lipschitz": lemma_3(SIGMOID, n=n, k=k, D=1.0),
        "r0": 0.05 * n**0.5,
    }
    start = Start(m=n, **known)
    radii = lemma_1(**known)
    assert start.condition.met
    assert radii.stays
    batch = Reduced(B=(A @ V)[None], y=y[None], h=h[None])
    run = fit(batch, SIGMOID, Descent(eta=1.0, steps=1000, tolerance=0.0, check_every=0))
    assert run.loss[0] < 1e-12
    assert np.linalg.norm(run.h[0] - h) <= radii.R_prime
    assert smallest_singular_value(V, SIGMOID.slope(run.h[0])) >= sigma_min / 2


def test_lemma_2_on_draws_and_its_chernoff_bound():
    n, C = 12, 8
    k = math.ceil(C * n * math.log(n))
    rng = np.random.default_rng(0)
    low = 0
    for _ in range(200):
        V, slope = columns("rademacher", (n, k), rng), SIGMOID.slope(rng.standard_normal(k))
        low += smallest_singular_value(V, slope) < SIGMOID.C_phi_prime / 2
    assert low / 200 <= 1 / n
    assert low / 200 <= lemma_2_failure(SIGMOID, n=n, k=k, D=1.0)
    assert lemma_2_failure(SIGMOID, n=n, k=20 * k, D=1.0) < 1e-3


def test_the_expected_gram_matrix_of_the_jacobian():
    rng, n, k = np.random.default_rng(0), 6, 200_000
    for kind in ("rademacher", "uniform"):
        V, h = columns(kind, (n, k), rng), rng.standard_normal(k)
        H = gram(V, SIGMOID.slope(h))
        np.testing.assert_allclose(H, SIGMOID.C_phi_prime**2 * np.eye(n), atol=6e-4)
        least = np.linalg.eigvalsh(H)[0]
        assert smallest_singular_value(V, SIGMOID.slope(h)) ** 2 == pytest.approx(least, rel=1e-9)
    assert smallest_singular_value(V.T[:6], np.ones(6)) > 0
    assert smallest_singular_value(np.ones((7, 6)), np.ones(6)) == 0


def test_lemma_3_bounds_every_ratio():
    rng = np.random.default_rng(0)
    for n, k, kind, D in [(5, 40, "rademacher", 1.0), (30, 20, "uniform", 3**0.5)]:
        V, u = columns(kind, (n, k), rng), rng.standard_normal(7)
        u /= np.linalg.norm(u)
        for size in (0.01, 1, 10):
            W = rng.standard_normal((k, 7))
            other = W + size * rng.standard_normal((k, 7))
            gap = jacobian_distance(V, SIGMOID.slope(W @ u), SIGMOID.slope(other @ u))
            assert gap <= lemma_3(SIGMOID, n=n, k=k, D=D) * np.linalg.norm(W - other)


def test_lemma_4_bounds_the_first_residual():
    failures = 0
    for seed in range(100):
        instance = draw(m=5, n=30, k=200, d=50, rng=np.random.default_rng(seed), noise=0.1)
        g = full.output(instance, instance.W, SIGMOID)
        noise = instance.y - instance.A @ instance.x
        bound = lemma_4(instance.A, instance.x, noise, d=50)
        failures += np.linalg.norm(instance.A @ g - instance.y) > bound
    assert failures / 100 <= 1 / 50


def test_published_width_and_its_exponents():
    sizes = Sizes(n=60, m=10, d=500)
    assert proven_width(sizes, SIGMOID) == pytest.approx(4.4e8, rel=0.01)
    assert proven_width(sizes, SIGMOID, kappa=3.0) == pytest.approx(9 * 4.4e8, rel=0.01)
    big = [sufficient_width(Sizes(n=n, m=10, d=500)) for n in (10**6, 2 * 10**6)]
    assert math.log2(big[1] / big[0]) == pytest.approx(2, abs=0.01)
    many = [sufficient_width(Sizes(n=60, m=m, d=500)) for m in (10**8, 2 * 10**8)]
    assert math.log2(many[1] / many[0]) == pytest.approx(1, abs=0.01)


def test_the_sufficient_time_is_equation_6_with_lemma_2():
    start = Start(m=10, sigma_A=3.0, sigma_min=SIGMOID.C_phi_prime / 2, lipschitz=1.0, r0=20.0)
    assert sufficient_time(SIGMOID, m=10, sigma_A=3.0, r0=20.0, noise=0.5) == pytest.approx(
        start.stopping_time(0.5)
    )
    assert not start.condition.met
    assert start.residual_bound(start.stopping_time(0.5)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: activation("sigmoide"), "did you mean 'sigmoid'"),
        (lambda: columns("gaussian", (2, 2), np.random.default_rng(0)), "columns"),
        (lambda: draw(m=0, n=2, k=2, d=2, rng=np.random.default_rng(0)), "m must be at least 1"),
        (lambda: Descent(eta=-1.0), "eta"),
        (lambda: Reduced(B=np.ones((2, 3, 4)), y=np.ones((2, 3)), h=np.ones((2, 3))), "needs y"),
        (lambda: integrate(cell(2, 3, 4, 2), SIGMOID, np.array([1.0])), "one run at a time"),
        (lambda: observed(20, 0.0)[1].stopping_time(0.0), "must be above 0"),
    ],
)
def test_bad_input_is_refused_with_a_reason(call, message):
    with pytest.raises(ValueError, match=message):
        call()

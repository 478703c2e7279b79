"""The wide deep inverse prior: what its flow and its lemmas promise, on draws and published numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from priorbench_two_layer.wide_dip import full
from priorbench_two_layer.wide_dip.activation import SIGMOID
from priorbench_two_layer.wide_dip.bounds import (
    Sizes,
    Start,
    proven_width,
    sufficient_time,
    sufficient_width,
)
from priorbench_two_layer.wide_dip.flow import integrate
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
from priorbench_two_layer.wide_dip.problem import Reduced, columns, draw
from priorbench_two_layer.wide_dip.reduced import Descent, fit


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


def test_the_flow_never_stops_at_no_residual():
    with pytest.raises(ValueError, match="must be above 0"):
        observed(20, 0.0)[1].stopping_time(0.0)

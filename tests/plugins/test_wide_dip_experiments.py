"""Experiments on the wide deep inverse prior beside Fig. 1: sweeps, ker A, monitors, flow with noise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from priorbench_two_layer.wide_dip import smooth
from priorbench_two_layer.wide_dip.experiments.boundary import crossing, exponent, half_width
from priorbench_two_layer.wide_dip.experiments.cell import cell
from priorbench_two_layer.wide_dip.experiments.monitoring import along_a_fit, first_residual, lemma_2
from priorbench_two_layer.wide_dip.experiments.noisy_flow import noisy_flow
from priorbench_two_layer.wide_dip.experiments.signal_space import signal_error, split
from priorbench_two_layer.wide_dip.experiments.sweeps import (
    curvature_at_start,
    dimensions,
    other_activation,
)
from priorbench_two_layer.wide_dip.problem import draw_reduced


def test_d_has_no_effect():
    found = dimensions(seed=0, m=10, n=60, k=200, ds=(1, 3, 500), steps=100)
    assert found["difference"] < 1e-14
    np.testing.assert_allclose(found["loss"], found["reduced"], rtol=1e-9)


def test_a_bad_condition_of_the_operator_slows_the_fit_and_nothing_else():
    """kappa(A) = 1, 10, 100: .9, .6, 0 within 3000 steps; zero loss is reachable all the same."""
    found = [cell(seed=0, m=10, n=60, k=200, runs=20, steps=3000, kappa=kappa) for kappa in (1, 10, 100)]
    shares = [one["success"] for one in found]
    assert shares[0] >= 0.9
    assert shares[1] == pytest.approx(0.6, abs=0.3)
    assert shares[2] == 0
    assert [one["feasible"] for one in found] == [1.0, 1.0, 1.0]


def test_the_half_success_width_is_linear_in_m_and_hardly_moves_with_n():
    """k about 10 m at n = 60; with the stable step about the same at m = 10 from n = 60 to 1000."""
    over_m = [half_width(seed=0, m=m, n=60, runs=15, steps=4000)["half"] for m in (5, 10, 20)]
    assert [half / m for half, m in zip(over_m, (5, 10, 20), strict=True)] == pytest.approx(
        [9.5] * 3, rel=0.3
    )
    assert exponent((5, 10, 20), over_m) == pytest.approx(1, abs=0.3)
    over_n = [half_width(seed=0, m=10, n=n, runs=15, steps=4000)["half_stable"] for n in (60, 300, 1000)]
    assert abs(exponent((60, 300, 1000), over_n)) < 0.25


def test_a_crossing_is_interpolated():
    assert crossing([10, 20, 30], [0.0, 0.25, 0.75]) == 25
    assert crossing([10, 20, 30], [0.6, 0.4, 0.9]) == pytest.approx(22)
    assert crossing([10, 20], [0.0, 0.4]) is None
    assert crossing([10, 20], [0.9, 1.0]) is None


def test_tanh_has_the_boundary_of_a_twice_as_wide_range():
    """Half of y's norm for a range twice as large: success at k = 50, where the sigmoid fails."""
    sigmoid, tanh = (cell(seed=0, m=10, n=60, k=60, runs=20, phi=phi) for phi in ("sigmoid", "tanh"))
    assert sigmoid["success_stable"] < 0.4 < tanh["success_stable"]
    assert tanh["agree"] == tanh["clear"]


def test_the_softplus_reaches_a_cone():
    """Wendel: half of the problems at k = 2 m - 1, and the fit with enough steps follows."""
    assert smooth.cone_probability(10, 19) == pytest.approx(0.5)
    assert smooth.cone_probability(10, 5) == pytest.approx(0)
    assert smooth.cone_probability(2, 3) == pytest.approx(0.5)
    rng = np.random.default_rng(0)
    batch = draw_reduced(200, m=4, n=30, k=9, rng=rng)
    inside = np.mean([smooth.in_cone(B, y) for B, y in zip(batch.B, batch.y, strict=True)])
    assert inside == pytest.approx(smooth.cone_probability(4, 9), abs=4 * (0.25 / 200) ** 0.5)
    found = other_activation(seed=0, phi="softplus", m=10, n=60, k=60, runs=6)
    assert found["success"] == found["feasible"] == 1.0
    assert other_activation(seed=0, phi="softplus", m=10, n=60, k=10, runs=4, steps=300)["success"] == 0.0


def test_the_softmax_over_all_units_reaches_nothing():
    found = other_activation(seed=0, phi="softmax", m=10, n=60, k=200, runs=3, steps=300)
    assert (found["success"], found["feasible"]) == (0.0, 0.0)
    assert smooth.in_simplex(np.eye(4) * 2, np.full(4, 0.25))


@pytest.mark.parametrize("step", [smooth.softplus_step, smooth.softmax_step])
def test_the_derivatives_of_the_smooth_activations(step):
    rng = np.random.default_rng(0)
    h, back, direction, e = rng.standard_normal(9), rng.standard_normal(9), rng.standard_normal(9), 1e-6
    moved = (step(h + e * direction, back)[0] - step(h - e * direction, back)[0]) / (2 * e)
    assert back @ moved == pytest.approx(step(h, back)[1] @ direction, rel=1e-7)


def test_the_constants_of_the_softplus():
    h = np.linspace(-12, 12, 400_001)
    density = np.exp(-(h**2) / 2) / math.sqrt(2 * math.pi)
    for value, function in [
        (smooth.SOFTPLUS.C_phi, smooth.SOFTPLUS.phi),
        (smooth.SOFTPLUS.C_phi_prime, smooth.SOFTPLUS.slope),
    ]:
        assert value**2 == pytest.approx(np.sum(function(h) ** 2 * density) * (h[1] - h[0]), rel=1e-8)
    assert smooth.SOFTPLUS.C_phi_prime == pytest.approx(0.541645, abs=5e-7)  # its slope is the sigmoid


def test_a_fit_that_reaches_y_has_not_found_x():
    found = [signal_error(seed=seed, m=10, n=60, k=400) for seed in range(8)]
    assert all(one["loss"] <= 1e-7 for one in found)
    assert all(one["row_space"] <= one["bound"] < 1e-3 for one in found)
    assert all(one["kernel"] > 0.95 * one["unseen"] for one in found)
    assert np.mean([one["unseen"] ** 2 for one in found]) == pytest.approx(50 / 60, abs=0.05)
    ratio = np.mean([one["kernel"] / one["kernel_start"] for one in found])
    assert ratio == pytest.approx(1, abs=0.1)
    assert split(np.array([[1.0, 0.0]]), np.array([3.0, 4.0])) == (3.0, 4.0)


def test_the_jacobian_along_a_fit():
    """Lemma 3 bounds the Lipschitz constant by far; sigma_min stays above half its first value."""
    wide = along_a_fit(seed=0, m=10, n=60, k=1000)
    assert wide["loss"][-1] < 1e-10
    assert max(wide["lipschitz"][1:]) < wide["lemma_3"] / 10
    assert min(wide["sigma_min"]) > wide["sigma_min"][0] / 2
    assert wide["sigma_min"][0] > wide["expected"] / 2
    assert wide["R"] < max(wide["moved"]) < wide["R_prime"]
    narrow = along_a_fit(seed=0, m=10, n=60, k=50, at=(0, 100))
    assert narrow["sigma_min"] == [0.0, 0.0]
    assert narrow["R_prime"] is None


def test_lemma_2_needs_a_width_of_some_n():
    shares = [lemma_2(seed=0, n=40, k=k, draws=20)["share"] for k in (60, 120, 240, 480)]
    assert shares[0] == shares[1] == 0
    assert shares[2] >= 0.9
    assert shares[3] == 1
    assert lemma_2(seed=0, n=10, k=4000, draws=3)["chernoff"] < 1e-6


def test_lemma_4_bounds_the_first_residual():
    """By far, with the constant 1; for k much above n the residual is about that of g = 0."""
    ratios = [first_residual(seed=seed, m=10, n=60, k=1000)["ratio"] for seed in range(20)]
    assert 0.02 < max(ratios) < 1


def test_the_flow_with_noise_stops_in_time():
    """Eq. 6: ||y(t) - ybar|| <= 2 ||eps|| from its time on, and eq. 8's rate; eq. 5 does not hold here."""
    for seed in range(3):
        found = noisy_flow(seed=seed)
        assert found["late"] <= 1
        assert found["first"] < found["time"]
        assert (np.array(found["residual"]) <= np.array(found["rate_bound"]) * (1 + 1e-6)).all()
    assert not found["condition"]
    with pytest.raises(ValueError, match="k must be at least n = 12"):
        noisy_flow(seed=0, k=11)


@pytest.mark.parametrize(("n", "low", "high"), [(60, 0.4, 0.7), (300, 1.8, 2.4), (1000, 5.7, 8.6)])
def test_published_curvature_at_the_start(n, low, high):
    found = curvature_at_start(seed=0, m=10, n=n, k=1000)
    assert 0.9 * low < np.mean(found["curvature"]) < 1.1 * high
    assert np.mean(found["curvature"]) == pytest.approx(found["predicted"], rel=0.25)

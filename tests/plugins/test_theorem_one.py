"""Theorem 1's stopping time as a rule: against the printed formula, and its bound on signals it is for."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from judged_fits import Judged, judge

from priorbench import NoiseDescriptor, Observation, PriorbenchError, Trajectory
from priorbench_two_layer.basis import by_frequency, synthesise
from priorbench_two_layer.bounds import stopping_time
from priorbench_two_layer.circulant import triangle
from priorbench_two_layer.denoisers import TwoLayer, TwoLayerLinear
from priorbench_two_layer.stopping import Spectrum, TheoremOne, _least

CPU = torch.device("cpu")
#: a signal on a ring, the theory's own case
RING: dict[str, Any] = {"kernel": "triangle", "width": 8.0, "margin": 0}
N = 128


def on_ring(y: np.ndarray, sigma: float | None = None) -> Observation:
    noise = None if sigma is None else NoiseDescriptor(family="gaussian", sigma=sigma)
    return Observation(image=torch.tensor(y, dtype=torch.float32)[None, None], noise=noise, device=CPU)


def spectrum_by_hand() -> tuple[np.ndarray, float]:
    """Return the dual kernel's values by frequency, and eta, from the formulas of Definitions 1 and 2."""
    u = triangle(N, 8)
    lags = np.array([u @ np.roll(u, lag) for lag in range(N)]).clip(-1, 1)
    lags[0] = 1.0  # ||u|| = 1; arccos makes 1e-8 of a last bit there, which differs between processors
    eigenvalues = np.fft.fft(0.5 * (1 - np.arccos(lags) / np.pi) * lags).real
    return np.sqrt(by_frequency(eigenvalues)), 1 / np.abs(np.fft.fft(u)).max() ** 2


def signal(p: int, seed: int = 0) -> np.ndarray:
    """Return x of norm 1 in the span of the first p basis functions."""
    coefficients = np.zeros(N)
    coefficients[:p] = np.random.default_rng(seed).standard_normal(p)
    return synthesise(coefficients / np.linalg.norm(coefficients))


def judged_on(rule: TheoremOne, y: np.ndarray, sigma: float | None = None, iterations: int = 2000) -> Judged:
    method = TwoLayerLinear(**RING, iterations=iterations)
    return judge(rule, method, on_ring(y, sigma), denoiser="two-layer-linear", parameters=RING)


@pytest.mark.parametrize("p", [9, 41, 101])
def test_the_time_is_that_of_the_printed_formula(p: int) -> None:
    sigma, eta = spectrum_by_hand()
    time = math.log(1 - math.sqrt(p / N)) / math.log(1 - eta * sigma[p] ** 2)
    rule = TheoremOne(p=p)
    judged = judged_on(rule, signal(p))
    assert rule.time == pytest.approx(time, rel=1e-9)
    assert judged.iteration == judged.iterations == max(1, math.floor(time))
    assert judged.fired


def test_all_times_are_those_of_the_theory_module() -> None:
    spectrum = Spectrum.of(Trajectory(iterations=9, observation=on_ring(signal(9)), parameters=RING))
    times = [spectrum.time(p) for p in range(1, N)]
    expected = [stopping_time(spectrum.sigma, spectrum.eta, p) for p in range(1, N)]
    np.testing.assert_allclose(times, expected, rtol=1e-9)
    assert times[8] == pytest.approx(1.14, abs=5e-3)  # a published check value


@pytest.mark.parametrize("p", [9, 41, 101])
def test_the_bound_holds_at_that_time(p: int) -> None:
    """||G - x|| <= (1 - eta sigma_p^2)^T ||x|| + s sqrt(2 p / n): in a linear fit eps is 0."""
    sigma, eta = spectrum_by_hand()
    s = 0.5
    for seed in range(20):
        x = signal(p, seed)
        z = np.random.default_rng(1000 + seed).standard_normal(N) * s / N**0.5
        judged = judged_on(TheoremOne(p=p), x + z)
        error = np.linalg.norm(judged.kept[0, 0].numpy() - x)
        assert error <= (1 - eta * sigma[p - 1] ** 2) ** judged.iteration + s * math.sqrt(2 * p / N)


def test_of_finite_width_it_is_the_same_iteration_and_the_bound_holds_with_a_small_eps() -> None:
    sigma, eta = spectrum_by_hand()
    p, s, x = 41, 0.5, signal(41)
    z = np.random.default_rng(5).standard_normal(N) * s / N**0.5
    method = TwoLayer(**RING, k=4096, omega=1.0, start="symmetric", iterations=1000)
    judged = judge(TheoremOne(p=p), method, on_ring(x + z), denoiser="two-layer", parameters=RING)
    assert judged.iteration == judged_on(TheoremOne(p=p), x + z).iteration
    error = np.linalg.norm(judged.kept[0, 0].numpy() - x)
    bound = (1 - eta * sigma[p - 1] ** 2) ** judged.iteration + s * math.sqrt(2 * p / N)
    assert error <= bound + 0.05 * np.linalg.norm(x + z)


def test_a_p_that_is_not_given_is_where_the_bound_is_least() -> None:
    """By brute force, in the order of the discrete Fourier transform."""
    s, x = 0.2, signal(41)
    y = x + np.random.default_rng(2).standard_normal(N) * s / N**0.5
    sigma, eta = spectrum_by_hand()
    of_frequency = np.array([sigma[2 * min(f, N - f) - 1] if f else sigma[0] for f in range(N)])
    energies = np.abs(np.fft.fft(y)) ** 2 / N - s**2 / N
    found = {}
    for p in range(1, N, 2):  # cosine and sine of a frequency together
        left = (1 - eta * of_frequency**2) ** (2 * stopping_time(sigma, eta, p))
        found[p] = math.sqrt(max((left * energies).sum(), 0)) + s * math.sqrt(2 * p / N)
    rule = TheoremOne()
    judged_on(rule, y, sigma=s / N**0.5)
    assert rule.p == min(found, key=found.__getitem__)


@pytest.mark.parametrize("sigma", [15 / 255, 50 / 255])
@pytest.mark.parametrize("width", [3.0, 8.0])
def test_the_chosen_time_loses_less_than_3_db_to_the_best_of_a_picture(width: float, sigma: float) -> None:
    how = {"kernel": "triangle", "width": width, "margin": 8}
    rows, columns = torch.meshgrid(torch.arange(64) / 64, torch.arange(60) / 60, indexing="ij")
    clean = (0.5 + 0.3 * torch.sin(9 * rows + 5 * columns) * torch.cos(7 * columns) + 0.2 * (rows > columns))[
        None
    ]
    z = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    noise = NoiseDescriptor(family="gaussian", sigma=sigma)
    seen = Observation(image=clean + sigma * z, noise=noise, device=CPU)
    method = TwoLayerLinear(**how, iterations=400)
    errors = [
        float((it.estimate() - clean).square().mean()) for it in itertools.islice(method.iterate(seen), 400)
    ]
    judged = judge(TheoremOne(), method, seen, denoiser="two-layer-linear", parameters=how)
    assert errors[judged.iteration - 1] < 2 * min(errors)


@pytest.mark.parametrize("number", [1, 7, 255, 256, 5000, 200_000])
def test_the_search_for_the_least_bound_finds_it(number: int) -> None:
    for best in {0, number // 3, number - 1}:
        assert _least(lambda p, best=best: abs(p - best), np.arange(number)) == best


def test_a_flat_spectrum_is_refused_where_p_is_to_be_chosen() -> None:
    own = Trajectory(
        iterations=9,
        observation=on_ring(signal(3), sigma=0.1),
        denoiser="two-layer",
        parameters=RING | {"width": 1.0},
    )
    with pytest.raises(PriorbenchError, match="all singular values of this model are equal"):
        TheoremOne().begin(own)


def test_a_picture_with_a_margin_is_judged_by_the_spectrum_on_its_torus() -> None:
    picture = torch.rand(3, 20, 17, generator=torch.Generator().manual_seed(0))
    seen = Observation(image=picture, noise=NoiseDescriptor(family="gaussian", sigma=0.1), device=CPU)
    how = {"kernel": "gaussian", "width": 2.0, "margin": 5}
    rule = TheoremOne()
    method = TwoLayerLinear(**how, iterations=500)
    judged = judge(rule, method, seen, denoiser="two-layer-linear", parameters=how)
    rows, columns = 30, 27
    assert (
        len(Spectrum.of(Trajectory(iterations=1, observation=seen, parameters=how)).sigma) == rows * columns
    )
    assert 1 <= judged.iteration <= 500 and 1 <= rule.p < rows * columns
    last = next(itertools.islice(method.iterate(seen), judged.iteration - 1, None)).estimate()
    assert torch.equal(judged.kept, last)


def test_the_budget_is_kept_where_the_time_is_later() -> None:
    judged = judged_on(TheoremOne(p=101, iterations=5), signal(101))
    assert (judged.iteration, judged.fired) == (5, False)


@pytest.mark.parametrize(
    ("rule", "denoiser", "why"),
    [
        (TheoremOne(p=3), "deep-decoder", "two-layer and two-layer-linear alone, not of 'deep-decoder'"),
        (TheoremOne(), "two-layer", "chooses p by sigma, which is not known here: give it p"),
        (TheoremOne(p=N), "two-layer", f"p must be below n = {N}, not {N}"),
    ],
)
def test_what_it_cannot_judge_is_refused_in_one_line(rule: TheoremOne, denoiser: str, why: str) -> None:
    own = Trajectory(iterations=9, observation=on_ring(signal(3)), denoiser=denoiser, parameters=RING)
    with pytest.raises(PriorbenchError, match=why) as refused:
        rule.begin(own)
    assert "\n" not in str(refused.value)

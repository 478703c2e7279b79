"""The 1-D decoder of Fig. 7: its Jacobian, exact and as coded, against differences and published values."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from priorbench_generators.line_decoder.jacobian import accumulated, jacobian
from priorbench_generators.line_decoder.network import start
from priorbench_generators.line_decoder.subspaces import energy_up_to, overlap, spectrum, triangular
from priorbench_generators.line_decoder.training import moments, target, trained


def test_the_network_is_the_described_one():
    begun = start(0)
    assert begun.net_input.shape == (1, 64, 32)
    assert 0 <= float(begun.net_input.min()) < 0.01 < 0.99 < float(begun.net_input.max()) <= 1
    mixings = [m.weight for m in begun.network.modules() if isinstance(m, nn.Conv1d)]
    assert [tuple(w.shape) for w in mixings] == [(64, 64, 1)] * 4 + [(1, 64, 1)]
    assert [w.requires_grad for w in mixings] == [True] * 4 + [False]
    for weight in mixings[:4]:  # N(0, 2 / 128), and the last N(0, 2 / 65)
        assert float(weight.detach().std()) == pytest.approx(0.125, rel=0.04)
    lasts = torch.stack([start(seed).network.output.weight for seed in range(30)])
    assert float(lasts.std()) == pytest.approx((2 / 65) ** 0.5, rel=0.05)
    x = begun.net_input  # by hand: weights 1/4 and 3/4, clamped at the ends
    for layer in begun.network.hidden:
        left, right = (torch.cat(pair, 2) for pair in ((x[:, :, :1], x), (x, x[:, :, -1:])))
        even, odd = (left[:, :, :-1] + 3 * x) / 4, (3 * x + right[:, :, 1:]) / 4
        x = torch.stack([even, odd], 3).flatten(2)
        x = torch.einsum("oi,nip->nop", layer.mix.weight[:, :, 0], x).clamp(min=0)
        x = (x - x.mean(2, keepdim=True)) / (x.var(2, unbiased=False, keepdim=True) + 1e-5).sqrt()
        x = x * layer.norm.weight[:, None] + layer.norm.bias[:, None]
    expected = (begun.network.output.weight[0, :, 0][:, None] * x[0]).sum(0)
    torch.testing.assert_close(begun.network(begun.net_input), expected)


def test_the_jacobian_is_that_of_differences_and_its_columns_sum_to_zero():
    begun = start(3, n=32, k=4, layers=2)
    J = jacobian(begun, rows_at_once=5)
    assert J.shape == (32, 2 * 16)
    assert np.abs(J.sum(axis=0)).max() < 1e-12 * np.abs(J).max() * 32
    h = 1e-6
    for column in range(32):
        layer, entry = divmod(column, 16)
        weight = begun.network.hidden[layer].mix.weight
        with torch.no_grad():
            ends = []
            for sign in (1, -1):
                weight.view(-1)[entry] += sign * h
                ends.append(begun.network(begun.net_input).numpy().copy())
                weight.view(-1)[entry] -= sign * h
        np.testing.assert_allclose(J[:, column], (ends[0] - ends[1]) / (2 * h), rtol=1e-5, atol=1e-7)


def test_accumulated_is_what_backward_without_zeroing_gives():
    """The published loop: backward for one output after the other, reading gradients that add up."""
    begun = start(1, n=16, k=3, layers=2)
    output = begun.network(begun.net_input)
    matrices = [layer.mix.weight for layer in begun.network.hidden]
    rows = []
    for value in output:
        value.backward(retain_graph=True)
        rows.append(torch.cat([w.grad.flatten() for w in matrices]).numpy().copy())
    np.testing.assert_allclose(accumulated(jacobian(begun)), np.array(rows), rtol=1e-9, atol=1e-12)


def test_spectra_overlaps_and_frequencies_are_those_of_known_matrices():
    rng = np.random.default_rng(0)
    J = rng.standard_normal((20, 300))
    s = spectrum(J)
    np.testing.assert_allclose(s.values, np.linalg.svd(J, compute_uv=False))
    np.testing.assert_allclose((s.vectors * s.values**2) @ s.vectors.T, J @ J.T, atol=1e-10)
    coded = spectrum(accumulated(triangular(J))).values  # rows may be mixed after the factorisation
    np.testing.assert_allclose(coded, np.linalg.svd(accumulated(J), compute_uv=False))
    assert overlap(s.leading(5), -s.leading(5)[:, ::-1]) == pytest.approx(1)
    assert overlap(s.leading(5), s.vectors[:, 5:10]) == pytest.approx(0, abs=1e-12)
    waves = np.array([np.cos(2 * np.pi * f * np.arange(64) / 64) for f in (0, 3, 4, 32)]).T
    assert energy_up_to(3, waves) == pytest.approx([1, 1, 0, 0], abs=1e-12)
    assert energy_up_to(32, waves) == pytest.approx([1, 1, 1, 1])
    diagonal = np.concatenate([4 * waves[:, [0]] / 8, waves[:, [2]] / 32**0.5], axis=1)
    assert spectrum(diagonal).energy_up_to(3) == pytest.approx(16 / 17)


@pytest.fixture(scope="module")
def published():
    """The Jacobians of seed 0 at t = 1, and 75 steps later: exact and as coded."""
    first, later = moments(0, more=(75,))
    factors = [triangular(jacobian(moment.begun)) for moment in (first, later)]
    return first, later, [spectrum(T) for T in factors], [spectrum(accumulated(T)) for T in factors]


def test_training_has_the_published_course(published):
    """Stored output: loss 0.906 before the first step, 0.0267 after 70."""
    first, later, _, _ = published
    assert 0.5 < first.losses[0] < 2.5
    assert later.losses[70] == pytest.approx(0.0267, rel=0.25)


def test_the_exact_spectrum_is_not_the_published_picture(published):
    """Largest singular value of order 100, not 10,000; leading vectors are no slow waves, nor last."""
    _, _, (before, after), _ = published
    assert 60 < before.values[0] < 460
    assert after.values[[0, 5, 20, 50, 100]] == pytest.approx([49, 38, 21, 11, 4.6], rel=0.4)
    assert before.values[-1] < 1e-9 * before.values[0]  # 1^T J = 0
    for moment in (before, after):
        assert energy_up_to(4, moment.leading(5)).max() < 0.8
    assert 0.1 < overlap(before.leading(5), after.leading(5)) < 0.4


def test_what_survives_is_that_low_frequencies_have_most_energy(published):
    """Shares of J J^T in the frequencies up to 16, 32, 64 and 128, of two seeds: published check values."""
    _, _, (before, _), _ = published
    shares = [before.energy_up_to(f) for f in (16, 32, 64, 128)]
    for share, low, high in zip(shares, (0.43, 0.64, 0.88, 0.95), (0.62, 0.84, 0.94, 0.98), strict=True):
        assert low - 0.03 <= share <= high + 0.03


def test_the_accumulated_spectrum_is_the_published_picture(published):
    """Largest singular value about 9e3, then 4e3; slow waves that last: overlap about 0.9."""
    _, _, _, (before, after) = published
    assert before.values[0] == pytest.approx(9e3, rel=0.45)
    assert after.values[0] == pytest.approx(4e3, rel=0.4)
    for moment in (before, after):
        assert energy_up_to(4, moment.leading(5)).min() > 0.92
    assert overlap(before.leading(5), after.leading(5)) > 0.8


@pytest.mark.slow(25)
def test_long_training_overfits_as_published():
    """Loss 0.0026 after 3490 steps; error to the clean signal least early, 0.0095, then it rises to 0.028."""
    (first,) = moments(0, more=())
    last = trained(first.begun, target(0), 3500)
    assert last.losses[3490] < 0.006
    assert last.errors.argmin() < 100
    assert 0.005 < last.errors.min() < 0.014
    assert 0.02 < last.errors[-1] < 0.042


def test_training_leaves_its_start_alone_and_bad_lengths_are_told():
    begun = start(0, n=32, k=4, layers=2)
    before = begun.network(begun.net_input)
    trained(begun, target(0, n=32), 3)
    assert torch.equal(begun.network(begun.net_input), before)
    with pytest.raises(ValueError, match=r"n must be a multiple of 2\^layers = 16, not 100"):
        start(0, n=100)
    with pytest.raises(ValueError, match="the bases have the shapes"):
        overlap(np.eye(3), np.eye(4))
    with pytest.raises(ValueError, match="frequency must be between 0 and n / 2 = 2, not 3"):
        energy_up_to(3, np.eye(4))

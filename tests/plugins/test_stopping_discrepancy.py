"""The discrepancy principle on trajectories whose residuals are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from denoising_support import observation_of, observe, photograph
from rule_driving import Followed, follow
from skimage.restoration import estimate_sigma

from priorbench import NoiseDescriptor, Observation
from priorbench.errors import PriorbenchError
from priorbench.standard.noise_models import Gaussian, Poisson
from priorbench.toolkit.clipping import clipped_noise_energies, clipped_noise_energy
from priorbench_operators.downsample import DownsampleModel
from priorbench_operators.mask import Mask
from priorbench_stopping.discrepancy import (
    ClippedEnergy,
    Discrepancy,
    DiscrepancyBlind,
    DiscrepancyOfSigma,
)

SHAPE = (3, 16, 16)


def plain(**named: object) -> Observation:
    """Return an observation of zeros; outputs are then residuals."""
    return Observation(image=torch.zeros(SHAPE), device=torch.device("cpu"), **{"noise": None, **named})


def falling(count: int = 50) -> list[torch.Tensor]:
    """Return outputs t that are 1 / t everywhere, but for the sign: mean squares are 1 / t^2."""
    sign = torch.where(torch.rand(SHAPE, generator=torch.Generator().manual_seed(0)) < 0.5, -1.0, 1.0)
    return [sign / t for t in range(1, count + 1)]


@pytest.mark.parametrize(("tau", "first"), [(1.0, 10), (1.1, 10), (1.2, 9), (0.5, 20)])
def test_the_first_residual_within_tau_times_the_noise_is_kept(tau, first):
    energy = 0.0101  # 1 / t^2 <= tau^2 / 99.0
    found = follow(Discrepancy(tau=tau), falling(), plain(), noise_energy=energy)
    assert found == Followed(kept=first, stopped=first, fired=True)
    noise = NoiseDescriptor(family="gaussian", sigma=energy**0.5)
    assert follow(DiscrepancyOfSigma(tau=tau), falling(), plain(noise=noise)) == found


def test_where_it_never_fires_the_last_of_the_budget_is_the_result():
    found = follow(Discrepancy(), falling(), plain(), noise_energy=1e-6)
    assert found == Followed(kept=50, stopped=50, fired=False)
    short = follow(Discrepancy(iterations=20), falling(), plain(), noise_energy=1e-6)
    assert short == Followed(kept=20, stopped=20, fired=False)


def test_outputs_that_are_no_numbers_do_not_fire():
    outputs = [torch.full(SHAPE, float("nan")), *falling(3)]
    assert follow(Discrepancy(), outputs, plain(), noise_energy=1.0).kept == 2


def test_pixels_that_do_not_enter_the_loss_do_not_count():
    mask = torch.zeros(1, 16, 16, dtype=torch.bool)
    mask[:, :4] = True
    outputs = [torch.where(mask, one, 7.0) for one in falling()]
    found = follow(Discrepancy(), outputs, plain(mask=mask), noise_energy=0.0101)
    assert found == Followed(kept=10, stopped=10, fired=True)


def test_of_a_mask_energy_and_sigma_are_those_of_what_was_measured():
    measured = torch.zeros(1, 16, 16, dtype=torch.bool)
    measured[:, :4] = True
    sigma = 0.1005
    seen = plain(
        mask=measured, operator=Mask(measured), noise=NoiseDescriptor(family="gaussian", sigma=sigma)
    )
    expected = Followed(kept=10, stopped=10, fired=True)
    assert follow(DiscrepancyOfSigma(), falling(), seen) == expected
    assert follow(Discrepancy(), falling(), seen, noise_energy=sigma**2) == expected


def test_the_residual_is_that_of_the_operator():
    operator = DownsampleModel(factor=2).draw(SHAPE, np.random.default_rng(0))
    pixel = torch.tensor([[1.0, -1.0], [1.0, -1.0]]).repeat(8, 8).expand(SHAPE)
    outputs = [pixel + torch.ones(SHAPE) / t for t in range(1, 51)]
    assert operator.A(outputs[0]).shape != SHAPE
    size = [float(operator.A(one).double().square().mean()) for one in outputs]
    expected = 1 + next(i for i in range(50) if size[i] <= 1.0001 * size[9])
    assert all(one.square().mean() > 0.5 for one in outputs)
    seen = Observation(
        image=torch.zeros_like(operator.A(outputs[0])),
        noise=None,
        device=torch.device("cpu"),
        operator=operator,
    )
    found = follow(Discrepancy(), outputs, seen, noise_energy=1.0001 * size[9])
    assert found == Followed(kept=expected, stopped=expected, fired=True)
    assert size[9] < 0.1


def test_sigma_of_clipped_noise_is_worth_what_clipping_leaves_of_it():
    sigma = 50 / 255
    clean = np.clip(photograph(3, 64, 64) * 1.6 - 0.5, 0, 1)  # black and white places
    model = Gaussian(sigma=sigma, clip=True)
    seen = observe(clean, model, seed=3)
    energy = float(np.mean((seen.image.double().numpy() - clean) ** 2))
    assert energy < 0.85 * sigma**2
    # from a picture that is too bright to the clean one: the residual falls from far above to the energy
    outputs = [torch.from_numpy(clean + 0.4 * 0.97**t).float() for t in range(150)]
    tau, y = 1.05, seen.image.double().numpy()
    residuals = [float(np.mean((one.double().numpy() - y) ** 2)) for one in outputs]
    levels = [tau**2 * clipped_noise_energy(one.double().numpy(), sigma) for one in outputs]
    expected = 1 + next(i for i in range(150) if residuals[i] <= levels[i])
    found = follow(DiscrepancyOfSigma(tau=tau), outputs, seen)
    assert found == Followed(kept=expected, stopped=expected, fired=True)
    told = follow(Discrepancy(tau=tau), outputs, seen, noise_energy=energy)
    unaware = follow(Discrepancy(tau=tau), outputs, seen, noise_energy=sigma**2)
    assert told.fired
    assert unaware.kept < min(found.kept, told.kept) - 3


@pytest.mark.parametrize("sigma", [2 / 255, 25 / 255, 0.5])
def test_the_table_of_clipped_energies_gives_the_formula(sigma):
    rng = np.random.default_rng(0)
    clean = rng.random(5000) * 1.2 - 0.1
    assert ClippedEnergy(sigma)(clean) == pytest.approx(clipped_noise_energy(clean, sigma), rel=1e-5)
    assert np.mean(clipped_noise_energies(clean, sigma)) == clipped_noise_energy(clean, sigma)


def test_sigma_of_signal_dependent_noise_is_taken_as_it_is():
    noise = NoiseDescriptor(family="poisson", sigma=0.1005, clipped=True, signal_dependent=True)
    assert follow(DiscrepancyOfSigma(), falling(), plain(noise=noise)).kept == 10
    clipped = observe(photograph(3, 32, 32), Poisson(peak=10, clip=True))
    assert follow(DiscrepancyOfSigma(), [clipped.image], clipped).fired


def test_no_noise_never_fires_but_at_a_perfect_fit():
    noise = NoiseDescriptor(family="gaussian", sigma=0.0, clipped=True)
    outputs = [*falling(5), torch.zeros(SHAPE)]
    assert follow(DiscrepancyOfSigma(), outputs, plain(noise=noise)) == Followed(
        kept=6, stopped=6, fired=True
    )


def test_the_blind_rule_estimates_the_noise_from_the_picture():
    clean = photograph(3, 64, 64)
    seen = observe(clean, Gaussian(sigma=0.2), blind=True)
    sigma = estimate_sigma(seen.image.numpy(), average_sigmas=True, channel_axis=0)
    assert abs(sigma - 0.2) < 0.02
    outputs = [torch.from_numpy(clean + 0.9 * 0.9**t).float() for t in range(100)]
    found = follow(DiscrepancyBlind(tau=1.3), outputs, seen)
    told = follow(Discrepancy(tau=1.3), outputs, seen, noise_energy=sigma**2)
    assert found.fired
    assert abs(found.kept - told.kept) <= 1


@pytest.mark.parametrize(
    ("rule", "observation", "told"),
    [
        (Discrepancy(), plain(), "use discrepancy-sigma or"),
        (DiscrepancyOfSigma(), plain(), "sigma is not known: use discrepancy-blind"),
        (
            DiscrepancyOfSigma(),
            plain(noise=NoiseDescriptor(family="salt", sigma=0.1, clipped=True)),
            "of Gaussian noise only, not of 'salt'",
        ),
        (DiscrepancyBlind(), plain(), "flat"),
        (DiscrepancyBlind(), observation_of(np.random.default_rng(0).random((1, 3, 3)), None), "narrower"),
        (DiscrepancyBlind(), plain(operator=Mask(torch.ones(SHAPE, dtype=torch.bool))), "measurement"),
        (
            DiscrepancyOfSigma(),
            plain(
                noise=NoiseDescriptor(family="gaussian", sigma=0.1),
                mask=torch.zeros(SHAPE, dtype=torch.bool),
            ),
            "no pixel may enter the loss",
        ),
    ],
)
def test_what_cannot_be_judged_is_refused_in_one_line(rule, observation, told):
    with pytest.raises(PriorbenchError, match=told) as refused:
        follow(rule, falling(), observation)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("rule", [Discrepancy, DiscrepancyOfSigma, DiscrepancyBlind])
def test_tau_must_be_above_zero(rule):
    with pytest.raises(ValueError, match="tau"):
        rule(tau=0.0)

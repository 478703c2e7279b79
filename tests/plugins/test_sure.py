"""SURE by a twin trajectory against closed forms: of a linear fit the divergence is the trace of its map."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch
from judged_fits import judge, look_at

from priorbench import Look, NoiseDescriptor, Observation, Trajectory
from priorbench.contract.choice import DENOISING, Choice
from priorbench.contract.specs import DenoiserSpec
from priorbench.protocol.refusal import rule_refusal
from priorbench_stopping.companions import companion_rules
from priorbench_stopping.sure import Sure
from priorbench_two_layer.denoisers import TwoLayerLinear

CPU = torch.device("cpu")
SIGMA = 0.1
GAUSSIAN = NoiseDescriptor(
    family="gaussian", sigma=SIGMA, channel_covariance=tuple(map(tuple, (SIGMA**2 * torch.eye(3)).tolist()))
)


def smooth(height: int, width: int) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.linspace(0, 6, height), torch.linspace(0, 5, width), indexing="ij")
    return torch.stack([0.5 + 0.3 * torch.sin(rows + k) * torch.cos(columns - k) for k in range(3)])


def noisy(clean: torch.Tensor, seed: int = 0, noise: NoiseDescriptor | None = GAUSSIAN) -> Observation:
    z = torch.randn(clean.shape, generator=torch.Generator().manual_seed(seed))
    return Observation(image=clean + SIGMA * z, noise=noise, device=CPU, seed=seed)


def output(method: TwoLayerLinear, image: torch.Tensor, t: int) -> torch.Tensor:
    seen = Observation(image=image, noise=None, device=CPU)
    return next(itertools.islice(method.iterate(seen), t - 1, None)).estimate()


def trace(method: TwoLayerLinear, height: int, width: int, t: int) -> float:
    """Return the trace of the map of one channel: what each pixel alone gives itself."""
    total = 0.0
    for place in range(height * width):
        unit = torch.zeros(height * width)
        unit[place] = 1
        total += float(output(method, unit.view(1, height, width), t).flatten()[place])
    return total


class Twice:
    """An operator."""

    def A(self, x: torch.Tensor) -> torch.Tensor:  # noqa: N802
        return 2 * x

    A_adjoint = A


def sure(rule: Sure, method: TwoLayerLinear, observation: Observation, t: int) -> float:
    """Return SURE of iterate t, without choosing one."""

    def look(seen: Observation) -> Look:
        return look_at(t, next(itertools.islice(method.iterate(seen), t - 1, None)))

    rule.begin(Trajectory(iterations=t, observation=observation))
    rule.observe_companion(look(replace(observation, image=rule.companion().image)))
    return rule.estimate(look(observation))


@pytest.mark.parametrize("margin", [0, 4])
@pytest.mark.parametrize("eps", [0.01, 0.5])
def test_the_mean_over_probes_is_the_closed_form_of_a_linear_fit(margin: int, eps: float) -> None:
    height, width, t, probes = 7, 6, 5, 60
    method = TwoLayerLinear(margin=margin, width=2.0)
    y = noisy(smooth(height, width)).image
    residual = float((output(method, y, t).double() - y.double()).square().mean())
    divergence = 3 * trace(method, height, width, t)
    expected = residual - SIGMA**2 + 2 * SIGMA**2 * divergence / y.numel()

    seen = [Observation(image=y, noise=GAUSSIAN, device=CPU, seed=seed) for seed in range(probes)]
    found = torch.tensor([sure(Sure(eps=eps), method, one, t) for one in seen], dtype=torch.float64)
    error = float(found.std()) / probes**0.5
    assert float(found.mean()) == pytest.approx(expected, abs=2 * error)
    assert error < 0.05 * expected


def test_it_stops_near_the_least_risk() -> None:
    clean, method = smooth(48, 40), TwoLayerLinear(margin=8, iterations=200)
    for seed in range(3):
        seen = noisy(clean, seed)
        errors = [
            float((item.estimate() - clean).square().mean())
            for item in itertools.islice(method.iterate(seen), 200)
        ]
        judged = judge(Sure(patience=50), method, seen)
        assert judged.fired and judged.iterations == judged.iteration + 50
        assert judged.companion_iterations == 200
        assert errors[judged.iteration - 1] < 1.05 * min(errors)
        assert 1 < errors.index(min(errors)) + 1 < 150
        torch.testing.assert_close(judged.kept, output(method, seen.image, judged.iteration))


def test_iterates_beyond_the_twin_are_not_judged() -> None:
    seen, method = noisy(smooth(20, 20)), TwoLayerLinear(iterations=40)
    judged = judge(Sure(), method, seen, companion_longest=3)
    assert (judged.companion_iterations, judged.iterations) == (3, 4)
    assert judged.iteration <= 3 and not judged.fired


def test_min_iterations_and_budget_are_kept() -> None:
    seen, method = noisy(smooth(20, 20)), TwoLayerLinear(iterations=40)
    judged = judge(Sure(min_iterations=30, iterations=35), method, seen)
    assert 30 <= judged.iteration <= 35
    assert (judged.companion_iterations, judged.iterations, judged.fired) == (35, 35, False)


def test_the_probe_is_a_function_of_the_seed_alone() -> None:
    def twin(seed: int) -> torch.Tensor:
        rule = Sure(eps=0.25)
        seen = replace(noisy(smooth(30, 30)), seed=seed)
        rule.begin(Trajectory(iterations=1, observation=seen))
        asked = rule.companion()
        assert asked.lockstep and asked.mask is None and asked.image.dtype == torch.float32
        return (asked.image - seen.image) / (0.25 * SIGMA)

    assert torch.equal(twin(1), twin(1))
    assert not torch.equal(twin(1), twin(2))
    assert float(twin(1).mean()) == pytest.approx(0, abs=0.1)
    assert float(twin(1).std()) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    "noise",
    [
        None,
        replace(GAUSSIAN, sigma=None),
        replace(GAUSSIAN, clipped=True),
        replace(GAUSSIAN, white=False),
        replace(GAUSSIAN, sigma=0.0),
        replace(GAUSSIAN, family="poisson", signal_dependent=True),
        replace(GAUSSIAN, channel_covariance=((SIGMA**2,) * 3,) * 3),
        replace(GAUSSIAN, channel_covariance=((SIGMA**2, 0.0), (0.0, 4 * SIGMA**2))),
    ],
)
def test_noise_that_sure_does_not_hold_for_is_refused_before_the_run(noise: NoiseDescriptor | None) -> None:
    assert refused(noise) == (
        "the rule needs white Gaussian noise of known deviation, not clipped, which it does not have here"
    ) or (noise is None or not noise.sigma)
    assert refused(noise) is not None


def test_noise_that_sure_holds_for_is_taken_and_operators_are_refused() -> None:
    assert refused(GAUSSIAN) is None
    rounded = replace(GAUSSIAN, channel_covariance=((SIGMA**2 * (1 + 1e-9), 0.0), (0.0, SIGMA**2)))
    assert refused(rounded) is None
    other = Choice(name="mask", label="mask")
    assert refused(GAUSSIAN, other) == "the rule needs the identity as operator, which it does not have here"


def refused(noise: NoiseDescriptor | None, operator: Choice = DENOISING) -> str | None:
    spec = next(spec for spec in companion_rules() if spec.name == "sure")
    return rule_refusal(spec, DenoiserSpec(name="any", factory="any:Any"), noise, operator)


@pytest.mark.parametrize(
    "wrong", [{"eps": 0.0}, {"eps": float("nan")}, {"patience": 0}, {"min_iterations": -1}]
)
def test_impossible_parameters_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Sure(**wrong)

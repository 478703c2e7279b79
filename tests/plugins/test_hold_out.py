"""Pixel hold-out on fits whose best iterate is known, and the places that it leaves out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from judged_fits import Judged, judge

from priorbench import Observation, PriorbenchError, Trajectory
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_stopping.hold_out import HoldOut, HoldOutRefit, places

CPU = torch.device("cpu")
BEST = 23


def picture(seed: int = 0, shape: tuple[int, int, int] = (3, 20, 18)) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def seen(image: torch.Tensor, seed: int = 0, **fields: object) -> Observation:
    return Observation(image=image, noise=None, device=CPU, seed=seed, **fields)


class Approaching:
    """Comes nearest to the clean image at a known iteration where the mask forbids; elsewhere it fits y."""

    def __init__(self, clean: torch.Tensor, *, iterations: int = 100, ends: int | None = None) -> None:
        self.iterations = iterations
        self._clean, self._ends = clean, ends
        self.masks: list[torch.Tensor | None] = []

    def iterate(self, observation: Observation) -> Iterator[torch.Tensor]:
        self.masks.append(observation.mask)
        number = 0
        while number != self._ends:
            number += 1
            fitted = torch.lerp(self._clean, observation.image, min(1.0, number / 50))
            beside = self._clean + 0.01 * (number - BEST)
            mask = observation.mask
            yield fitted if mask is None else torch.where(mask, fitted, beside)


def found(rule: object, **how: int) -> tuple[Judged, Approaching]:
    method = Approaching(picture(), **how)
    return judge(rule, method, seen(picture())), method


def test_it_keeps_the_iterate_of_its_own_fit_with_the_least_held_out_residual() -> None:
    judged, method = found(HoldOut(patience=10))
    assert (judged.iteration, judged.companion_iterations, judged.fired) == (BEST, BEST + 10, True)
    assert judged.of_companion and judged.iterations == 0
    assert len(method.masks) == 1
    torch.testing.assert_close(judged.kept, picture())


def test_a_refit_keeps_that_iteration_of_a_fit_to_all_pixels() -> None:
    judged, method = found(HoldOutRefit(patience=10))
    assert (judged.iteration, judged.iterations, judged.fired) == (BEST, BEST, True)
    assert not judged.of_companion and judged.companion_iterations == BEST + 10
    assert method.masks[0] is not None and method.masks[1] is None


@pytest.mark.parametrize("rule", [HoldOut, HoldOutRefit])
def test_patience_min_iterations_and_budget_are_kept(rule: type) -> None:
    judged, _ = found(rule(patience=1000))
    assert (judged.iteration, judged.companion_iterations, judged.fired) == (BEST, 100, False)
    judged, _ = found(rule(min_iterations=40))
    assert judged.iteration == 40
    judged, _ = found(rule(iterations=7))
    assert (judged.iteration, judged.companion_iterations) == (7, 7)


def test_without_any_finite_residual_both_take_the_last_of_the_budget_and_have_not_fired() -> None:
    for rule in (HoldOut(iterations=7), HoldOutRefit(iterations=7)):
        judged = judge(rule, Approaching(picture() * float("nan")), seen(picture()))
        assert (judged.iteration, judged.fired) == (7, False)


@pytest.mark.parametrize("fraction", [0.05, 0.1, 0.333, 0.9])
def test_exactly_the_stated_share_of_places_is_left_out_in_all_channels(fraction: float) -> None:
    rule = HoldOut(fraction=fraction)
    rule.begin(Trajectory(iterations=9, observation=seen(picture())))
    asked = rule.companion()
    assert asked.image is None and not asked.lockstep
    assert asked.mask.shape == (3, 20, 18) and asked.mask.dtype == torch.bool
    assert [int((~plane).sum()) for plane in asked.mask] == [round(fraction * 360)] * 3
    assert torch.equal(asked.mask[0], asked.mask[1]) and torch.equal(asked.mask[0], asked.mask[2])


def test_the_places_depend_on_the_seed_alone() -> None:
    one = places(seen(picture(), seed=1), 0.1)
    assert torch.equal(one, places(seen(picture(5), seed=1), 0.1))
    assert not torch.equal(one, places(seen(picture(), seed=2), 0.1))
    assert one.float().mean((1, 2)).item() == pytest.approx(0.1)


def test_a_mask_that_is_there_already_stays() -> None:
    given = torch.ones(1, 20, 18, dtype=torch.bool)
    given[:, :10] = False
    rule = HoldOut(fraction=0.5)
    rule.begin(Trajectory(iterations=9, observation=seen(picture(), mask=given)))
    mask = rule.companion().mask
    assert not mask[:, :10].any()
    assert 0 < int(mask.sum()) < 3 * 180


@pytest.mark.parametrize("rule", [HoldOut, HoldOutRefit])
def test_a_picture_that_is_too_small_is_refused(rule: type) -> None:
    tiny = seen(picture(shape=(1, 2, 2)))
    with pytest.raises(PriorbenchError, match="4 values are left for the loss and 0 to judge it by"):
        rule().begin(Trajectory(iterations=9, observation=tiny))
    with pytest.raises(PriorbenchError, match="0 values are left for the loss and 4 to judge it by"):
        rule(fraction=0.9).begin(Trajectory(iterations=9, observation=tiny))


@pytest.mark.parametrize(
    "wrong", [{"fraction": 0.0}, {"fraction": 1.0}, {"patience": 0}, {"min_iterations": -1}]
)
@pytest.mark.parametrize("rule", [HoldOut, HoldOutRefit])
def test_impossible_parameters_are_refused(rule: type, wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        rule(**wrong)


def test_held_out_pixels_do_not_reach_a_network() -> None:
    """The result is the same whatever the noisy picture has there, once the choice is the same."""
    method = DeepDecoder(channels=8, layers=2, iterations=5)
    image, spoilt = picture(), picture()
    held = places(seen(image), 0.1).expand_as(image)
    spoilt[held] = 5.0
    fixed = HoldOut(min_iterations=5)
    kept = [judge(fixed, method, seen(one)) for one in (image, spoilt)]
    assert [one.iteration for one in kept] == [5, 5]
    assert torch.equal(kept[0].kept, kept[1].kept)

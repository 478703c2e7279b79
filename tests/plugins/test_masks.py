"""Pixels that the mask leaves out change nothing of a fit: not one bit, with any engine."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
import torch
from small_methods import iterative_methods, made, observed

from priorbench import DenoiserSpec, Observation

METHODS = [
    pytest.param(spec, engine, id=f"{spec.name} {engine}")
    for spec, engine in iterative_methods()
    if spec.accepts_mask
]
#: by the shape that a mask may have, all of them broadcastable to y
MASKS = {
    "one plane": torch.rand(1, 24, 20, generator=torch.Generator().manual_seed(7)) > 0.3,
    "every entry": torch.rand(3, 24, 20, generator=torch.Generator().manual_seed(8)) > 0.3,
}


def with_garbage(observation: Observation) -> Observation:
    """Put other numbers where the mask forbids."""
    image = observation.image.clone()
    image[~observation.mask.expand_as(image)] = 5.0
    return replace(observation, image=image)


def trajectory(iterates: Any, steps: int = 3) -> list[torch.Tensor]:
    """Return everything that the first iterates hold."""
    found = []
    for item in itertools.islice(iterates, steps):
        for one in item if isinstance(item, (list, tuple)) else [item]:
            found += [torch.as_tensor(one.loss).clone(), one.estimate().clone()]
            found += [] if one.output is None else [one.output.clone()]
    return found


def same(some: list[torch.Tensor], others: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(some, others, strict=True))


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize(("spec", "engine"), METHODS)
def test_what_lies_outside_the_mask_has_no_influence(spec: DenoiserSpec, engine: str, mask: str) -> None:
    seen = observed(mask=MASKS[mask])
    method = made(spec, engine)
    kept = trajectory(method.iterate(seen))
    assert same(kept, trajectory(made(spec, engine).iterate(with_garbage(seen))))
    assert not same(kept, trajectory(made(spec, engine).iterate(replace(seen, image=1 - seen.image))))


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize(("spec", "engine"), [one for one in METHODS if one.values[0].together])
def test_nor_has_it_where_images_are_fitted_at_once(spec: DenoiserSpec, engine: str, mask: str) -> None:
    pictures = [observed(seed, mask=MASKS[mask]) for seed in range(2)]
    kept = trajectory(made(spec, engine).iterate_together(pictures))
    spoilt = [with_garbage(one) for one in pictures]
    assert same(kept, trajectory(made(spec, engine).iterate_together(spoilt)))

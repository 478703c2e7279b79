"""Where a method says that its estimate is the next output, it is, bit for bit; and it says so often."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from small_methods import iterative_methods, made, observed

from priorbench import DenoiserSpec
from priorbench.toolkit.together import fit_stacked

METHODS = [pytest.param(*one, id=f"{one[0].name} {one[1]}") for one in iterative_methods()]
NETWORKS = [one for one in METHODS if one.values[0].together]
#: those without input noise and averaging as they are published
FREE = {
    "deep-decoder",
    "deep-decoder-under",
    "deep-decoder-over",
    "deep-decoder-coarse-to-fine",
    "conv-decoder",
    "heckel2020-generator",
}
QUIET = {"input_noise": 0.0, "averaging": 0.0}


def promises(iterates: Any, steps: int = 4) -> list[bool]:
    """Return what each image's iterates say, once what they said is compared with the next outputs."""
    said, before = [], None
    for item in itertools.islice(iterates, steps):
        row = item if isinstance(item, (list, tuple)) else [item]
        for promise, one in zip(before or (), row, strict=False):
            assert promise is None or torch.equal(promise, one.output)
        said += [one.estimate_is_next_output for one in row]
        before = [one.estimate().clone() if one.estimate_is_next_output else None for one in row]
    return said


@pytest.mark.parametrize(("spec", "engine"), METHODS)
def test_an_estimate_that_is_said_to_be_the_next_output_is(spec: DenoiserSpec, engine: str) -> None:
    assert set(promises(made(spec, engine).iterate(observed()))) == {spec.name in FREE}


@pytest.mark.parametrize(("spec", "engine"), NETWORKS)
@pytest.mark.parametrize("masked", [False, True])
def test_without_input_noise_and_averaging_every_network_fit_says_so(
    spec: DenoiserSpec, engine: str, masked: bool
) -> None:
    mask = torch.arange(20) % 3 > 0 if masked else None
    method = made(spec, engine, **QUIET)
    pictures = [observed(seed, mask=mask) for seed in range(3)]
    assert all(promises(method.iterate(pictures[0])))
    assert all(promises(method.iterate_together(pictures)))
    if engine != "fused":
        starts = [method.untrained.begin(one) for one in pictures]
        assert all(promises(fit_stacked(starts, method.untrained.settings)))


@pytest.mark.parametrize("how", [{"input_noise": 0.1}, {"averaging": 0.5}])
def test_with_input_noise_or_averaging_none_says_so(how: dict[str, float]) -> None:
    spec = next(spec for spec, _ in iterative_methods() if spec.name == "deep-decoder")
    method = made(spec, "plain", **how)
    assert not any(promises(method.iterate(observed())))
    assert not any(promises(method.iterate_together([observed(), observed(1)])))
    starts = [method.untrained.begin(observed(seed)) for seed in range(2)]
    assert not any(promises(fit_stacked(starts, method.untrained.settings)))

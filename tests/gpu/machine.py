"""Which device is tested, and which networks run on it."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch

from priorbench.contract.images import Image
from priorbench.contract.methods import Iterate
from priorbench.contract.specs import DenoiserSpec
from priorbench.loading.load import load_registry
from priorbench.loading.registry import Registry, import_factory, missing_reason
from priorbench.parameters.values import build, parameters_of
from priorbench.protocol.exchange import Problem
from priorbench.protocol.problems import noisy_problem
from priorbench.protocol.refusal import refusal
from priorbench.suite.resolution import choose
from priorbench.toolkit import fitting

#: a device to test in the place of a GPU: "cpu" finds plain mistakes in these tests
VARIABLE = "PRIORBENCH_GPU_TEST_DEVICE"


def device() -> str | None:
    """Return the device to test; None where there is none."""
    chosen = os.environ.get(VARIABLE)
    return chosen or ("cuda" if torch.cuda.is_available() else None)


def patience() -> int:
    """Return how many times as long as on a GPU everything may take."""
    return 10 if device() == "cpu" else 1


@functools.cache
def registry() -> Registry:
    """Return what is installed."""
    return load_registry()


@functools.cache
def networks() -> tuple[str, ...]:
    """Return the methods that iterate and take the device; in other precisions too, where it is a GPU."""
    kind = (device() or "cpu").partition(":")[0]
    found = []
    for name, entry in registry().all(DenoiserSpec.kind).items():
        spec = entry.spec
        assert isinstance(spec, DenoiserSpec)
        fits = spec.devices == "any" or kind in spec.devices
        if fits and missing_reason(spec) is None and hasattr(import_factory(spec), "iterate"):
            found.append(name)
            if spec.arithmetic and kind == "cuda":
                settings = (f"{spec.arithmetic}=bfloat16", "tf32=true")
                own = {one.name for one in parameters_of(spec, import_factory(spec))}
                found += [f"{name}:{one}" for one in settings if one.partition("=")[0] in own]
    return tuple(sorted(found))


def spec_of(network: str) -> DenoiserSpec:
    """Return the spec of a method, by its name with or without parameters."""
    spec = registry().find(DenoiserSpec.kind, network.partition(":")[0]).spec
    assert isinstance(spec, DenoiserSpec)
    return spec


def problem(name: str, side: int) -> Problem:
    """Return a noisy picture for a method, colour, or grey where it takes no colour; skip what it refuses."""
    spec = spec_of(name)
    channels = 3 if 3 in spec.channels else 1
    ramp = np.linspace(0, 1, side * side * channels, dtype=np.float32).reshape(channels, side, side)
    posed = noisy_problem(
        registry(),
        Image(id="ramp", pixels=ramp),
        image_set="gpu",
        noise=choose(registry(), "noise model", "gaussian-25"),
        repetition=0,
        device=device() or "cpu",
    )
    own = choose(registry(), DenoiserSpec.kind, name).parameters
    reason = refusal(spec, ramp.shape, device() or "cpu", posed.descriptor, parameters=own)
    if reason:
        pytest.skip(f"{name} {reason}")
    return posed.problem


def method(name: str) -> Any:
    """Return a new method; on a CPU without its compiled engine, which takes half a minute to compile."""
    spec = spec_of(name)
    factory = import_factory(spec)
    plain = any(one.name == "engine" for one in parameters_of(spec, factory)) and device() == "cpu"
    given = dict(choose(registry(), DenoiserSpec.kind, name).parameters)
    return build(factory, given | ({"engine": "plain"} if plain else {}))


def estimates(name: str, posed: Problem, count: int) -> Iterator[torch.Tensor]:
    """Yield what the method would return after each of its first iterations, on the host."""
    for item in islice(method(name).iterate(posed.present()), count):
        one = item if isinstance(item, Iterate) else Iterate(item)
        made = one.output if one.estimate is None else one.estimate()
        assert made is not None
        yield made.detach().cpu()


def synchronize() -> None:
    """Wait for the device."""
    if (device() or "cpu") != "cpu":
        torch.accelerator.synchronize()


@contextmanager
def steps(monkeypatch: pytest.MonkeyPatch, *, recorded: bool) -> Iterator[list[Any]]:
    """Run fits with steps that are recorded as graphs, or as they are written; gives the steps."""
    seen: list[Any] = []
    usual = fitting.stepping

    def stepping(step: Any, where: torch.device) -> Any:
        seen.append(usual(step, where) if recorded else step)
        return seen[-1]

    with monkeypatch.context() as patched:
        patched.setattr(fitting, "stepping", stepping)
        yield seen

"""What the suites of methods share: which methods there are, and the problems that they are given."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from skimage import data

from priorbench.contract.images import Image
from priorbench.contract.methods import Iterate
from priorbench.contract.specs import DenoiserSpec
from priorbench.loading.load import load_registry
from priorbench.loading.registry import import_factory, missing_reason
from priorbench.protocol.clock import device_for
from priorbench.protocol.exchange import Problem
from priorbench.protocol.problems import NoisyProblem, noisy_problem
from priorbench.protocol.refusal import refusal
from priorbench.suite.resolution import choose, instantiate

#: torch device that the methods run on
DEVICE = os.environ.get("PRIORBENCH_BENCHMARK_DEVICE", "cpu")
NOISE = "gaussian-25"

#: JSON list of the names that a run over several commits has agreed on: see `methods`
AGREED = "PRIORBENCH_BENCHMARK_METHODS"

REGISTRY = load_registry()


def methods() -> list[str]:
    """Return the names of the methods to measure, whoever ships them.

    asv asks one commit for the parameters of a benchmark, and asks every commit for "number 3" of them. So
    all commits of a run must have one list, or one method gets the name of another. What runs asv sets it
    (tests/tracking/), and a commit that lacks a method skips it. Where nothing is set, these are all that
    can be used here.
    """
    if AGREED in os.environ:
        return sorted(json.loads(os.environ[AGREED]))
    return sorted(
        name for name, method in REGISTRY.all("denoiser").items() if missing_reason(method.spec) is None
    )


METHODS = methods()


def synchronised() -> float:
    """Return the host's time once the device has done what was queued: the timer of every `time_*`."""
    device_for(torch.device(DEVICE)).synchronize()
    return time.perf_counter()


def problem_for(name: str, side: int) -> NoisyProblem:
    """Return a noisy crop of a photograph for a method: colour, or grey where it takes no colour.

    Parameters
    ----------
    name : str
        of the method.
    side : int
        height and width in pixels.

    Raises
    ------
    NotImplementedError
        Where there is no such method or it does not take such a problem. asv counts that as skipped, but
        only if a `setup` raises it.
    """
    spec = REGISTRY.all("denoiser")[name].spec if name in REGISTRY.all("denoiser") else None
    if not isinstance(spec, DenoiserSpec):
        raise NotImplementedError(f"no method '{name}' at this commit")
    missing = missing_reason(spec)
    if missing:
        raise NotImplementedError(f"'{name}' {missing}")
    image = Image(id=f"astronaut-{side}", pixels=_crop(side, channels=3 if 3 in spec.channels else 1))
    noisy = noisy_problem(
        REGISTRY,
        image,
        image_set="asv",
        noise=choose(REGISTRY, "noise model", NOISE),
        repetition=0,
        device=DEVICE,
    )
    reason = refusal(spec, image.pixels.shape, DEVICE, noisy.descriptor)
    if reason:
        raise NotImplementedError(f"'{name}' {reason}")
    return noisy


def method_called(name: str) -> Any:
    """Return a new method with its default parameters."""
    return instantiate(REGISTRY, "denoiser", choose(REGISTRY, "denoiser", name))


def is_iterative(name: str) -> bool:
    """Say whether a method is iterative; imports it."""
    return hasattr(import_factory(REGISTRY.find("denoiser", name).spec), "iterate")  # type: ignore[arg-type]


def iterates(method: Any, problem: Problem) -> Iterator[torch.Tensor]:
    """Yield, for each iteration, what the method would return if it were stopped there."""
    for item in method.iterate(problem.present()):
        iterate = item if isinstance(item, Iterate) else Iterate(item)
        yield iterate.output if iterate.estimate is None else iterate.estimate()


def run(name: str, problem: Problem, iterations: int) -> None:
    """Run a new method once: a one-shot one to its end, an iterative one for some iterations."""
    method = method_called(name)
    if not hasattr(method, "iterate"):
        method.denoise(problem.present())
        return
    for _ in islice(method.iterate(problem.present()), iterations):
        pass


def _crop(side: int, channels: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the astronaut's face, (channels, side, side)."""
    picture = data.astronaut()[40 : 40 + side, 160 : 160 + side].astype(np.float64) / 255
    if channels == 1:
        picture = picture.mean(axis=2, keepdims=True)
    return np.ascontiguousarray(picture.transpose(2, 0, 1), dtype=np.float32)

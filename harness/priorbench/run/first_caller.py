"""The child process of `preparing`: calls methods for the first time, several in one process.

What they compile for each other is then there without a look at the disk. What they print goes nowhere, but
for the last words of one that ends the process.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from priorbench.children.host import serve
from priorbench.children.line import Line
from priorbench.contract.noise import NoiseDescriptor
from priorbench.contract.observation import Observation
from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import import_factory
from priorbench.loading.rejection import describe
from priorbench.parameters.values import build, resolve
from priorbench.protocol.exchange import Problem
from priorbench.protocol.fit import first_call
from priorbench.suite.inspector import silence, told_spec

#: (height, width) of the pictures: code for even sizes and for odd ones need not be the same
_SHAPES = ((64, 64), (65, 63))
_ITERATIONS = 3
_SIGMA = 25 / 255


def main() -> None:
    """Call methods until the parent closes the pipe."""
    serve(_prepare, _attend)


def _prepare() -> None:
    """Import what most methods need, once for all processes that are forked."""
    with contextlib.suppress(Exception):  # a method that needs it says so
        import numba  # noqa: F401


def _attend(request: Mapping[str, Any], line: Line) -> None:
    silence()
    asked: Mapping[str, Any] | None = request
    while asked is not None:
        line.say(called(told_spec(asked["spec"])))
        asked = line.hear()


def called(spec: DenoiserSpec) -> Mapping[str, Any]:
    """Call a method on small random pictures; return ``seconds``, an ``error``, or why it is ``unusable``."""
    began = time.monotonic()
    try:
        factory = import_factory(spec)
        parameters = resolve(spec, factory, {})
    except PriorbenchError as error:  # not usable here, or only with parameters
        return {"unusable": str(error)}
    seconds = 0.0
    try:
        for shape in _SHAPES:
            first_call(build(factory, parameters), [_problem(shape)], _ITERATIONS)
            seconds = seconds or time.monotonic() - began
    except Exception as error:
        return {"error": describe(error)}
    return {"seconds": seconds}


def _problem(shape: tuple[int, int]) -> Problem:
    noisy = np.random.default_rng(0).random((3, *shape), dtype=np.float32)
    variance = _SIGMA**2
    noise = NoiseDescriptor(
        family="gaussian",
        parameters={"sigma": _SIGMA},
        sigma=_SIGMA,
        channel_covariance=((variance, 0.0, 0.0), (0.0, variance, 0.0), (0.0, 0.0, variance)),
    )
    image = torch.from_numpy(noisy)
    return Problem(
        noisy=noisy,
        observation=Observation(image=image, noise=noise, device=torch.device("cpu"), seed=0),
    )


if __name__ == "__main__":
    main()

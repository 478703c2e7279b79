"""Work as a line of text, and its pixels, which come later: what travels from the judge to a player.

A method is made and warmed up before its process has the pixels: it could find them there, and would have
worked on them before the clock starts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import torch

from priorbench.contract.noise import NoiseDescriptor
from priorbench.contract.operators import Identity
from priorbench.loading.registry import Registry
from priorbench.player.shared_memory import SharedMemory
from priorbench.player.work import Work
from priorbench.protocol.exchange import Problem
from priorbench.protocol.problems import OperatorDraw, posed

_DESCRIPTOR = tuple(item.name for item in fields(NoiseDescriptor))


def work_to_message(work: Work) -> dict[str, Any]:
    """Return work as JSON values, without pixels, and without seeds, which follow from these."""
    return {
        "denoiser": work.denoiser,
        "parameters": work.parameters,
        "iterative": work.iterative,
        "device": work.device,
        "problems": [
            {
                "measured": problem.noisy.shape,
                "shape": problem.shape,
                "noise": _told(problem.observation.noise),
                "operator": None if draw is None else asdict(draw),
                "masked": problem.masked,
            }
            for problem, draw in zip(work.problems, work.draws, strict=True)
        ],
    }


def _told(noise: NoiseDescriptor | None) -> dict[str, Any] | None:
    """Return a descriptor as JSON values; `asdict` would copy each of them first."""
    return None if noise is None else {name: getattr(noise, name) for name in _DESCRIPTOR}


def work_from_message(message: Mapping[str, Any], registry: Registry) -> Work:
    """Return the work that `work_to_message` wrote, all pixels 0 and unmasked; operators are drawn again."""
    told = message["problems"]
    draws = [None if one["operator"] is None else _draw(one["operator"]) for one in told]
    return Work(
        denoiser=message["denoiser"],
        parameters=message["parameters"],
        iterative=message["iterative"],
        device=message["device"],
        problems=tuple(_problem(one, draw, registry) for one, draw in zip(told, draws, strict=True)),
        draws=tuple(draws),
    )


def write_pixels(work: Work, shared: SharedMemory) -> list[int]:
    """Write the pixels and masks of work to the shared memory; return the seed of each problem."""
    masks = [problem.observation.mask for problem in work.problems if problem.masked]
    pixels = [torch.from_numpy(problem.noisy) for problem in work.problems]
    shared.write([*pixels, *(mask.to(torch.uint8) for mask in masks if mask is not None)])
    return [problem.observation.seed for problem in work.problems]


def with_pixels(problems: Sequence[Problem], seeds: Sequence[int], shared: SharedMemory) -> list[Problem]:
    """Return problems with what `write_pixels` wrote."""
    images = [(problem.noisy.shape, torch.float32) for problem in problems]
    masks = [(problem.noisy.shape, torch.uint8) for problem in problems if problem.masked]
    found = shared.read([*images, *masks])
    masked = iter(found[len(problems) :])
    whole = []
    for problem, noisy, seed in zip(problems, found, seeds, strict=False):
        mask = next(masked).bool() if problem.masked else problem.observation.mask
        own = replace(problem.observation, seed=seed, mask=mask)
        whole.append(replace(problem, noisy=noisy.numpy(), observation=own))
    return whole


def _problem(told: Mapping[str, Any], draw: OperatorDraw | None, registry: Registry) -> Problem:
    measured = tuple(told["measured"])
    problem = posed(
        np.zeros(measured, dtype=np.float32),
        descriptor=None if told["noise"] is None else _descriptor(told["noise"]),
        operator=Identity() if draw is None else draw.draw(registry),
        seed=0,
        device="cpu",
        shape=tuple(told["shape"]),
    )
    if not told["masked"]:
        return problem
    mask = torch.ones(measured, dtype=torch.bool)
    return replace(problem, observation=replace(problem.observation, mask=mask), masked=True)


def _draw(told: Mapping[str, Any]) -> OperatorDraw:
    return OperatorDraw(**{**told, "shape": tuple(told["shape"])})


def _descriptor(told: Mapping[str, Any]) -> NoiseDescriptor:
    covariance = told["channel_covariance"]
    rows = None if covariance is None else tuple(map(tuple, covariance))
    return NoiseDescriptor(**{**told, "channel_covariance": rows})

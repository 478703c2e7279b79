"""Work as a line of text and bytes beside it: what travels from the judge to a player's process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

import torch

from priorbench.contract.noise import NoiseDescriptor
from priorbench.contract.operators import Identity
from priorbench.loading.registry import Registry
from priorbench.player.shared_memory import SharedMemory
from priorbench.player.work import Work
from priorbench.protocol.exchange import Problem
from priorbench.protocol.problems import OperatorDraw, posed

_DESCRIPTOR = tuple(item.name for item in fields(NoiseDescriptor))


def work_to_message(work: Work, shared: SharedMemory) -> dict[str, Any]:
    """Return work as JSON values; the pixels go to the shared memory."""
    masks = [problem.observation.mask for problem in work.problems if problem.masked]
    pixels = [torch.from_numpy(problem.noisy) for problem in work.problems]
    shared.write([*pixels, *(mask.to(torch.uint8) for mask in masks if mask is not None)])
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
                "seed": problem.observation.seed,
                "operator": None if draw is None else asdict(draw),
                "masked": problem.masked,
            }
            for problem, draw in zip(work.problems, work.draws, strict=True)
        ],
    }


def _told(noise: NoiseDescriptor | None) -> dict[str, Any] | None:
    """Return a descriptor as JSON values; `asdict` would copy each of them first."""
    return None if noise is None else {name: getattr(noise, name) for name in _DESCRIPTOR}


def work_from_message(message: Mapping[str, Any], shared: SharedMemory, registry: Registry) -> Work:
    """Return the work that `work_to_message` wrote; operators are drawn again."""
    told = message["problems"]
    images = [(tuple(one["measured"]), torch.float32) for one in told]
    masks = [(tuple(one["measured"]), torch.uint8) for one in told if one["masked"]]
    found = shared.read([*images, *masks])
    pixels, masked = found[: len(told)], iter(found[len(told) :])
    draws = [None if one["operator"] is None else _draw(one["operator"]) for one in told]
    return Work(
        denoiser=message["denoiser"],
        parameters=message["parameters"],
        iterative=message["iterative"],
        device=message["device"],
        problems=tuple(
            _problem(one, noisy, next(masked) if one["masked"] else None, draw, registry)
            for one, noisy, draw in zip(told, pixels, draws, strict=True)
        ),
        draws=tuple(draws),
    )


def _problem(
    told: Mapping[str, Any],
    noisy: torch.Tensor,
    mask: torch.Tensor | None,
    draw: OperatorDraw | None,
    registry: Registry,
) -> Problem:
    problem = posed(
        noisy.numpy(),
        descriptor=None if told["noise"] is None else _descriptor(told["noise"]),
        operator=Identity() if draw is None else draw.draw(registry),
        seed=told["seed"],
        device="cpu",
        shape=tuple(told["shape"]),
    )
    if mask is None:
        return problem
    return replace(problem, observation=replace(problem.observation, mask=mask.bool()), masked=True)


def _draw(told: Mapping[str, Any]) -> OperatorDraw:
    return OperatorDraw(**{**told, "shape": tuple(told["shape"])})


def _descriptor(told: Mapping[str, Any]) -> NoiseDescriptor:
    covariance = told["channel_covariance"]
    rows = None if covariance is None else tuple(map(tuple, covariance))
    return NoiseDescriptor(**{**told, "channel_covariance": rows})

"""One rule on one fit, and on the companion that it asks for first, as the harness does it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from priorbench import Iterate, Look, Observation, Trajectory, Verdict


@dataclass(kw_only=True)
class Judged:
    """What came of it: the iterate that was kept, when, of which fit, and how long both fits went on."""

    kept: torch.Tensor | None = None
    iteration: int = 0
    of_companion: bool = False
    fired: bool = False
    companion_iterations: int = 0
    iterations: int = 0


def judge(
    rule: Any,
    method: Any,
    observation: Observation,
    *,
    denoiser: str = "",
    parameters: Mapping[str, Any] | None = None,
    longest: int = 100_000,
    companion_longest: int = 100_000,
) -> Judged:
    """Run the companion, if there is one, then the fit."""
    own = Trajectory(
        iterations=getattr(method, "iterations", None),
        observation=observation,
        denoiser=denoiser,
        parameters=parameters or {},
    )
    rule.begin(own)
    judged = Judged()
    if hasattr(rule, "companion"):
        asked = rule.companion()
        changed = replace(
            observation,
            image=observation.image if asked.image is None else asked.image,
            mask=observation.mask if asked.mask is None else asked.mask,
        )
        of = (rule.wants_of_companion, rule.observe_companion)
        judged.companion_iterations = _watch(of, method, changed, judged, companion_longest)
        judged.of_companion = judged.kept is not None
    if not judged.of_companion:
        judged.iterations = _watch((rule.wants, rule.observe), method, observation, judged, longest)
    return judged


def _watch(
    rule: tuple[Callable[[int], bool], Callable[[Look], Verdict]],
    method: Any,
    observation: Observation,
    judged: Judged,
    longest: int,
) -> int:
    wants, observe = rule
    number = 0
    for number, item in enumerate(itertools.islice(method.iterate(observation), longest), 1):
        if not wants(number):
            continue
        look = look_at(number, item)
        verdict = observe(look)
        if verdict.keep:
            judged.kept, judged.iteration = look.estimate.clone(), number
        if verdict.stop:
            judged.fired = verdict.fired
            break
    return number


def look_at(number: int, item: Any) -> Look:
    """Return an iterate as a rule sees it."""
    if not isinstance(item, Iterate):
        return Look(iteration=number, _estimate=lambda: item)
    output = None if item.output is None else lambda: item.output
    return Look(
        iteration=number,
        loss=None if item.loss is None else float(item.loss),
        _estimate=item.estimate or (lambda: item.output),
        _output=output,
    )

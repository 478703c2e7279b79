"""Shows recorded outputs to a stopping rule, as the harness would."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from priorbench import Look, Observation, Trajectory


@dataclass(frozen=True, kw_only=True, slots=True)
class Followed:
    """Iterations, from 1: the kept one, and that at which the rule stopped."""

    kept: int | None
    stopped: int
    fired: bool


def follow(
    rule: Any, outputs: Sequence[torch.Tensor], observation: Observation | None = None, **told: Any
) -> Followed:
    """Show the outputs one by one until the rule stops; the budget is their number."""
    seen = Observation(image=outputs[0], noise=None, device=torch.device("cpu"))
    told = {"iterations": len(outputs), **told}
    rule.begin(Trajectory(observation=observation or seen, **told))
    kept = None
    for iteration, output in enumerate(outputs, 1):
        assert rule.wants(iteration)
        verdict = rule.observe(Look(iteration=iteration, _estimate=lambda shown=output: shown))
        kept = iteration if verdict.keep else kept
        if verdict.stop:
            return Followed(kept=kept, stopped=iteration, fired=verdict.fired)
    raise AssertionError("it did not stop at its budget")


def recorded(method: Any, observation: Observation, count: int) -> list[torch.Tensor]:
    """Return the first outputs of a fit."""
    outputs = []
    for item in itertools.islice(method.iterate(observation), count):
        output = item.output if item.output is not None else item.estimate()
        outputs.append(output.detach().clone())
    return outputs


def by_formula(count: int, side: int = 16) -> Iterator[torch.Tensor]:
    """Yield outputs that first fit a picture, then a fine pattern, and shake; no number is random."""
    i = np.arange(1, 1 + 3 * side**2, dtype=np.float64)
    picture, pattern = 0.5 + 0.4 * np.sin(i / 7), 0.1 * np.sin(i * i)
    for t in range(count):
        shake = (0.03 * math.exp(-t / 150) + 0.002 + 2e-6 * t) * np.sin(i * (t + 1) * (1 + 1e-3 * i))
        fitted = picture * (1 - math.exp(-t / 40)) + pattern * (1 - math.exp(-t / 900))
        yield torch.from_numpy((fitted + shake).reshape(3, side, side).astype(np.float32))

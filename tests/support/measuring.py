"""Measures methods in this process, on problems whose clean images the test knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench import Observation
from priorbench.protocol.clock import Device
from priorbench.protocol.exchange import Outcome, Problem
from priorbench.protocol.fit import OwnFit
from priorbench.protocol.measure import measure
from priorbench.protocol.measure import measure_iterative as watch
from priorbench.protocol.watching import Point, Rule, Watched


@dataclass(frozen=True, kw_only=True)
class Posed:
    """A problem and its clean image."""

    noisy: NDArray[np.float32]
    observation: Observation
    clean: NDArray[np.float32]

    @property
    def problem(self) -> Problem:
        """What a method is given."""
        return Problem(noisy=self.noisy, observation=self.observation)


def measure_one_shot(method: Any, posed: Posed, device: Device) -> Outcome:
    """Time one call."""
    (outcome,) = measure(SimpleNamespace(denoise=method.denoise), posed.problem, device=device)
    return outcome


def measure_iterative(
    method: Any,
    posed: Posed,
    device: Device,
    rules: Sequence[Rule],
    budget: int | None,
    curve: Callable[[Point], None] = lambda point: None,
) -> list[Outcome]:
    """Run one fit under rules."""
    return measure(method, posed.problem, rules, budget, clean=posed.clean, curve=curve, device=device)


def measure_together(
    method: Any,
    posed: Sequence[Posed],
    device: Device,
    rules: Sequence[Sequence[Rule]],
    budget: int | None,
    curves: Sequence[Callable[[Point], None]],
) -> list[list[Outcome]]:
    """Run several fits as one."""
    watched = [
        Watched(one.problem, own, budget, clean=one.clean, curve=curve)
        for one, own, curve in zip(posed, rules, curves, strict=True)
    ]
    return watch(OwnFit(method, [one.problem for one in posed], device), watched)

"""Shows the iterates of one fit to its stopping rules, and keeps the chosen ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from priorbench.contract.methods import Iterate
from priorbench.contract.stopping import Look, StoppingRule, Trajectory, Verdict
from priorbench.errors import PriorbenchError
from priorbench.machine.quiet import wait_until_quiet
from priorbench.protocol.clock import Clock, Device
from priorbench.protocol.exchange import (
    InvalidOutputError,
    Outcome,
    Problem,
    Shape,
    check_values,
    checked,
    to_host,
    to_numpy,
)
from priorbench.protocol.refusal import RefusedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One point of the curve: an iterate on the host, to be scored later by the caller."""

    iteration: int
    wall_seconds: float
    estimate: NDArray[np.float32]


class Watched:
    """A fit, its stopping rules and its curve.

    Parameters
    ----------
    problem : Problem
        what is denoised.
    rules, budget, curve : list[tuple[StoppingRule, bool]] or int or callable or None
        see `priorbench.protocol.measure.measure_iterative`.
    """

    def __init__(
        self,
        problem: Problem,
        rules: list[tuple[StoppingRule, bool]],
        budget: int | None,
        curve: Callable[[Point], None],
    ) -> None:
        clean = torch.tensor(problem.clean, device=problem.observation.device)
        blind = Trajectory(iterations=budget, observation=problem.observation)
        self.problem = problem
        self._curve = curve
        self._watchers = [
            _Watcher(rule, replace(blind, clean=clean) if oracle else blind) for rule, oracle in rules
        ]
        self._watching: list[_Watcher] = []

    @property
    def active(self) -> bool:
        """Whether a rule has not stopped yet."""
        return any(watcher.active for watcher in self._watchers)

    def wants(self, number: int, on_curve: bool) -> bool:
        """Say whether an iterate has to be looked at: for the curve, or for a rule."""
        # a rule sees what it wants and the curve, never what only another rule wants: its choice must not
        # depend on the company it is in
        self._watching = [
            one for one in self._watchers if one.active and (on_curve or one.rule.wants(number))
        ]
        return bool(self._watching)

    def look(self, number: int, item: Any, on_curve: bool, clock: Clock) -> list[float]:
        """Show an iterate to the rules that want it, and to the curve; return what its estimate cost."""
        look, spent = _look(number, item, self.problem.clean.shape, clock.device)
        if on_curve:
            estimate = to_numpy(look.estimate)
            self._curve(Point(iteration=number, wall_seconds=clock.wall_seconds, estimate=estimate))
        for watcher in self._watching:
            watcher.observe(look, spent, clock)
        return spent

    def finish(self, number: int, last: Any, clock: Clock) -> list[float]:
        """The method ended, with this iterate: it counts for rules that have not stopped."""
        look, spent = _look(number, last, self.problem.clean.shape, clock.device)
        for watcher in self._watchers:
            watcher.finish(look, spent, clock)
        return spent

    def outcomes(self, device: Device) -> list[Outcome]:
        """Return one outcome for each rule, in order."""
        return [watcher.outcome(self.problem.clean.shape, device) for watcher in self._watchers]


class _Watcher:
    """One rule at work: what it keeps, and the clock when it stopped."""

    def __init__(self, rule: StoppingRule, trajectory: Trajectory) -> None:
        self.rule = rule
        self.active = True
        self.error: Exception | None = None
        self.kept: torch.Tensor | None = None
        self.kept_at = 0
        self.spent: list[float] = []
        self.stopped = (0.0, 0.0, 0.0)
        self.quiet = True
        try:
            rule.begin(trajectory)
        except PriorbenchError as error:
            self.error, self.active = RefusedError(str(error)), False

    def observe(self, look: Look, spent: list[float], clock: Clock) -> None:
        try:
            verdict = self.rule.observe(look)
        except PriorbenchError as error:
            self.error, self.active = RefusedError(str(error)), False
            return
        self._apply(verdict, look, spent, clock)

    def finish(self, look: Look, spent: list[float], clock: Clock) -> None:
        """The method ended by itself: its last iterate counts where the rule kept none."""
        if self.active:
            self._apply(Verdict(keep=self.kept is None, stop=True), look, spent, clock)

    def _apply(self, verdict: Verdict, look: Look, spent: list[float], clock: Clock) -> None:
        if verdict.keep:
            self.kept = look.estimate.detach().clone()
            self.kept_at, self.spent = look.iteration, spent
        if verdict.stop:
            self.active = False
            self.stopped = (clock.wall_seconds, clock.device_seconds, clock.cpu_seconds)
            self.quiet = clock.quiet

    def outcome(self, shape: Shape, device: Device) -> Outcome:
        """Bring the kept iterate to the host, on the clock."""
        if self.error is not None:
            return Outcome(error=self.error)
        if self.kept is None:
            return Outcome(
                error=InvalidOutputError("no iterate was usable: the output or loss is not finite")
            )
        clock = Clock(device)
        try:
            clock.start()
            output = to_host(self.kept, shape)
            clock.pause()
            check_values(output)
        except InvalidOutputError as error:
            return Outcome(error=error)
        wall, on_device, cpu = self.stopped
        estimated = sum(self.spent)
        return Outcome(
            output=output,
            iterations=self.kept_at,
            wall_seconds=wall + estimated + clock.wall_seconds,
            device_seconds=on_device + estimated + clock.device_seconds,
            cpu_seconds=cpu + clock.cpu_seconds,
            quiet=self.quiet and clock.quiet,
        )


def _look(number: int, item: Any, shape: Shape, device: Device) -> tuple[Look, list[float]]:
    """Return the look at an iterate, and a list that receives the seconds its estimate costs."""
    iterate = item if isinstance(item, Iterate) else Iterate(item)
    spent: list[float] = []

    def estimate() -> torch.Tensor:
        if iterate.estimate is None:
            return checked(iterate.output, shape)
        wait_until_quiet()  # what was just looked at may have left a library's threads awake
        start = time.perf_counter()
        result = iterate.estimate()
        device.synchronize()
        spent.append(time.perf_counter() - start)
        return checked(result, shape)

    return Look(iteration=number, _output=iterate.output, _estimate=estimate, _loss=iterate.loss), spent

"""Runs one method on one observation under the clock. The harness owns the loop; nothing here scores."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from priorbench.clock import Clock, Device
from priorbench.errors import PriorbenchError
from priorbench.observation import Iterate, Observation
from priorbench.stopping import Look, StoppingRule, Trajectory, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray


Shape = tuple[int, ...]


class OneShot(Protocol):
    """A method that returns its estimate at once."""

    def denoise(self, observation: Observation) -> torch.Tensor:
        """Return an image (channels, height, width) of ``observation.shape``."""
        ...


class Iterative(Protocol):
    """A method that yields what it would return if it were stopped now, again and again."""

    def iterate(self, observation: Observation) -> Iterator[torch.Tensor | Iterate]:
        """Yield an estimate for each iteration."""
        ...


class InvalidOutputError(Exception):
    """A method gave something that is not an image of the right shape, type and values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is measured: a noisy image or measurement y on the host and how to present it.

    Attributes
    ----------
    noisy : y, float32; in denoising (channels, height, width).
    observation : the same as the method will see it; its image is replaced inside the clock.
    clean : for oracles only, float32 (channels, height, width).
    """

    noisy: NDArray[np.float32]
    observation: Observation
    clean: NDArray[np.float32]

    def present(self) -> Observation:
        """Copy the noisy image to the device, as the method's own tensor."""
        image = torch.tensor(self.noisy, device=self.observation.device)
        return replace(self.observation, image=image)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a method returned under one stopping rule, or why it returned nothing; seconds."""

    output: NDArray[np.float32] | None = None
    error: Exception | None = None
    iterations: int | None = None
    wall_seconds: float | None = None
    device_seconds: float | None = None
    cpu_seconds: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One point of the curve: an iterate on the host, to be scored later by the caller."""

    iteration: int
    wall_seconds: float
    estimate: NDArray[np.float32]


def measure_one_shot(method: OneShot, problem: Problem, device: Device) -> Outcome:
    """Time one call, host array to host array."""
    gc.collect()
    clock = Clock(device)
    clock.start()
    observation = problem.present()
    returned = method.denoise(observation)
    device.synchronize()  # a copy waits for the current stream alone
    output = _to_host(returned, problem.clean.shape)
    clock.pause()
    _check_values(output)
    _check_untouched(observation, problem.noisy)
    return Outcome(
        output=output,
        wall_seconds=clock.wall_seconds,
        device_seconds=clock.device_seconds,
        cpu_seconds=clock.cpu_seconds,
    )


def measure_iterative(
    method: Iterative,
    problem: Problem,
    device: Device,
    rules: list[tuple[StoppingRule, bool]],
    budget: int | None,
    curve: Callable[[Point], None] = lambda point: None,
) -> list[Outcome]:
    """Run one fit until every rule has stopped; return one outcome for each rule, in order.

    Parameters
    ----------
    method : see `Iterative`.
    problem : what is denoised.
    device : the clock's view of the device.
    rules : fresh stopping rules, each with True if it is an oracle; only oracles get the clean image.
    budget : the method's own number of iterations, None where it has none.
    curve : called off the clock at log-spaced iterations.
    """
    gc.collect()
    clock = Clock(device)
    clean = torch.tensor(problem.clean, device=problem.observation.device)
    blind = Trajectory(iterations=budget, observation=problem.observation)
    watchers = [_Watcher(rule, replace(blind, clean=clean) if oracle else blind) for rule, oracle in rules]
    clock.start()
    observation = problem.present()
    iterations = iter(method.iterate(observation))
    number, next_point, last = 0, 1, None
    while any(watcher.active for watcher in watchers):
        item = next(iterations, None)
        if item is None:
            break
        number += 1
        last = item
        on_curve = number == next_point
        # a rule sees what it wants and the curve, never what only another rule wants: its choice must not
        # depend on the company it is in
        watching = [one for one in watchers if one.active and (on_curve or one.rule.wants(number))]
        if not on_curve and not watching:
            continue
        clock.pause()
        look, spent = _look(number, item, problem.clean.shape, device)
        if on_curve:
            curve(Point(iteration=number, wall_seconds=clock.wall_seconds, estimate=_numpy(look.estimate)))
            next_point = next_log_spaced(number)
        for watcher in watching:
            watcher.observe(look, spent, clock)
        clock.start()
    clock.pause()
    if last is not None and any(watcher.active for watcher in watchers):
        look, spent = _look(number, last, problem.clean.shape, device)
        for watcher in watchers:
            watcher.finish(look, spent, clock)
    _check_untouched(observation, problem.noisy)
    return [watcher.outcome(problem.clean.shape, device) for watcher in watchers]


def next_log_spaced(iteration: int) -> int:
    """Return the next iteration of the curve: every one up to 10, then about 23 for each decade."""
    return max(iteration + 1, round(iteration * 1.105))


class _Watcher:
    """One rule at work: what it keeps, and the clock when it stopped."""

    def __init__(self, rule: StoppingRule, trajectory: Trajectory) -> None:
        self.rule = rule
        self.active = True
        self.error: Exception | None = None
        self.kept: torch.Tensor | None = None
        self.kept_at = 0
        self.kept_seconds = 0.0
        self.stopped = (0.0, 0.0, 0.0)
        try:
            rule.begin(trajectory)
        except PriorbenchError as error:
            self.error, self.active = error, False

    def observe(self, look: Look, spent: list[float], clock: Clock) -> None:
        try:
            verdict = self.rule.observe(look)
        except PriorbenchError as error:
            self.error, self.active = error, False
            return
        self._apply(verdict, look, spent, clock)

    def finish(self, look: Look, spent: list[float], clock: Clock) -> None:
        """The method ended by itself: its last iterate counts where the rule kept none."""
        if self.active:
            self._apply(Verdict(keep=self.kept is None, stop=True), look, spent, clock)

    def _apply(self, verdict: Verdict, look: Look, spent: list[float], clock: Clock) -> None:
        if verdict.keep:
            self.kept = look.estimate.detach().clone()
            self.kept_at, self.kept_seconds = look.iteration, sum(spent)
        if verdict.stop:
            self.active = False
            self.stopped = (clock.wall_seconds, clock.device_seconds, clock.cpu_seconds)

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
            output = _to_host(self.kept, shape)
            clock.pause()
            _check_values(output)
        except InvalidOutputError as error:
            return Outcome(error=error)
        wall, on_device, cpu = self.stopped
        return Outcome(
            output=output,
            iterations=self.kept_at,
            wall_seconds=wall + self.kept_seconds + clock.wall_seconds,
            device_seconds=on_device + self.kept_seconds + clock.device_seconds,
            cpu_seconds=cpu + clock.cpu_seconds,
        )


def _look(number: int, item: Any, shape: Shape, device: Device) -> tuple[Look, list[float]]:
    """Return the look at an iterate, and a list that receives the seconds its estimate costs."""
    iterate = item if isinstance(item, Iterate) else Iterate(item)
    spent: list[float] = []

    def estimate() -> torch.Tensor:
        if iterate.estimate is None:
            return _checked(iterate.output, shape)
        start = time.perf_counter()
        result = iterate.estimate()
        device.synchronize()
        spent.append(time.perf_counter() - start)
        return _checked(result, shape)

    return Look(iteration=number, _output=iterate.output, _estimate=estimate, _loss=iterate.loss), spent


def _checked(value: Any, shape: Shape) -> torch.Tensor:
    if not isinstance(value, torch.Tensor):
        raise InvalidOutputError(f"expected a torch.Tensor, got {type(value).__name__}")
    if tuple(value.shape) != shape:
        raise InvalidOutputError(f"expected shape {shape}, got {tuple(value.shape)}")
    if not value.is_floating_point():
        raise InvalidOutputError(f"expected a floating-point image, got {value.dtype}")
    return value


def _numpy(value: torch.Tensor) -> NDArray[np.float32]:
    return value.detach().to("cpu", torch.float32).numpy().copy()


def _to_host(value: Any, shape: Shape) -> NDArray[np.float32]:
    return _numpy(_checked(value, shape))


def _check_values(output: NDArray[np.float32]) -> None:
    bad = int(np.size(output) - np.count_nonzero(np.isfinite(output)))
    if bad:
        raise InvalidOutputError(f"{bad} of {output.size} values are NaN or infinite")


def _check_untouched(observation: Observation, noisy: NDArray[np.float32]) -> None:
    if not np.array_equal(observation.image.detach().cpu().numpy(), noisy):
        raise InvalidOutputError("the method changed its input, observation.image")

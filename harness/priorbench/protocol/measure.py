"""Runs one method on one observation and times it; decides at which iterations the harness looks."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from priorbench.contract.methods import Iterate, Iterative, OneShot, Together
from priorbench.contract.observation import Observation
from priorbench.contract.stopping import StoppingRule
from priorbench.protocol.clock import Clock, Device, device_for
from priorbench.protocol.exchange import InvalidOutputError, Outcome, Problem, check_values, to_host
from priorbench.protocol.watching import Point, Watched

if TYPE_CHECKING:
    from numpy.typing import NDArray


def measure(
    method: Any,
    problems: Sequence[Problem],
    rules: Sequence[Sequence[tuple[StoppingRule, bool]]] = (),
    budget: int | None = None,
    curves: Sequence[Callable[[Point], None]] = (),
) -> list[list[Outcome]]:
    """Run a method of any kind once; return for each problem an outcome for each of its rules.

    This is the one place that tells the kinds apart: everything that runs a method comes through here.

    Parameters
    ----------
    method : OneShot, Iterative or Together
        The method, freshly made.
    problems : sequence of Problem
        What is measured; several, of one shape, only for a method that has ``iterate_together``.
    rules : Sequence[Sequence[tuple[StoppingRule, bool]]], optional
        sequence of sequences of (StoppingRule, bool) For an iterative method: of each problem, fresh rules,
        each with True if it is an oracle.
    budget : int or None
        The method's own number of iterations, None where it has none.
    curves : Sequence[callable], optional
        sequence of callables Of each problem: called off the clock at log-spaced iterations.
    """
    device = device_for(problems[0].observation.device)
    if not hasattr(method, "iterate"):
        (problem,) = problems
        return [[measure_one_shot(method, problem, device)]]
    curves = curves or [lambda point: None] * len(problems)
    if len(problems) == 1:
        return [measure_iterative(method, problems[0], device, list(rules[0]), budget, curves[0])]
    return measure_together(method, problems, device, [list(own) for own in rules], budget, curves)


def measure_one_shot(method: OneShot, problem: Problem, device: Device) -> Outcome:
    """Time one call, host array to host array."""
    gc.collect()
    clock = Clock(device)
    clock.start()
    observation = problem.present()
    returned = method.denoise(observation)
    device.synchronize()  # a copy waits for the current stream alone
    output = to_host(returned, problem.clean.shape)
    clock.pause()
    check_values(output)
    _check_untouched(observation, problem.noisy)
    return Outcome(
        output=output,
        wall_seconds=clock.wall_seconds,
        device_seconds=clock.device_seconds,
        cpu_seconds=clock.cpu_seconds,
        quiet=clock.quiet,
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
    method : Iterative
        see `Iterative`.
    problem : Problem
        what is denoised.
    device : Device
        the clock's view of the device.
    rules : list[tuple[StoppingRule, bool]]
        fresh stopping rules, each with True if it is an oracle; only oracles get the clean image.
    budget : int or None
        the method's own number of iterations, None where it has none.
    curve : callable, optional
        called off the clock at log-spaced iterations.
    """

    def alone(observations: Sequence[Observation]) -> Iterator[Sequence[torch.Tensor | Iterate]]:
        return ((item,) for item in method.iterate(observations[0]))

    (outcomes,) = _measure(alone, [Watched(problem, rules, budget, curve)], device)
    return outcomes


def measure_together(
    method: Together,
    problems: Sequence[Problem],
    device: Device,
    rules: Sequence[list[tuple[StoppingRule, bool]]],
    budget: int | None,
    curves: Sequence[Callable[[Point], None]],
) -> list[list[Outcome]]:
    """Run several fits as one until every rule of each has stopped; return the outcomes of each.

    Times are those of all, divided by the number of those that have not stopped: what an image costs in such
    company.

    Parameters
    ----------
    method : Together
        see `Together`.
    problems : Sequence[Problem]
        of the same shape.
    device, budget : Device or int or None
        as in `measure_iterative`.
    rules, curves : Sequence[list[tuple[StoppingRule, bool]]] or Sequence[callable]
        of each problem.
    """
    watched = [
        Watched(problem, own, budget, curve)
        for problem, own, curve in zip(problems, rules, curves, strict=True)
    ]
    return _measure(method.iterate_together, watched, device)


def _measure(
    iterate: Callable[[Sequence[Observation]], Iterator[Sequence[torch.Tensor | Iterate]]],
    fits: Sequence[Watched],
    device: Device,
) -> list[list[Outcome]]:
    gc.collect()
    clock = Clock(device, share=len(fits))
    clock.start()
    observations = [fit.problem.present() for fit in fits]
    iterations = iter(iterate(observations))
    number, next_point = 0, 1
    last: Sequence[torch.Tensor | Iterate] | None = None
    while any(fit.active for fit in fits):
        items = next(iterations, None)
        if items is None:
            break
        number, last = number + 1, items
        on_curve = number == next_point
        looks = [(fit, item) for fit, item in zip(fits, items, strict=True) if fit.wants(number, on_curve)]
        if not looks:
            continue
        clock.pause()
        _even_out([fit.look(number, item, on_curve, clock) for fit, item in looks])
        clock.share = max(1, sum(fit.active for fit in fits))
        if on_curve:
            next_point = next_log_spaced(number)
        clock.start()
    clock.pause()
    _even_out([fit.finish(number, item, clock) for fit, item in zip(fits, last or (), strict=False)])
    for fit, observation in zip(fits, observations, strict=True):
        _check_untouched(observation, fit.problem.noisy)
    return [fit.outcomes(device) for fit in fits]


def _even_out(spent: Sequence[list[float]]) -> None:
    """Share what estimates cost among the fits that asked for one: stacked networks give all at the first."""
    asked = [seconds for seconds in spent if seconds]
    if len(asked) > 1:
        mean = sum(map(sum, asked)) / len(asked)
        for seconds in asked:
            seconds[:] = [mean]


def next_log_spaced(iteration: int) -> int:
    """Return the next iteration of the curve: every one up to 10, then about 23 for each decade."""
    return max(iteration + 1, round(iteration * 1.105))


def _check_untouched(observation: Observation, noisy: NDArray[np.float32]) -> None:
    if not np.array_equal(observation.image.detach().cpu().numpy(), noisy):
        raise InvalidOutputError("the method changed its input, observation.image")

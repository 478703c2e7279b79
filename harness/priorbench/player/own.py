"""A player in this process: makes methods, warms them up, runs them, and looks at what they leave behind."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import Registry, import_factory
from priorbench.machine import memory
from priorbench.machine.leftovers import Running, left_running, running
from priorbench.machine.stops import stops
from priorbench.parameters.values import build
from priorbench.player.work import Finished, Work
from priorbench.protocol.clock import device_for
from priorbench.protocol.exchange import Problem, to_host
from priorbench.protocol.fit import Carry, OwnFit, first_call

#: iterations of a warm-up of an iterative method
WARM_UP_ITERATIONS = 3


class OwnPlayer:
    """Runs methods in this process; factories and first-call times are kept between trials.

    Parameters
    ----------
    registry : Registry
        the plugins of this process.
    baseline : int, default 0
        resident bytes of an empty player; peak memory is reported net of it.
    alone : bool, default False
        nothing but methods runs here. What the first trials imported may then be put out of the garbage
        collector's sight: looking through it takes 0.1 s before each measurement. The global generators of
        random numbers are seeded for each trial. And pixels come after `begin`: see `receive`.
    carry : callable, optional
        copies an image to the host's memory.
    """

    process = None

    def __init__(
        self, registry: Registry, baseline: int = 0, *, alone: bool = False, carry: Carry = to_host
    ) -> None:
        self._registry, self._baseline, self._alone, self._carry = registry, baseline, alone, carry
        self._factories: dict[str, tuple[Any, float]] = {}
        self._warmed: dict[str, float] = {}
        self._work: Work | None = None
        self._method: Any = None
        self._fit: OwnFit | None = None
        self._before = Running(threads=frozenset(), children=frozenset())
        self._stops = 0

    @property
    def fit(self) -> OwnFit:
        """The method at work, after `begin`."""
        assert self._fit is not None
        return self._fit

    def make(self, work: Work) -> float:
        """Import and make the method; return the seconds."""
        self._before, self._fit = running(), None
        factory, imported = self._factory(work.denoiser)
        self._seed(0)
        start = time.perf_counter()
        self._method = build(factory, work.parameters)
        _check_declared(self._method, work)
        seconds = imported + time.perf_counter() - start
        device = torch.device(work.device)
        self._work = replace(work, problems=tuple(_on(device, problem) for problem in work.problems))
        return seconds

    def begin(self) -> float:
        """Warm up on other pixels, once, and get ready; return the seconds of the first call."""
        assert self._work is not None
        work, known = self._work, len(self._warmed)
        seconds = self._warm_up(work)
        if self._alone and len(self._warmed) > known:
            gc.collect()  # first: what the warm-up left behind is not to be kept for ever
            gc.freeze()
        device = device_for(torch.device(work.device))
        device.reset_peak_memory()
        memory.reset_peak()
        self._stops = stops()
        if not self._alone:
            self._fit = OwnFit(self._method, work.problems, device, self._carry)
        return seconds

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems of the trial."""
        assert self._work is not None
        return self._work.problems

    def receive(self, problems: Sequence[Problem]) -> None:
        """Take problems in the place of those without pixels, after `begin` and before the clock starts."""
        assert self._work is not None
        device = torch.device(self._work.device)
        self._work = replace(self._work, problems=tuple(_on(device, problem) for problem in problems))
        self._seed(problems[0].observation.seed)
        self._fit = OwnFit(self._method, self._work.problems, device_for(device), self._carry)

    def _seed(self, seed: int) -> None:
        """Seed the global generators: what draws from them would depend on the trials before."""
        if self._alone:
            torch.manual_seed(seed)
            np.random.seed(seed)
            random.seed(seed)

    def finish(self) -> Finished:
        """End the trial, and say what it left behind."""
        assert self._work is not None
        if self._fit is not None:  # a warm-up may have failed
            self._fit.close()
        device = device_for(torch.device(self._work.device))
        resident = max(0, memory.peak_bytes() - self._baseline)
        peak = device.peak_memory() or resident
        self._method = self._fit = None
        if self._alone:
            gc.collect()  # what a method has left to be done at its end is done in its own trial
        stopped = stops() > self._stops
        return Finished(
            memory=peak,
            left=left_running(self._before),
            marks=("the worker was stopped and went on",) if stopped else (),
        )

    def _factory(self, name: str) -> tuple[Any, float]:
        """Return a method's factory and the seconds that its import took, in this process."""
        if name not in self._factories:
            spec = self._registry.find(DenoiserSpec.kind, name).spec
            assert isinstance(spec, DenoiserSpec)
            start = time.perf_counter()
            try:
                factory = import_factory(spec)
            except PriorbenchError as error:  # it could be imported where the run was planned
                raise RuntimeError(str(error)) from error
            self._factories[name] = (factory, time.perf_counter() - start)
        return self._factories[name]

    def _warm_up(self, work: Work) -> float:
        """Run the method once on other images of the same shape; return the seconds, measured once."""
        problem, count = work.problems[0], len(work.problems)
        operator = None if work.draws[0] is None else work.draws[0].name
        shapes = (count, problem.shape, operator, problem.noisy.shape)
        key = f"{work.denoiser} {sorted(work.parameters.items())} {work.device} {shapes}"
        if key not in self._warmed:
            other = np.random.default_rng(0).random(problem.shape, dtype=np.float32)
            measured = problem.observation.operator.A(torch.from_numpy(other)).numpy()
            method = build(self._factories[work.denoiser][0], work.parameters)
            start = time.perf_counter()
            first_call(method, [replace(problem, noisy=measured)] * count, WARM_UP_ITERATIONS)
            device_for(torch.device(work.device)).synchronize()
            self._warmed[key] = (time.perf_counter() - start) / count
        return self._warmed[key]


def _on(device: torch.device, problem: Problem) -> Problem:
    own = problem.observation
    mask = None if own.mask is None else own.mask.to(device)
    return replace(problem, observation=replace(own, device=device, mask=mask))


def _check_declared(method: Any, work: Work) -> None:
    """Raise where the run was planned for another kind of method than this one is."""
    found = hasattr(method, "iterate")
    if work.iterative != found:
        raise RuntimeError(
            f"the run was planned with iterative={work.iterative}, and the method has "
            f"{'an' if found else 'no'} 'iterate': its spec must say iterative={found}"
        )
    if len(work.problems) > 1 and not hasattr(method, "iterate_together"):
        raise RuntimeError("the method has no 'iterate_together': its spec must say together=False")

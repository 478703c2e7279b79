"""Speed, memory and quality of every registered method; a plugin is tracked by installing it."""

from __future__ import annotations

import math
from collections import deque
from itertools import islice
from typing import Any

import torch

from priorbench.protocol.clock import device_for
from priorbench.protocol.measure import measure
from priorbench.protocol.metrics import clip01, psnr
from priorbench.protocol.problems import NoisyProblem
from priorbench.protocol.scoring import score
from priorbench.standard.stopping_rules import Fixed

from .cases import (
    DEVICE,
    METHODS,
    REGISTRY,
    is_iterative,
    iterates,
    method_called,
    problem_for,
    run,
    synchronised,
)

#: side of the image where time and memory are measured, and where quality is
SIDE, QUALITY_SIDE = 96, 48
#: iterations of an iterative method that are timed, after some that are not
TIMED, UNTIMED = 3, 1
#: iterations after which the quality of an iterative method is compared: few, and always the same
JUDGED = 25
#: gain over the noisy image that counts as reached, in dB, and the iterations it may take
TARGET_GAIN, TARGET_BUDGET = 2.0, 100


class Speed:
    """Seconds of one call, or of `TIMED` iterations of a fit under way; device-synchronised."""

    params = METHODS
    param_names = ("method",)
    timer = staticmethod(synchronised)
    number, repeat, rounds, warmup_time = 1, 3, 2, 0.1
    timeout = 300.0

    def setup(self, name: str) -> None:
        """Prepare a call; a fit is begun and its first iterations are left out of the time."""
        self.observation = problem_for(name, SIDE).problem.present()
        self.method = method_called(name)
        self.iterations: Any = None
        if is_iterative(name):
            self.iterations = self.method.iterate(self.observation)
            deque(islice(self.iterations, UNTIMED), maxlen=0)

    def time_denoise(self, name: str) -> None:
        """Time the call, or the next iterations."""
        if self.iterations is None:
            self.method.denoise(self.observation)
        else:
            deque(islice(self.iterations, TIMED), maxlen=0)


class Memory:
    """Peak memory of a run; what an empty process has is in it, and `peakmem_reference` tells how much."""

    params = METHODS
    param_names = ("method",)
    timeout = 300.0

    def setup(self, name: str) -> None:
        """Make the problem."""
        self.problem = problem_for(name, SIDE).problem

    def peakmem_denoise(self, name: str) -> None:
        """Run once: a call, or three iterations."""
        run(name, self.problem, iterations=3)

    def track_device_memory(self, name: str) -> float:
        """Return the accelerator's high-water mark; there is none on a CPU."""
        device = device_for(torch.device(DEVICE))
        device.reset_peak_memory()
        run(name, self.problem, iterations=3)
        return device.peak_memory() or math.nan

    track_device_memory.unit = "bytes"  # type: ignore[attr-defined]


class MemoryReference:
    """What there is to subtract from the peak memory of a method."""

    def peakmem_reference(self) -> None:
        """Make the problem and run nothing."""
        here = REGISTRY.all("denoiser")
        name = next(name for name in ("identity", *METHODS) if name in here)
        problem_for(name, SIDE).problem.present()


class Quality:
    """Quality on one image, one noise, one seed, one thread: the same bits at every run on a machine."""

    params = METHODS
    param_names = ("method",)
    timeout = 300.0

    def setup(self, name: str) -> None:
        """Make the problem."""
        self.noisy = problem_for(name, QUALITY_SIDE)

    def track_mse(self, name: str) -> float:
        """Return the mean squared error: asv takes less for better, so this and not PSNR is the gate."""
        return float(_scores(name, self.noisy)["mse"])

    def track_psnr(self, name: str) -> float:
        """Return PSNR in dB, for people to read."""
        value = _scores(name, self.noisy)["psnr"]
        return math.nan if value is None else float(value)

    def track_iterations_to_target(self, name: str) -> float:
        """Return the iterations until PSNR is `TARGET_GAIN` dB above the noisy image's.

        One more than `TARGET_BUDGET` says that it was not reached.
        """
        problem, noisy_psnr = self.noisy.problem, self.noisy.noisy_psnr
        if not is_iterative(name) or noisy_psnr is None:
            return math.nan
        target = noisy_psnr + TARGET_GAIN
        outputs = islice(iterates(method_called(name), problem), TARGET_BUDGET)
        reached = (
            number
            for number, output in enumerate(outputs, start=1)
            if psnr(clip01(output), self.noisy.clean) >= target
        )
        return float(next(reached, TARGET_BUDGET + 1))

    track_mse.unit = "MSE"  # type: ignore[attr-defined]
    track_psnr.unit = "dB"  # type: ignore[attr-defined]
    track_iterations_to_target.unit = "iterations"  # type: ignore[attr-defined]


def _scores(name: str, noisy: NoisyProblem) -> dict[str, Any]:
    rules = [(Fixed(iterations=JUDGED), False)]
    (outcome,) = measure(method_called(name), noisy.problem, rules, JUDGED)
    assert outcome.output is not None, outcome.error
    return score(outcome.output, noisy.clean, {})

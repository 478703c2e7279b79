"""A method at work in this process: goes on, on the clock, and shows its iterates, off it."""

from __future__ import annotations

import gc
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from priorbench.contract.methods import Iterate
from priorbench.contract.observation import Observation
from priorbench.machine.quiet import wait_until_quiet
from priorbench.protocol.clock import Clock, Device, device_for
from priorbench.protocol.exchange import (
    InvalidOutputError,
    Kind,
    Problem,
    Shown,
    Stretch,
    checked,
    number_of,
    to_host,
)

Item = torch.Tensor | Iterate
#: brings a checked image to the host; a test or another process has ways of its own
Carry = Callable[[torch.Tensor], torch.Tensor]


class OwnFit:
    """A method that runs in this process.

    Parameters
    ----------
    method : OneShot, Iterative or Together
        freshly made. One that returns its estimate at once makes one iteration.
    problems : sequence of Problem
        what is measured; several, of one shape, only for a method that has ``iterate_together``.
    device : Device, optional
        the clock's view of the device.
    carry : callable, optional
        copies an image to the host's memory.
    """

    def __init__(
        self,
        method: Any,
        problems: Sequence[Problem],
        device: Device | None = None,
        carry: Carry = to_host,
    ) -> None:
        self._device = device_for(problems[0].observation.device) if device is None else device
        self._method, self._problems, self._carry = method, problems, carry
        self._iterations: Iterator[Sequence[Item]] | None = None
        self._observations: list[Observation] = []
        self._number = 0
        self._last: Sequence[Item] = ()
        gc.collect()

    def settle(self) -> bool:
        """Wait until no other thread of this process is at work; return False where one runs on."""
        return wait_until_quiet()

    def advance(self, until: int, *, shown_next: Kind | None = None) -> Stretch:
        """Let the method go on, on the clock, until it has made so many iterations, or ends."""
        clock = Clock(self._device)
        clock.start()
        if self._iterations is None:
            self._observations = [problem.present() for problem in self._problems]
            self._iterations = _iterations(self._method, self._observations)
        iterations, number, last, ended = self._iterations, self._number, self._last, False
        while number < until:
            items = next(iterations, None)
            if items is None:
                ended = True
                break
            number, last = number + 1, items
        spent = clock.stop()
        self._number, self._last = number, last
        iterates = [item if isinstance(item, Iterate) else Iterate(item) for item in last]
        return Stretch(
            number=number,
            ended=ended,
            spent=spent,
            losses=tuple(number_of(one.loss) for one in iterates),
            apart=tuple(one.estimate is not None and one.output is not None for one in iterates),
            repeats=bool(iterates) and all(_repeats(one) for one in iterates),
        )

    def show(self, index: int, kind: Kind) -> Shown:
        """Bring the last iterate of one of the images to the host, off the clock."""
        shape = self._problems[index].shape
        item = self._last[index]
        iterate = item if isinstance(item, Iterate) else Iterate(item)
        made, image = 0.0, iterate.output
        if iterate.estimate is not None and (kind == "estimate" or image is None):
            wait_until_quiet()  # the iteration may have left a library's threads awake
            start = time.perf_counter()
            image = iterate.estimate()
            self._device.synchronize()
            made = time.perf_counter() - start
        found = checked(image, shape)
        clock = Clock(self._device)
        clock.start()
        host = self._carry(found)
        return Shown(image=host, made=made, carried=clock.stop())

    def close(self) -> None:
        """End the fit; raise `InvalidOutputError` where the method changed its input."""
        for problem, observation in zip(self._problems, self._observations, strict=False):
            if not np.array_equal(observation.image.detach().cpu().numpy(), problem.noisy):
                raise InvalidOutputError("the method changed its input, observation.image")


def _repeats(iterate: Iterate) -> bool:
    return iterate.estimate_is_next_output and iterate.output is not None and iterate.estimate is not None


def _iterations(method: Any, observations: Sequence[Observation]) -> Iterator[Sequence[Item]]:
    """Return what a method of any kind yields: this is the one place that tells the kinds apart."""
    if not hasattr(method, "iterate"):
        return _once(method, observations[0])
    if len(observations) > 1:
        return iter(method.iterate_together(observations))
    return zip(method.iterate(observations[0]))


def _once(method: Any, observation: Observation) -> Iterator[Sequence[Item]]:
    yield (method.denoise(observation),)


def first_call(method: Any, problems: Sequence[Problem], iterations: int) -> None:
    """Run a method for some iterations and forget it: a warm-up."""
    fit = _iterations(method, [problem.present() for problem in problems])
    for _ in itertools.islice(fit, iterations):
        pass

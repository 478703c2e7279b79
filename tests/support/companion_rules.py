"""A method that obeys a mask, and rules with companions, as one plugin file."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path

import torch

from priorbench import Companion, DenoiserSpec, Iterate, StoppingRuleSpec, Verdict, hookimpl


class Descent:
    """Goes from 0 towards y where the mask allows it; elsewhere it stays 0.

    Parameters
    ----------
    iterations : int, default 20
        published budget.
    pause : float, default 0.0
        seconds for each step.
    fails : bool, default False
        raise where there is a mask.
    log : str, default ''
        file to which every fit adds a line; empty = none.
    length : int, default 0
        how many iterates there are; 0 = no end.
    leaves : bool, default False
        leave a thread running where there is a mask.
    """

    def __init__(
        self,
        *,
        iterations: int = 20,
        pause: float = 0.0,
        fails: bool = False,
        log: str = "",
        length: int = 0,
        leaves: bool = False,
    ) -> None:
        self.iterations, self.pause, self.fails, self.log = iterations, pause, fails, log
        self.length, self.leaves = length, leaves

    def iterate(self, observation):
        if self.log:
            with Path(self.log).open("a") as file:
                file.write("fit\n")
        if self.fails and observation.mask is not None:
            raise ValueError("no masks, please")
        if self.leaves and observation.mask is not None:
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        allowed = torch.ones_like(observation.image) if observation.mask is None else observation.mask
        x = torch.zeros_like(observation.image)
        for number in itertools.count(1):
            if number == self.length + 1 > 1:
                return
            time.sleep(self.pause)
            residual = (observation.image - x) * allowed
            x = x + 0.25 * residual
            yield Iterate(x, loss=residual.square().mean())

    def iterate_together(self, observations):
        return zip(*map(self.iterate, observations), strict=True)


class LeftHalf:
    """Leaves the right half of the image out, and keeps the companion's iterate number `at`.

    Parameters
    ----------
    at : int, default 5
        what it keeps.
    refit : bool, default False
        of the shared fit instead.
    """

    def __init__(self, *, at: int = 5, refit: bool = False) -> None:
        self.at, self.refit = at, refit

    def begin(self, trajectory):
        self.shape = trajectory.observation.image.shape

    def companion(self):
        mask = torch.zeros(self.shape, dtype=torch.bool)
        mask[..., : self.shape[-1] // 2] = True
        return Companion(mask=mask)

    def wants_of_companion(self, iteration):
        return iteration >= self.at

    def observe_companion(self, look):
        return Verdict(keep=look.iteration == self.at and not self.refit, stop=look.iteration >= self.at + 3)

    def wants(self, iteration):
        return iteration == self.at

    def observe(self, look):
        return Verdict(keep=True, stop=True, fired=True)


class Twin:
    """Fits y + 1 beside y, and stops where both have been seen `at` times.

    Parameters
    ----------
    at : int, default 4
        when it stops.
    """

    def __init__(self, *, at: int = 4) -> None:
        self.at = at

    def begin(self, trajectory):
        self.y = trajectory.observation.image
        self.budget = trajectory.iterations
        self.means = []

    def companion(self):
        return Companion(image=self.y + 1, lockstep=True)

    def wants_of_companion(self, iteration):
        return True

    def observe_companion(self, look):
        self.means.append(float(look.output.double().mean()))
        return Verdict(stop=look.iteration == self.budget)

    def wants(self, iteration):
        return iteration <= self.at

    def observe(self, look):
        # after t steps the two differ by 1 - .75^t
        difference = self.means[look.iteration - 1] - float(look.output.double().mean())
        right = abs(difference - (1 - 0.75**look.iteration)) < 1e-5
        last = look.iteration == self.at
        return Verdict(keep=right and last, stop=last, fired=right)


class Breaks:
    """Raises at the third iterate.

    Parameters
    ----------
    at : int, default 3
        where.
    """

    def __init__(self, *, at: int = 3) -> None:
        self.at = at

    def begin(self, trajectory):
        pass

    def wants(self, iteration):
        return True

    def observe(self, look):
        if look.iteration == self.at:
            raise ZeroDivisionError("a fault of the rule")
        return Verdict(keep=True)


class Wrong(LeftHalf):
    """Asks for a mask of another shape."""

    def companion(self):
        return Companion(mask=torch.ones(1, 2, 2, dtype=torch.bool))


@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(
        name="descent", factory="companion_rules:Descent", accepts_mask=True, iterative=True, together=True
    )
    yield DenoiserSpec(
        name="descent-unmasked", factory="companion_rules:Descent", iterative=True, together=True
    )


@hookimpl
def priorbench_stopping_rules():
    for name, what in (("left-half", "LeftHalf"), ("wrong-mask", "Wrong")):
        yield StoppingRuleSpec(name=name, factory=f"companion_rules:{what}", needs=("loss-mask",))
    yield StoppingRuleSpec(name="breaks", factory="companion_rules:Breaks")
    yield StoppingRuleSpec(name="twin", factory="companion_rules:Twin", needs=("gaussian-noise",))

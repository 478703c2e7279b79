"""What the example plugin's factories name; imported only where it is used."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from pathlib import Path

import torch

from priorbench.errors import PriorbenchError


class Mean:
    """Every pixel becomes its column's mean; counts its calls in a file.

    Parameters
    ----------
    log : str, default ''
        file to which every call adds a line; empty = none.
    """

    def __init__(self, *, log: str = "") -> None:
        self.log = log

    def denoise(self, observation):
        note(self.log)
        return observation.image.mean(dim=(0, 1), keepdim=True).expand_as(observation.image).clone()


class Approach:
    """Goes from the noisy image towards its column means, step by step.

    Parameters
    ----------
    iterations : int, default 20
        published budget.
    rate : float, default 0.1
        part of the way for each step.
    pause : float, default 0.0
        seconds for each step.
    log : str, default ''
        file to which every fit adds a line; empty = none.
    """

    def __init__(self, *, iterations: int = 20, rate: float = 0.1, pause: float = 0.0, log: str = "") -> None:
        self.iterations, self.rate, self.pause, self.log = iterations, rate, pause, log

    def iterate(self, observation):
        note(self.log)
        target = observation.image.mean(dim=(0, 1), keepdim=True)
        estimate = observation.image.clone()
        while True:
            estimate += self.rate * (target - estimate)
            time.sleep(self.pause)
            yield estimate

    def iterate_together(self, observations):
        yield from zip(*map(self.iterate, observations), strict=True)


class Unsociable(Approach):
    """Fits images alone; of several, it dies with the second, takes its time, or refuses.

    Parameters
    ----------
    ill : str, default 'raises'
        "dies", "raises", "hangs" or "refuses".
    """

    def __init__(self, *, iterations: int = 5, ill: str = "raises") -> None:
        super().__init__(iterations=iterations)
        self.ill = ill

    def iterate_together(self, observations):
        yield from itertools.islice(super().iterate_together(observations), 3)
        if self.ill == "dies":
            os.kill(os.getpid(), signal.SIGSEGV)
        if self.ill == "hangs":
            time.sleep(1000)
        if self.ill == "refuses":
            raise PriorbenchError("one at a time")
        raise ValueError("no company")


class Raises:
    """Raises."""

    def denoise(self, observation):
        raise ValueError("no luck\nat all")


class Exits:
    """Calls sys.exit."""

    def denoise(self, observation):
        sys.exit(3)


class Dies:
    """Is killed by a signal."""

    def denoise(self, observation):
        print("about to die")
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGSEGV)


class Hangs:
    """Never returns."""

    def denoise(self, observation):
        time.sleep(3600)


class NaNs:
    """Returns NaN."""

    def denoise(self, observation):
        return torch.full_like(observation.image, float("nan"))


class Shouts:
    """Prints, on both streams and on the file descriptor.

    Parameters
    ----------
    lines : int, default 200
        of 500 characters, on each stream.
    """

    def __init__(self, *, lines: int = 200) -> None:
        self.lines = lines

    def denoise(self, observation):
        for _ in range(self.lines):
            print("x" * 500)
            print("y" * 500, file=sys.stderr)
        os.write(1, b'{"records": []}\n')
        return observation.image.clone()


class Sleeps:
    """Takes its time.

    Parameters
    ----------
    seconds : float, default 0.2
        how long.
    log : str, default ''
        file to which every call adds a line; empty = none.
    """

    def __init__(self, *, seconds: float = 0.2, log: str = "") -> None:
        self.seconds, self.log = seconds, log

    def denoise(self, observation):
        note(self.log)
        time.sleep(self.seconds)
        return observation.image.clone()


def note(log):
    if log:
        with Path(log.removeprefix("+")).open("a") as file:
            file.write("call\n")

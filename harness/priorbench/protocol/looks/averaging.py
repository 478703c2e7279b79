"""Averages of a trajectory's outputs, kept up to date iteration by iteration."""

from __future__ import annotations

from typing import Protocol

import torch

from priorbench.contract.averages import Average


class Averager(Protocol):
    """A running average of outputs."""

    def add(self, output: torch.Tensor) -> None:
        """Take the next output in."""
        ...

    def current(self) -> torch.Tensor:
        """Return the average, a tensor that is not written to again; at least one output was added."""
        ...


class Exponential:
    """a_1 = x_1, a_t = beta a_(t-1) + (1 - beta) x_t, in the type of the outputs.

    Parameters
    ----------
    weight : float
        beta.
    """

    def __init__(self, weight: float) -> None:
        self._weight = weight
        self._average: torch.Tensor | None = None

    def add(self, output: torch.Tensor) -> None:
        """Take the next output in."""
        if self._average is None:
            self._average = output.clone()
        else:
            torch.lerp(output, self._average, self._weight, out=self._average)

    def current(self) -> torch.Tensor:
        """Return the average."""
        assert self._average is not None
        return self._average.clone()


class Last:
    """Mean of the last K outputs, in double precision; of all, as long as there are fewer.

    Parameters
    ----------
    count : int
        K; so many outputs are kept.
    """

    def __init__(self, count: int) -> None:
        self._count, self._added = count, 0
        self._kept: list[torch.Tensor] = []
        self._sum = torch.zeros(0)
        self._unusable = 0

    def add(self, output: torch.Tensor) -> None:
        """Take the next output in, and let the oldest one go."""
        place = self._added % self._count
        if not self._kept:
            self._sum = torch.zeros(output.shape, dtype=torch.float64)
        if len(self._kept) < self._count:
            self._kept.append(output.clone())
        else:
            self._sum.sub_(self._kept[place])
            self._kept[place].copy_(output)
        self._sum.add_(output)
        self._added += 1
        if not torch.isfinite(output.sum()):
            self._unusable = self._added
        elif self._unusable and self._added - self._unusable >= self._count:
            self._sum.zero_()  # what was not finite has left the window
            for kept in self._kept:
                self._sum.add_(kept)
            self._unusable = 0

    def current(self) -> torch.Tensor:
        """Return the mean."""
        kept = self._kept[0]
        return (self._sum / len(self._kept)).to(kept.dtype)


def averager(average: Average) -> Averager:
    """Return a new running average of a kind other than ``"raw"``."""
    return Exponential(average.weight) if average.kind == "ema" else Last(average.count)

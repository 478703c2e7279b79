"""Looks at the iterates of a fit: each is brought to the host once; who asked for it is charged."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from priorbench.contract.stopping import Look
from priorbench.protocol.exchange import Fit, Kind, Shown, Spent, Stretch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One point of the curve: an iterate on the host, to be scored by the caller.

    Attributes
    ----------
    iteration : int
        1-based.
    wall_seconds : float
        the method's own time until then.
    estimate : ndarray of float32
        what would be reported, (channels, height, width).
    loss : float or None, optional
        training loss, where the method tells it.
    """

    iteration: int
    wall_seconds: float
    estimate: NDArray[np.float32]
    loss: float | None = None


@dataclass(kw_only=True, slots=True)
class Account:
    """What a fit has spent so far, of which each of its images pays a share."""

    wall: float = 0.0
    device: float = 0.0
    cpu: float = 0.0
    quiet: bool = True

    def add(self, spent: Spent, share: int = 1) -> None:
        """Add a stretch that `share` images had in common."""
        self.wall += spent.wall / share
        self.device += spent.device / share
        self.cpu += spent.cpu / share

    def plus(self, other: Account) -> Account:
        """Return the sum of two accounts."""
        return Account(
            wall=self.wall + other.wall,
            device=self.device + other.device,
            cpu=self.cpu + other.cpu,
            quiet=self.quiet and other.quiet,
        )


class LookAt:
    """An iterate that is looked at: what is asked for is brought to the host once.

    Parameters
    ----------
    fit : Fit
        whose iterate it is.
    index : int
        number of the image.
    stretch : Stretch
        after which it is looked at.
    """

    def __init__(self, fit: Fit, index: int, stretch: Stretch) -> None:
        self._fit, self._index = fit, index
        self._shown: dict[Kind, Shown] = {}
        #: bringing an image failed
        self.broken = False
        self.iteration, self.loss = stretch.number, stretch.losses[index]
        self._apart = stretch.apart[index]

    @property
    def shown(self) -> Shown | None:
        """The estimate, where it was asked for."""
        return self._shown.get("estimate")

    def lend(self, kind: Kind, shown: Shown) -> None:
        """Take an image that was brought for another look and is the same, bit for bit."""
        self._shown[kind] = shown

    def bring(self, kind: Kind) -> Shown:
        """Return the estimate, or the output that the method has anyway."""
        if kind == "output" and not self._apart:
            kind = "estimate"
        if kind not in self._shown:
            self.broken = True
            self._shown[kind] = self._fit.show(self._index, kind)
            self.broken = False
        return self._shown[kind]

    def share_cost(self, made: float) -> None:
        """Set what the estimate cost: stacked networks give those of all images at the first."""
        shown = self.shown
        if shown is not None and shown.made:
            self._shown["estimate"] = replace(shown, made=made)

    def look(self, charge: Callable[[Shown, float], None], estimate: torch.Tensor | None = None) -> Look:
        """Return what a rule sees.

        Parameters
        ----------
        charge : callable
            told of each image that the rule asks for, and of the seconds until it was there.
        estimate : torch.Tensor or None, optional
            shown instead of the iterate's own, for a rule that judges what is reported.
        """

        def bring(kind: Kind) -> torch.Tensor:
            start = time.perf_counter()
            shown = self.bring(kind)
            charge(shown, time.perf_counter() - start)
            return shown.image

        return Look(
            iteration=self.iteration,
            loss=self.loss,
            _estimate=partial(bring, "estimate") if estimate is None else lambda: estimate,
            _output=partial(bring, "output") if self._apart else None,
        )

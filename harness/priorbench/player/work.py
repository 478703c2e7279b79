"""What a player is asked to do, and what it tells of itself; the interface of players."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from priorbench.protocol.exchange import Fit, Problem
from priorbench.protocol.problems import OperatorDraw


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """A method and what it is to denoise; no name of an image, a set or a suite is in it.

    Attributes
    ----------
    denoiser : str
        registered name.
    parameters : mapping
        of the method, JSON values.
    iterative : bool
        whether the run was planned for a method that iterates.
    device : str
        torch device.
    problems : tuple of Problem
        several, of one shape, are one fit.
    draws : tuple of (OperatorDraw or None)
        how the operator of each is drawn.
    """

    denoiser: str
    parameters: Mapping[str, Any]
    iterative: bool
    device: str
    problems: tuple[Problem, ...]
    draws: tuple[OperatorDraw | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """How a trial left the player.

    Attributes
    ----------
    memory : int
        peak bytes of the method: of the device's allocator, or of resident memory beyond an empty player's.
    left : str, default ''
        what still runs that was not there before, in words.
    marks : tuple of str, default ()
        what makes the timing doubtful, in words.
    """

    memory: int
    left: str = ""
    marks: tuple[str, ...] = ()


class Player(Protocol):
    """Runs one trial after another."""

    @property
    def process(self) -> int | None:
        """Id of the process that is timed; None = this one."""
        ...

    @property
    def fit(self) -> Fit:
        """The method at work, after `begin`."""
        ...

    def make(self, work: Work) -> float:
        """Import and make the method; return the seconds."""
        ...

    def begin(self) -> float:
        """Warm up on other pixels, once, and get ready; return the seconds of the first call."""
        ...

    def finish(self) -> Finished:
        """End the trial, and say what it left behind.

        Raises
        ------
        InvalidOutputError
            Where the method changed its input.
        """
        ...

"""The interface of stopping rules: they choose which iterate is the result, and change nothing.

One fit feeds any number of rules. The harness looks at an iterate when a rule wants to see it or when the
curve has a point there; looking, judging and scoring are off the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch

    from priorbench.contract.observation import Observation


@dataclass(frozen=True, kw_only=True, slots=True)
class Trajectory:
    """What a rule is told before the first iteration.

    Attributes
    ----------
    iterations : int or None
        the method's published budget, its parameter ``iterations``; None where it has none.
    observation : Observation
        what the method sees, on the host.
    clean : torch.Tensor or None, optional
        the clean image, (channels, height, width); given to oracles only.
    """

    iterations: int | None
    observation: Observation
    clean: torch.Tensor | None = None


@dataclass(kw_only=True, slots=True)
class Look:
    """One iterate under a rule's eyes, on the host; what costs something is brought once, when asked for.

    Attributes
    ----------
    iteration : int
        1-based.
    loss : float or None, optional
        training loss of this iteration (before its optimiser step), or None if the method gives none.
    """

    iteration: int
    loss: float | None = None
    _estimate: Callable[[], torch.Tensor]
    _output: Callable[[], torch.Tensor] | None = None
    _seen: dict[str, torch.Tensor] = field(default_factory=dict)

    @property
    def output(self) -> torch.Tensor:
        """What the method has anyway, (channels, height, width); the estimate where it has nothing."""
        return self.estimate if self._output is None else self._brought("output", self._output)

    @property
    def estimate(self) -> torch.Tensor:
        """What the method would return if it were stopped now, (channels, height, width)."""
        return self._brought("estimate", self._estimate)

    def _brought(self, name: str, bring: Callable[[], torch.Tensor]) -> torch.Tensor:
        if name not in self._seen:
            self._seen[name] = bring()
        return self._seen[name]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's answer to a look: this iterate is its choice so far (`keep`); it needs no more (`stop`)."""

    keep: bool = False
    stop: bool = False


class StoppingRule(Protocol):
    """Chooses an iterate. One object serves one fit."""

    def begin(self, trajectory: Trajectory) -> None:
        """Prepare for a fit; raise `PriorbenchError` with the reason if the rule cannot judge it."""
        ...

    def wants(self, iteration: int) -> bool:
        """Say whether this iteration (1-based) must be looked at."""
        ...

    def observe(self, look: Look) -> Verdict:
        """Judge an iterate: one that the rule wanted, or a point of the curve."""
        ...

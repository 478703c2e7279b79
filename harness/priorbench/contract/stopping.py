"""The interface of stopping rules: they choose which iterate is the result, and change nothing.

One fit feeds any number of rules, and what one rule chooses does not depend on the others: it is shown the
iterates that it wants, and no others. Looking, judging and scoring are off the method's clock; what a rule
itself costs is charged to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from priorbench.contract.limits import check_count
from priorbench.errors import PriorbenchError

if TYPE_CHECKING:
    import torch

    from priorbench.contract.observation import Observation


#: what a rule may need of a trial (`StoppingRuleSpec.needs`), and what that is in words
NEEDS: Mapping[str, str] = {
    "loss": "a training loss",
    "sigma": "the standard deviation of the noise",
    "noise-energy": "the mean square of the noise",
    "white-noise": "noise that is independent from pixel to pixel",
    "gaussian-noise": "white Gaussian noise of known deviation, not clipped",
    "loss-mask": "a method that can leave pixels out of its loss",
    "denoising": "the identity as operator",
}


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
    noise_energy : float or None, optional
        mean square of y - A x over what was measured, of the noise that was drawn, clipping included: one
        number, as the discrepancy principle assumes it known. For rules that need ``"noise-energy"`` only.
    denoiser : str, default ''
        registered name of the method.
    parameters : Mapping[str, Any], optional
        all parameters of the method.
    """

    iterations: int | None
    observation: Observation
    clean: torch.Tensor | None = None
    noise_energy: float | None = None
    denoiser: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def budget(self, own: int | None = None) -> int:
        """Return the iterations after which a rule stops at the latest.

        Parameters
        ----------
        own : int or None, optional
            the rule's own parameter ``iterations``; None takes the method's, published one.

        Raises
        ------
        PriorbenchError
            Where neither is there, or the number is below 1.
        """
        budget = self.iterations if own is None else own
        if budget is None:
            raise PriorbenchError(
                "the method has no parameter 'iterations', so give the rule one: for example "
                "fixed:iterations=500"
            )
        return check_count("the number of iterations", budget)


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
    """A rule's answer to a look.

    Attributes
    ----------
    keep : bool, default False
        this iterate is its choice so far.
    stop : bool, default False
        it needs no more.
    fired : bool, default False
        it stops because its criterion was met, not because its budget is spent.
    """

    keep: bool = False
    stop: bool = False
    fired: bool = False


class StoppingRule(Protocol):
    """Chooses an iterate. One object serves one fit (and its companion, see `CompanionRule`)."""

    def begin(self, trajectory: Trajectory) -> None:
        """Prepare for a fit; raise `PriorbenchError` with the reason if the rule cannot judge it."""
        ...

    def wants(self, iteration: int) -> bool:
        """Say whether this iteration (1-based) must be looked at."""
        ...

    def observe(self, look: Look) -> Verdict:
        """Judge an iterate that the rule wanted."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Companion:
    """Another fit that a rule asks for: the same method with the same seed, on changed data.

    It runs to its end before the fit that all rules share, which therefore does not change by it.

    Attributes
    ----------
    image : torch.Tensor or None, optional
        y of the companion, of the observation's shape; None = the same.
    mask : torch.Tensor or None, optional
        pixels that may enter its loss, bool, of y's shape; None = the same. Only for rules that need
        ``"loss-mask"``.
    lockstep : bool, default False
        somebody who used the rule alone would run both fits side by side. Then the companion's time counts
        until the iteration at which the rule stops; else all of it counts.
    """

    image: torch.Tensor | None = None
    mask: torch.Tensor | None = None
    lockstep: bool = False


class CompanionRule(StoppingRule, Protocol):
    """A rule that looks at another fit first.

    Where it keeps an iterate of the companion, that is its result, and the shared fit is not shown to it.
    """

    def companion(self) -> Companion:
        """Return what it asks for; called once, after `begin`."""
        ...

    def wants_of_companion(self, iteration: int) -> bool:
        """Say whether this iteration (1-based) of the companion must be looked at."""
        ...

    def observe_companion(self, look: Look) -> Verdict:
        """Judge an iterate of the companion that the rule wanted; `stop` ends the companion."""
        ...

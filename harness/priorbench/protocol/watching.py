"""Shows the iterates of one fit to its stopping rules and to its curves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from priorbench.contract.averages import RAW, Average
from priorbench.contract.observation import Observation
from priorbench.contract.stopping import Companion, CompanionRule, StoppingRule, Trajectory
from priorbench.protocol.exchange import InvalidOutputError, Outcome, Problem, as_array
from priorbench.protocol.looks.looking import Account, LookAt, Point
from priorbench.protocol.looks.watcher import Rule, Watcher, averages_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

CPU = torch.device("cpu")
#: told of each point of a curve
Curved = Callable[[Point], None]


class Watched:
    """One image of a fit, its stopping rules and its curves. Nothing here is told to the method.

    Parameters
    ----------
    problem : Problem
        what is denoised.
    rules : sequence of (StoppingRule, bool) or Rule
        fresh rules, each with True if it is an oracle.
    budget : int or None
        the method's own number of iterations, None where it has none.
    clean : ndarray of float32, optional
        the clean image, for oracles only.
    curve : callable or None, optional
        called at log-spaced iterations; None = no curve.
    curves : Mapping[Average, callable], optional
        the same, for what is reported as an average; all of them have a curve, or none.
    noise_energy : float or None, optional
        mean square of the noise, for rules that need it.
    denoiser, parameters : str or Mapping
        what the method is, for rules.
    """

    def __init__(
        self,
        problem: Problem,
        rules: Iterable[Rule | tuple[StoppingRule, bool]] = (),
        budget: int | None = None,
        *,
        clean: NDArray[np.float32] | None = None,
        curve: Curved | None = lambda point: None,
        curves: Mapping[Average, Curved] | None = None,
        noise_energy: float | None = None,
        denoiser: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self.problem = problem
        self._rules = [Rule(*rule) for rule in rules]
        self._curves = {**({} if curve is None else {RAW: curve}), **(curves or {})}
        self._averages = averages_of([*(rule.average for rule in self._rules), *self._curves])
        blind = Trajectory(
            iterations=budget,
            observation=_on_host(problem),
            denoiser=denoiser,
            parameters=dict(parameters or {}),
        )
        seen = None if clean is None else torch.tensor(clean)
        self._watchers = [
            Watcher(
                rule,
                replace(
                    blind,
                    clean=seen if rule.oracle else None,
                    noise_energy=noise_energy if "noise-energy" in rule.needs else None,
                ),
                self._averages.get(rule.average),
            )
            for rule in self._rules
        ]
        self._watching: list[Watcher] = []
        self._shared, self._last_point = True, 0

    @property
    def active(self) -> bool:
        """Whether a rule has not stopped yet."""
        return any(watcher.active for watcher in self._watchers)

    @property
    def curved(self) -> bool:
        """Whether there is a curve."""
        return bool(self._curves)

    @property
    def watching(self) -> bool:
        """Whether a rule or an average has to see the iterate that was asked about last."""
        return bool(self._watching) or (self.active and bool(self._averages))

    def wants(self, number: int, on_curve: bool) -> bool:
        """Say whether an iterate has to be looked at: for the curve, for a rule, or for an average."""
        # a rule sees what it wants, never what only the curve or another rule wants: its choice must not
        # depend on the company it is in
        self._watching = [one for one in self._watchers if one.wants(number)]
        return self.watching or on_curve

    def can_wait(self, number: int) -> bool:
        """Say whether this iterate is watched, and only by rules that will want the next one as well."""
        return self.watching and all(one.wants(number + 1) for one in self._watching)

    def look(self, look: LookAt, account: Account, on_curve: bool) -> None:
        """Show an iterate to the averages, to the curves, and to the rules that want it."""
        for averages in self._averages.values():
            averages.add(look)
        for watcher in self._watching:
            watcher.observe(look, account)
        if on_curve or not self.active:  # the last iterate belongs to the curve, too
            self._draw(look, account)

    def finish(self, look: LookAt, account: Account) -> None:
        """The method ended, with this iterate: it counts for rules that have not stopped."""
        if self.active and look.iteration > self._last_point:
            self._draw(look, account)
        for watcher in self._watchers:
            watcher.finish(look, account, shared=self._shared)

    def outcomes(self) -> list[Outcome]:
        """Return one outcome for each rule, in order."""
        return [watcher.outcome() for watcher in self._watchers]

    def companions(self) -> dict[tuple[int, ...], Companion]:
        """Return what rules ask for, by their numbers: what is the same for several runs once."""
        asked: list[tuple[list[int], Companion]] = []
        for number, watcher in enumerate(self._watchers):
            companion = watcher.companion()
            if companion is None:
                continue
            for numbers, other in asked:
                if _same(companion, other):
                    numbers.append(number)
                    break
            else:
                asked.append(([number], companion))
        return {tuple(numbers): companion for numbers, companion in asked}

    def beside(self, numbers: Sequence[int], companion: Companion) -> Watched:
        """Return what watches the companion of some rules."""
        rules = [self._rules[number] for number in numbers]
        of_companion = [
            Rule(_OfCompanion(cast("CompanionRule", one.rule)), average=one.average) for one in rules
        ]
        watched = Watched(self._changed(companion), of_companion, curve=None)
        watched._shared = False
        return watched

    def join(self, numbers: Sequence[int], beside: Watched, companion: Companion) -> None:
        """Let rules take over what they saw of their companion."""
        for number, other in zip(numbers, beside._watchers, strict=True):
            self._watchers[number].join(other, lockstep=companion.lockstep)

    def fail(self, numbers: Sequence[int], error: Exception) -> None:
        """End rules whose companion failed."""
        for number in numbers:
            self._watchers[number].fail(error)

    def _draw(self, look: LookAt, account: Account) -> None:
        """Add a point to the curves."""
        self._last_point = look.iteration
        for average, curve in self._curves.items():
            curve(self._point(average, look, account))

    def _point(self, average: Average, look: LookAt, account: Account) -> Point:
        if average == RAW:
            image, cost = look.bring("estimate").image, 0.0
        else:
            averages = self._averages[average]
            image, cost = averages.of.current(), averages.seconds
        return Point(
            iteration=look.iteration,
            wall_seconds=account.wall + cost,
            estimate=as_array(image),
            loss=look.loss,
        )

    def _changed(self, companion: Companion) -> Problem:
        problem, shape = self.problem, self.problem.noisy.shape
        if companion.image is not None:
            image = as_array(companion.image)
            if image.shape != shape or not np.isfinite(image).all():
                raise InvalidOutputError(f"a rule's companion has an image that is none of shape {shape}")
            problem = replace(problem, noisy=image)
        if companion.mask is not None:
            mask = companion.mask
            if tuple(mask.shape) != shape or mask.dtype != torch.bool or not mask.any():
                raise InvalidOutputError(f"a rule's companion has a mask that is none of shape {shape}")
            problem = replace(problem, observation=replace(problem.observation, mask=mask), masked=True)
        return problem


def _same(one: Companion, other: Companion) -> bool:
    """Say whether two rules ask for the same."""
    pairs = [(one.image, other.image), (one.mask, other.mask)]
    alike = [a is b or (a is not None and b is not None and torch.equal(a, b)) for a, b in pairs]
    return one.lockstep == other.lockstep and all(alike)


class _OfCompanion:
    """A rule as it meets its companion, for which it has begun already."""

    def __init__(self, rule: CompanionRule) -> None:
        self.wants, self.observe = rule.wants_of_companion, rule.observe_companion

    def begin(self, trajectory: Trajectory) -> None:
        """Nothing is left to be done."""


def _on_host(problem: Problem) -> Observation:
    """Return the observation as rules see it: they judge on the host, wherever the method runs."""
    own = problem.observation
    image = torch.from_numpy(problem.noisy.copy())
    return replace(own, image=image, device=CPU, mask=None if own.mask is None else own.mask.to(CPU))

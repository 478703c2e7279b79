"""Shows the iterates of one fit to its stopping rules, and keeps the chosen ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from priorbench.contract.observation import Observation
from priorbench.contract.stopping import Look, StoppingRule, Trajectory, Verdict
from priorbench.errors import PriorbenchError
from priorbench.protocol.exchange import (
    Fit,
    InvalidOutputError,
    Kind,
    Outcome,
    Problem,
    Shown,
    Spent,
    Stretch,
    as_array,
    check_values,
)
from priorbench.protocol.refusal import RefusedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: a stopping rule, and whether it is an oracle
Rule = tuple[StoppingRule, bool]
CPU = torch.device("cpu")


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One point of the curve: an iterate on the host, to be scored by the caller."""

    iteration: int
    wall_seconds: float
    estimate: NDArray[np.float32]


@dataclass(kw_only=True, slots=True)
class Account:
    """What a fit has spent so far, of which each of its images pays a share."""

    wall: float = 0.0
    device: float = 0.0
    cpu: float = 0.0
    quiet: bool = True

    def add(self, spent: Spent, share: int) -> None:
        """Add a stretch that `share` images had in common."""
        self.wall += spent.wall / share
        self.device += spent.device / share
        self.cpu += spent.cpu / share


class Watched:
    """One image of a fit, its stopping rules and its curve. Nothing here is told to the method.

    Parameters
    ----------
    problem : Problem
        what is denoised.
    rules : sequence of (StoppingRule, bool)
        fresh rules, each with True if it is an oracle.
    budget : int or None
        the method's own number of iterations, None where it has none.
    clean : ndarray of float32, optional
        the clean image, for oracles only.
    curve : callable, optional
        called at log-spaced iterations.
    """

    def __init__(
        self,
        problem: Problem,
        rules: Sequence[Rule] = (),
        budget: int | None = None,
        *,
        clean: NDArray[np.float32] | None = None,
        curve: Callable[[Point], None] = lambda point: None,
    ) -> None:
        blind = Trajectory(iterations=budget, observation=_on_host(problem))
        seeing = replace(blind, clean=None if clean is None else torch.tensor(clean))
        self._curve = curve
        self._watchers = [_Watcher(rule, seeing if oracle else blind) for rule, oracle in rules]
        self._watching: list[_Watcher] = []

    @property
    def active(self) -> bool:
        """Whether a rule has not stopped yet."""
        return any(watcher.active for watcher in self._watchers)

    @property
    def watching(self) -> bool:
        """Whether the iterate that was asked about last has to be looked at."""
        return bool(self._watching)

    def wants(self, number: int, on_curve: bool) -> bool:
        """Say whether an iterate has to be looked at: for the curve, or for a rule."""
        # a rule sees what it wants and the curve, never what only another rule wants: its choice must not
        # depend on the company it is in
        self._watching = [
            one for one in self._watchers if one.active and (on_curve or one.rule.wants(number))
        ]
        return bool(self._watching)

    def look(self, look: LookAt, account: Account, on_curve: bool) -> None:
        """Show an iterate to the rules that want it, and to the curve."""
        if on_curve:
            estimate = as_array(look.look.estimate)
            self._curve(Point(iteration=look.look.iteration, wall_seconds=account.wall, estimate=estimate))
        for watcher in self._watching:
            watcher.observe(look, account)

    def finish(self, look: LookAt, account: Account) -> None:
        """The method ended, with this iterate: it counts for rules that have not stopped."""
        for watcher in self._watchers:
            watcher.finish(look, account)

    def outcomes(self) -> list[Outcome]:
        """Return one outcome for each rule, in order."""
        return [watcher.outcome() for watcher in self._watchers]


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
        self.shown: Shown | None = None
        self.look = Look(
            iteration=stretch.number,
            loss=stretch.losses[index],
            _estimate=partial(self._bring, "estimate"),
            _output=partial(self._bring, "output") if stretch.apart[index] else None,
        )

    def _bring(self, kind: Kind) -> torch.Tensor:
        shown = self._fit.show(self._index, kind)
        if kind == "estimate":
            self.shown = shown
        return shown.image


class _Watcher:
    """One rule at work: what it keeps, and what had been spent when it stopped."""

    def __init__(self, rule: StoppingRule, trajectory: Trajectory) -> None:
        self.rule = rule
        self.active = True
        self.error: Exception | None = None
        self.kept: torch.Tensor | None = None
        self.kept_at: LookAt | None = None
        self.stopped = Account()
        try:
            rule.begin(trajectory)
        except PriorbenchError as error:
            self.error, self.active = RefusedError(str(error)), False

    def observe(self, look: LookAt, account: Account) -> None:
        try:
            verdict = self.rule.observe(look.look)
        except PriorbenchError as error:
            self.error, self.active = RefusedError(str(error)), False
            return
        self._apply(verdict, look, account)

    def finish(self, look: LookAt, account: Account) -> None:
        """The method ended by itself: its last iterate counts where the rule kept none."""
        if self.active:
            self._apply(Verdict(keep=self.kept is None, stop=True), look, account)

    def _apply(self, verdict: Verdict, look: LookAt, account: Account) -> None:
        if verdict.keep:
            self.kept, self.kept_at = look.look.estimate.clone(), look
        if verdict.stop:
            self.active = False
            self.stopped = replace(account)

    def outcome(self) -> Outcome:
        """Return the kept iterate, with what it and bringing it to the host cost."""
        if self.error is not None:
            return Outcome(error=self.error)
        if self.kept is None or self.kept_at is None or self.kept_at.shown is None:
            return Outcome(
                error=InvalidOutputError("no iterate was usable: the output or loss is not finite")
            )
        return outcome_of(self.kept, self.kept_at.shown, self.stopped, self.kept_at.look.iteration)


def outcome_of(image: torch.Tensor, shown: Shown, account: Account, iterations: int | None) -> Outcome:
    """Return the outcome that an image is, with the seconds until then."""
    output = as_array(image)
    try:
        check_values(output)
    except InvalidOutputError as error:
        return Outcome(error=error)
    return Outcome(
        output=output,
        iterations=iterations,
        wall_seconds=account.wall + shown.made + shown.carried.wall,
        device_seconds=account.device + shown.made + shown.carried.device,
        cpu_seconds=account.cpu + shown.carried.cpu,
        quiet=account.quiet,
    )


def _on_host(problem: Problem) -> Observation:
    """Return the observation as rules see it: they judge on the host, wherever the method runs."""
    own = problem.observation
    image = torch.from_numpy(problem.noisy.copy())
    return replace(own, image=image, device=CPU, mask=None if own.mask is None else own.mask.to(CPU))

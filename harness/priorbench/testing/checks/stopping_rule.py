"""Stopping rules: they choose an iterate, they end, they change nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import torch

from priorbench.contract.methods import Iterate
from priorbench.contract.observation import Observation
from priorbench.contract.specs import DenoiserSpec, StoppingRuleSpec
from priorbench.contract.stopping import CompanionRule, StoppingRule, Trajectory
from priorbench.protocol.exchange import Fit, Kind, Outcome, Shown
from priorbench.protocol.failure import classify
from priorbench.protocol.fit import OwnFit
from priorbench.protocol.looks.watcher import Rule
from priorbench.protocol.measure import measure_iterative
from priorbench.protocol.problems import NoisyProblem
from priorbench.protocol.refusal import RefusedError
from priorbench.protocol.watching import Watched
from priorbench.testing.advice import advice, told
from priorbench.testing.observations import Problems
from priorbench.testing.results import Check, Finding, Skip, finding
from priorbench.testing.subject import Subject

#: budget of the fit that is watched; it goes on for several times that
BUDGET = 40
_PATIENCE = 5


@runtime_checkable
class _Accompanied(CompanionRule, Protocol):
    """A rule with a companion, as it can be told from others."""


class Passing:
    """A fit as rules meet it: from nothing past the clean picture on to the noisy one.

    Parameters
    ----------
    clean, noisy : torch.Tensor
        (channels, height, width).
    """

    def __init__(self, clean: torch.Tensor, noisy: torch.Tensor) -> None:
        self._clean, self._noisy = clean, noisy
        self.made = 0

    def iterate(self, observation: Observation) -> Any:
        """Yield iterates with falling loss, for longer than any budget; then end."""
        for number in range(1, _PATIENCE * BUDGET + 1):
            part = min(2.0, 2.0 * number / BUDGET)
            output = part * self._clean if part <= 1 else torch.lerp(self._clean, self._noisy, part - 1)
            self.made = number
            yield Iterate(output, loss=1.0 / number)


class RememberedFit:
    """A fit that remembers what it has shown.

    Parameters
    ----------
    fit : Fit
        the fit.
    """

    def __init__(self, fit: Fit) -> None:
        self.settle, self.advance = fit.settle, fit.advance
        self._show = fit.show
        self.shown: list[tuple[torch.Tensor, torch.Tensor]] = []

    def show(self, index: int, kind: Kind) -> Shown:
        """Show an iterate."""
        shown = self._show(index, kind)
        self.shown.append((shown.image, shown.image.clone()))
        return shown


class RememberedRule:
    """A rule, and what it was given at the start.

    Parameters
    ----------
    rule : StoppingRule
        the rule; where it asks for a companion, this one does, too.
    """

    def __init__(self, rule: StoppingRule) -> None:
        self._begin = rule.begin
        self.wants, self.observe = rule.wants, rule.observe
        if isinstance(rule, _Accompanied):
            self.companion = rule.companion
            self.wants_of_companion, self.observe_companion = rule.wants_of_companion, rule.observe_companion
        self.given: list[tuple[torch.Tensor, torch.Tensor]] = []

    def begin(self, trajectory: Trajectory) -> None:
        """Prepare for a fit."""
        given = [trajectory.observation.image, *([] if trajectory.clean is None else [trajectory.clean])]
        self.given = [(image, image.clone()) for image in given]
        self._begin(trajectory)


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchedRule:
    """One fit under the rule: the outcome, the iterations made, whether something was written to."""

    outcome: Outcome
    iterations: int
    touched: bool


class RuleSubject(Subject):
    """A stopping rule."""

    spec: StoppingRuleSpec

    @cached_property
    def problem(self) -> NoisyProblem:
        """What the fit is for."""
        spec = DenoiserSpec(name="passing", factory="none:none")
        return Problems(self.setting.registry, spec, "cpu").problem()

    @cached_property
    def watched(self) -> WatchedRule:
        """The fit under a fresh rule."""
        return self.watch()

    def watch(self) -> WatchedRule:
        """Make a fit under a fresh rule."""
        problem, clean = self.problem.problem, self.problem.clean
        rule = RememberedRule(self.make())
        watched = Watched(
            problem,
            [Rule(rule, self.spec.oracle, needs=self.spec.needs)],
            BUDGET,
            clean=clean,
            noise_energy=self.problem.noise_energy,
            denoiser="passing",
        )
        fits = []
        for numbers, companion in watched.companions().items():
            beside = watched.beside(numbers, companion)
            fits.append(self._fit(beside))
            watched.join(numbers, beside, companion)
        fits.append(self._fit(watched))
        seen = [pair for _, fit in fits for pair in fit.shown]
        touched = not all(torch.equal(now, then) for now, then in [*seen, *rule.given])
        (outcome,) = watched.outcomes()
        return WatchedRule(
            outcome=outcome, iterations=max(method.made for method, _ in fits), touched=touched
        )

    def _fit(self, watched: Watched) -> tuple[Passing, RememberedFit]:
        noisy = torch.tensor(watched.problem.noisy)
        method = Passing(torch.tensor(self.problem.clean), noisy)
        fit = RememberedFit(OwnFit(method, [watched.problem]))
        measure_iterative(fit, [watched])
        return method, fit


def chooses(subject: RuleSubject) -> Finding | Skip | None:
    """A rule must pick an iterate; one that refuses this fit, with a reason, is not looked at further."""
    try:
        outcome = subject.watched.outcome
        if isinstance(outcome.error, RefusedError):
            return Skip(f"it refuses the fit of this check: {outcome.error}")
        seen = "" if outcome.error is None else _told(outcome.error)
        if not seen and not outcome.iterations:
            seen = "it kept none"
    except Exception as error:
        seen = told(error)
    return finding(
        seen,
        expected=f"it keeps an iterate of a fit with loss and sigma and a budget of {BUDGET}",
        mend="answer Verdict(keep=True) at the iterate that counts; see priorbench.contract.stopping",
    )


def _told(error: Exception) -> str:
    """Return how a fit failed, and what to do about it."""
    return "; ".join(filter(None, (classify(error)[1], advice(error))))


def ends(subject: RuleSubject) -> Finding | None:
    """A method yields without end."""
    made = subject.watched.iterations
    return finding(
        "" if made < _PATIENCE * BUDGET else f"it still went on after {made}",
        expected=f"it stops within {_PATIENCE} budgets ({_PATIENCE * BUDGET} iterations)",
        mend="answer Verdict(stop=True) at the latest when trajectory.iterations are done",
    )


def says_fired(subject: RuleSubject) -> Finding | None:
    """What stops before the budget is spent stops for the rule's criterion."""
    outcome = subject.watched.outcome
    budget = min(BUDGET, subject.parameters.get("iterations") or BUDGET)
    stopped = outcome.stopped_at or budget
    silent = subject.spec.criterion and stopped < budget and not outcome.fired
    return finding(
        f"it stopped at {stopped} of {budget} iterations, with fired=False" if silent else "",
        expected="a rule that stops before its budget is spent says that its criterion was met",
        mend="answer Verdict(stop=True, fired=True) there; without a criterion: criterion=False in the spec",
    )


def hands_off(subject: RuleSubject) -> Finding | None:
    """It watches a fit that other rules watch, too."""
    return finding(
        "one of them was written to" if subject.watched.touched else "",
        expected="outputs, estimates and the observation are as they were",
        mend="clone what you change",
    )


def repeatable(subject: RuleSubject) -> Finding | None:
    """One fit, one choice."""
    once, again = subject.watched.outcome.iterations, subject.watch().outcome.iterations
    return finding(
        "" if once == again else f"iteration {once}, then {again}",
        expected="two fits that are alike give the same choice",
        mend="keep no state outside the object; 'begin' starts afresh",
    )


CHECKS = (
    Check(name="chooses", what="it chooses an iterate", run=chooses, needs=("loads",)),
    Check(name="ends", what="it comes to an end", run=ends, needs=("chooses",)),
    Check(name="fired", what="it says when its criterion was met", run=says_fired, needs=("ends",)),
    Check(name="hands-off", what="it changes nothing that it is shown", run=hands_off, needs=("chooses",)),
    Check(name="repeatable", what="it chooses the same twice", run=repeatable, needs=("chooses",)),
)

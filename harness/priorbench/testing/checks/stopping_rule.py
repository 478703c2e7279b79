"""Stopping rules: they choose an iterate, they end, they change nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch

from priorbench.contract.methods import Iterate
from priorbench.contract.observation import Observation
from priorbench.contract.specs import DenoiserSpec, StoppingRuleSpec
from priorbench.protocol.clock import device_for
from priorbench.protocol.exchange import Outcome, Problem
from priorbench.protocol.failure import classify, told_in_one_line
from priorbench.protocol.measure import measure_iterative
from priorbench.testing.observations import Problems
from priorbench.testing.results import Check, Finding, finding
from priorbench.testing.subject import Subject

#: budget of the fit that is watched; it goes on for several times that
BUDGET = 40
_PATIENCE = 5


class Passing:
    """A fit as rules meet it: from nothing past the clean picture on to the noisy one.

    Parameters
    ----------
    clean, noisy : torch.Tensor
        (channels, height, width).
    """

    def __init__(self, clean: torch.Tensor, noisy: torch.Tensor) -> None:
        self._clean, self._noisy = clean, noisy
        self.yielded: list[tuple[torch.Tensor, torch.Tensor]] = []

    def iterate(self, observation: Observation) -> Any:
        """Yield iterates with falling loss, for longer than any budget; then end."""
        for number in range(1, _PATIENCE * BUDGET + 1):
            part = min(2.0, 2.0 * number / BUDGET)
            output = part * self._clean if part <= 1 else torch.lerp(self._clean, self._noisy, part - 1)
            self.yielded.append((output, output.clone()))
            yield Iterate(output, loss=1.0 / number)


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
    def problem(self) -> Problem:
        """What the fit is for."""
        spec = DenoiserSpec(name="passing", factory="none:none")
        return Problems(self.setting.registry, spec, "cpu").problem().problem

    @cached_property
    def watched(self) -> WatchedRule:
        """The fit under a fresh rule."""
        return self.watch()

    def watch(self) -> WatchedRule:
        """Make a fit under a fresh rule."""
        noisy = torch.tensor(self.problem.noisy)
        clean = torch.tensor(self.problem.clean)
        method = Passing(clean, noisy)
        problem = replace(self.problem, observation=replace(self.problem.observation, image=noisy.clone()))
        rules = [(self.make(), self.spec.oracle)]
        [outcome] = measure_iterative(method, problem, device_for(torch.device("cpu")), rules, BUDGET)
        same = all(torch.equal(now, then) for now, then in method.yielded)
        same = same and torch.equal(problem.observation.image, noisy)
        return WatchedRule(outcome=outcome, iterations=len(method.yielded), touched=not same)


def chooses(subject: RuleSubject) -> Finding | None:
    """A rule must pick an iterate, or refuse at the start with a reason."""
    try:
        outcome = subject.watched.outcome
        seen = classify(outcome.error)[1] if outcome.error else ""
        if not seen and not outcome.iterations:
            seen = "it kept none"
    except Exception as error:
        seen = told_in_one_line(error)
    return finding(
        seen,
        expected=f"it keeps an iterate of a fit with loss and sigma and a budget of {BUDGET}",
        mend="answer Verdict(keep=True) at the iterate that counts; see priorbench.contract.stopping",
    )


def ends(subject: RuleSubject) -> Finding | None:
    """A method yields without end."""
    made = subject.watched.iterations
    return finding(
        "" if made < _PATIENCE * BUDGET else f"it still went on after {made}",
        expected=f"it stops within {_PATIENCE} budgets ({_PATIENCE * BUDGET} iterations)",
        mend="answer Verdict(stop=True) at the latest when trajectory.iterations are done",
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
    Check(name="hands-off", what="it changes nothing that it is shown", run=hands_off, needs=("chooses",)),
    Check(name="repeatable", what="it chooses the same twice", run=repeatable, needs=("chooses",)),
)

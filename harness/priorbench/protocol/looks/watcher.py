"""One stopping rule at work: what it keeps, what it costs, and what had been spent when it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import torch

from priorbench.contract.averages import RAW, Average
from priorbench.contract.stopping import Companion, StoppingRule, Trajectory, Verdict
from priorbench.errors import PriorbenchError
from priorbench.protocol.exchange import InvalidOutputError, Outcome, Shown, Spent, as_array, check_values
from priorbench.protocol.failure import TrialFailedError, told_in_one_line
from priorbench.protocol.looks.averaging import Averager, averager
from priorbench.protocol.looks.looking import Account, LookAt
from priorbench.protocol.refusal import RefusedError

Answer = TypeVar("Answer")


class RuleError(TrialFailedError):
    """A stopping rule failed; the method has no part in it."""

    def __init__(self, reason: str) -> None:
        super().__init__("error", f"the stopping rule failed: {reason}")


class Rule(NamedTuple):
    """A stopping rule of a fit.

    Attributes
    ----------
    rule : StoppingRule
        a fresh one.
    oracle : bool
        it sees the clean image.
    average : Average
        what is reported of the trajectory.
    needs : tuple of str
        see `priorbench.contract.specs.StoppingRuleSpec`.
    """

    rule: StoppingRule
    oracle: bool = False
    average: Average = RAW
    needs: tuple[str, ...] = ()


@dataclass(kw_only=True, slots=True)
class Averages:
    """A running average that several rules may report, the seconds that it took, and its last output."""

    of: Averager
    seconds: float = 0.0
    shown: Shown | None = None

    def add(self, look: LookAt) -> None:
        """Take the output of an iterate in."""
        shown = self.shown = look.bring("output")
        start = time.perf_counter()
        self.of.add(shown.image)
        self.seconds += time.perf_counter() - start + shown.made + shown.carried.wall

    @property
    def spent(self) -> Spent:
        """What it cost."""
        return Spent(wall=self.seconds, cpu=self.seconds)


def averages_of(averages: Iterable[Average]) -> dict[Average, Averages]:
    """Return running averages, each kind once; the iterate itself needs none."""
    return {average: Averages(of=averager(average)) for average in averages if average != RAW}


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A choice: the image that is reported, the look that it is from, and whether it is paid for.

    An average is there anyway, and an image at which the rule looked is.
    """

    image: torch.Tensor
    at: LookAt
    paid: bool

    @property
    def shown(self) -> Shown:
        """What it cost to have the image."""
        return Shown(image=self.image) if self.paid or self.at.shown is None else self.at.shown


class Watcher:
    """One rule at work.

    Parameters
    ----------
    rule : Rule
        the rule, and what it reports.
    trajectory : Trajectory
        what it is told before the first iteration.
    averages : Averages or None
        the running average that it reports; None = the iterate itself.
    """

    def __init__(self, rule: Rule, trajectory: Trajectory, averages: Averages | None) -> None:
        self.rule, self.averages = rule, averages
        self.active = True
        self.error: Exception | None = None
        self.kept: Kept | None = None
        self.stopped, self.stopped_at, self.fired = Account(), 0, False
        self.loss: float | None = None
        self.of_companion = False
        self.own = Account()  # what judging costs
        self._waited = 0.0
        self._charged: list[Shown] = []  # images of the last look that were charged
        self._seen: list[tuple[int, Account]] = []  # what had been spent at each look
        self._beside: list[tuple[int, Account]] = []  # the same of the companion
        self._guarded(lambda: self.rule.rule.begin(trajectory))

    def companion(self) -> Companion | None:
        """Return the companion that the rule asks for."""
        asks = getattr(self.rule.rule, "companion", None)
        return self._guarded(asks) if self.active and asks is not None else None

    def fail(self, error: Exception) -> None:
        """End without a result."""
        self.error, self.active = error, False

    def wants(self, number: int) -> bool:
        """Say whether the rule has to see an iterate."""
        return self.active and self.rule.rule.wants(number)

    def observe(self, look: LookAt, account: Account) -> None:
        """Show an iterate to the rule."""
        self._seen.append((look.iteration, account))
        self._charged = []
        judged = None
        if self.rule.oracle and self.averages is not None:
            judged = self.averages.of.current()
        seen = look.look(self._charge, judged)
        verdict = self._guarded(lambda: self.rule.rule.observe(seen), look)
        if verdict is not None:
            self._apply(verdict, look, account)

    def finish(self, look: LookAt, account: Account, *, shared: bool) -> None:
        """The method ended by itself: its last iterate counts where the rule kept none.

        Not of a companion (`shared` is False): what a rule keeps of that is its result.
        """
        if self.active:
            self._apply(Verdict(keep=shared and self.kept is None, stop=True), look, account)

    def join(self, other: Watcher, *, lockstep: bool) -> None:
        """Take over what the same rule did on its companion.

        Parameters
        ----------
        other : Watcher
            the rule at work there.
        lockstep : bool
            whether only the companion's time until the iteration of the stop counts.
        """
        self.own = self.own.plus(other.own)
        if other.error is not None:
            self.fail(other.error)
        elif other.kept is not None:
            self.kept, self.active, self.loss = other.kept, False, other.loss
            self.of_companion = True
            self.stopped, self.stopped_at, self.fired = other.stopped, other.stopped_at, other.fired
        elif other._seen:
            self._beside = other._seen if lockstep else [(0, other._seen[-1][1])]

    def outcome(self) -> Outcome:
        """Return the kept image, with what it, judging and bringing it to the host cost."""
        if self.error is not None:
            return Outcome(error=self.error)
        if self.kept is None:
            return Outcome(
                error=InvalidOutputError("no iterate was usable: the output or loss is not finite")
            )
        return replace(
            outcome_of(self.kept.image, self.kept.shown, self._bill(), self.kept.at.iteration),
            stopped_at=self.stopped_at,
            fired=self.fired,
            loss=self.loss,
            of_companion=self.of_companion,
        )

    def _apply(self, verdict: Verdict, look: LookAt, account: Account) -> None:
        if verdict.keep:
            self.kept = self._keep(look)
        if verdict.stop:
            self.active, self.fired = False, verdict.fired
            self.stopped, self.stopped_at, self.loss = account, look.iteration, look.loss
            if self.averages is not None:
                self.own.add(self.averages.spent)

    def _keep(self, look: LookAt) -> Kept:
        if self.averages is not None:
            return Kept(image=self.averages.of.current(), at=look, paid=True)
        shown = look.bring("estimate")
        return Kept(image=shown.image.clone(), at=look, paid=any(one is shown for one in self._charged))

    def _bill(self) -> Account:
        """Return what had been spent at the stop: by the fit, by the companion, and by judging."""
        bill = self.stopped.plus(self.own)
        until = [spent for number, spent in self._beside if number <= self.stopped_at]
        return bill.plus(until[-1]) if until else bill

    def _charge(self, shown: Shown, waited: float) -> None:
        """Charge an image that the rule asked for, whoever asked for it first; its average pays its own."""
        self._charged.append(shown)
        if self.averages is None or shown is not self.averages.shown:
            self.own.add(shown.carried)
            self.own.add(Spent(wall=shown.made, device=shown.made))
        self._waited += waited

    def _guarded(self, ask: Callable[[], Answer], look: LookAt | None = None) -> Answer | None:
        """Return a rule's answer, on its clock; one that refuses, or fails, ends without a result.

        What goes wrong while an image is brought is the method's failure, and that of all rules.
        """
        self._waited, start = 0.0, time.perf_counter()
        try:
            return ask()
        except Exception as error:
            if look is not None and look.broken:
                raise
            refused = isinstance(error, PriorbenchError)
            self.fail(RefusedError(str(error)) if refused else RuleError(told_in_one_line(error)))
            return None
        finally:
            judging = time.perf_counter() - start - self._waited
            self.own.add(Spent(wall=judging, cpu=judging))


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

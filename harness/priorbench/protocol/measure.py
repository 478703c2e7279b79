"""Runs one fit, decides at which iterations the harness looks, and adds up what the method spent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from priorbench.contract.stopping import StoppingRule
from priorbench.protocol.clock import Device
from priorbench.protocol.exchange import Fit, Kind, Outcome, Problem, Shown, Spent, Stretch
from priorbench.protocol.fit import OwnFit
from priorbench.protocol.looks.looking import Account, LookAt, Point
from priorbench.protocol.looks.watcher import Rule, outcome_of
from priorbench.protocol.watching import Watched

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def measure(
    method: Any,
    problem: Problem,
    rules: Sequence[Rule | tuple[StoppingRule, bool]] = (),
    budget: int | None = None,
    *,
    curve: Callable[[Point], None] = lambda point: None,
    clean: NDArray[np.float32] | None = None,
    device: Device | None = None,
) -> list[Outcome]:
    """Run a method in this process; return an outcome for each rule, one for a one-shot method.

    It runs once, and once more before for each rule that asks for a companion.

    Parameters
    ----------
    method : OneShot or Iterative
        freshly made.
    problem : Problem
        what is measured.
    rules, budget, clean, curve : object
        see `priorbench.protocol.watching.Watched`; a one-shot method has none of them.
    device : Device, optional
        the clock's view of the device.

    Raises
    ------
    InvalidOutputError
        Where the method gives something that is not an image of the right shape, type and values.
    """
    if not hasattr(method, "iterate"):
        fit = OwnFit(method, [problem], device)
        outcome = measure_one_shot(fit)
        fit.close()
        if outcome.error is not None:
            raise outcome.error
        return [outcome]

    def fitted(image: Watched) -> list[Outcome]:
        fit = OwnFit(method, [image.problem], device)
        (outcomes,) = measure_iterative(fit, [image])
        fit.close()
        return outcomes

    watched = Watched(problem, rules, budget, clean=clean, curve=curve)
    for numbers, companion in watched.companions().items():
        beside = watched.beside(numbers, companion)
        fitted(beside)
        watched.join(numbers, beside, companion)
    return fitted(watched)


def measure_one_shot(fit: Fit) -> Outcome:
    """Time one call, host array to host array."""
    account = Account(quiet=fit.settle())
    account.add(fit.advance(1, shown_next="estimate").spent)
    shown = fit.show(0, "estimate")
    return outcome_of(shown.image, shown, account, None)


def measure_iterative(fit: Fit, images: Sequence[Watched]) -> list[list[Outcome]]:
    """Run one fit until every rule of each image has stopped; return the outcomes of each image.

    Times are those of all images, divided by the number of those that have not stopped: what an image costs
    in such company.

    Parameters
    ----------
    fit : Fit
        a method at work that has not begun.
    images : sequence of Watched
        in the order of the fit's problems.
    """
    course = _Course(fit, images)
    while any(image.active for image in images):
        if not course.go_on():
            course.end()
            break
    return [image.outcomes() for image in images]


class _Course:
    """The way through a fit, from look to look.

    Where the estimate of an iterate is the output of the next one and all who watch want that, too, the next
    iteration is made first and shows the estimate: no pass has to be made for it. What it costs is not
    counted before it is looked at itself.
    """

    def __init__(self, fit: Fit, images: Sequence[Watched]) -> None:
        self._fit, self._images = fit, images
        self._account, self._share = Account(), len(images)
        self._stretch = Stretch(number=0, ended=False, spent=Spent())
        self._next_point = 1
        self._ahead: Stretch | None = None  # made already, and not yet counted
        self._outputs: dict[int, Shown] = {}  # of that iterate
        self._curved = any(image.curved for image in images)

    def go_on(self) -> bool:
        """Go to the next iterate that somebody wants to see, and show it; False where the method ended."""
        number = self._next_look(self._stretch.number + 1)
        on_curve = self._curved and number == self._next_point
        watched = [image for image in self._images if image.active]
        waits = self._stretch.repeats and all(image.can_wait(number) for image in watched)
        # a point of the curve is looked at for certain; a look for nothing could change an impure method
        one = len(self._images) == 1
        self._advance(number, shown_next="estimate" if one and on_curve and not waits else None)
        if self._stretch.ended:
            return False
        looks = self._looks(on_curve)
        if waits and looks:
            self._look_ahead(looks)
        now = replace(self._account)
        for index, look in looks.items():
            self._images[index].look(look, now, on_curve)
        _even_out(list(looks.values()))
        self._share = max(1, sum(image.active for image in self._images))
        if on_curve:
            self._next_point = next_log_spaced(number)
        return True

    def end(self) -> None:
        """The method ended: its last iterate counts for rules that have not stopped."""
        if not self._stretch.number:
            return
        ends = [LookAt(self._fit, index, self._stretch) for index in range(len(self._images))]
        for look, image in zip(ends, self._images, strict=True):
            image.finish(look, self._account)
        _even_out(ends)

    def _next_look(self, number: int) -> int:
        """Return the next iteration that an image's rules want to see, or that is on the curve."""
        while not any([self._wants(image, number) for image in self._images]):  # noqa: C419 (all are asked)
            number += 1
        return number

    def _wants(self, image: Watched, number: int) -> bool:
        return image.wants(number, self._curved and number == self._next_point)

    def _advance(self, number: int, *, shown_next: Kind | None) -> None:
        """Let the method go on; what was made ahead is taken first."""
        if self._ahead is not None:
            self._stretch, self._ahead = self._ahead, None
            self._account.add(self._stretch.spent, self._share)
            if self._stretch.ended or self._stretch.number == number:
                return
        self._outputs = {}
        self._account.quiet = self._fit.settle() and self._account.quiet
        self._stretch = self._fit.advance(number, shown_next=shown_next)
        self._account.add(self._stretch.spent, self._share)

    def _looks(self, on_curve: bool) -> dict[int, LookAt]:
        looks = {
            index: LookAt(self._fit, index, self._stretch)
            for index, image in enumerate(self._images)
            if image.watching or (on_curve and image.active)
        }
        for index, shown in self._outputs.items():
            if index in looks:
                looks[index].lend("output", shown)
        return looks

    def _look_ahead(self, looks: Mapping[int, LookAt]) -> None:
        """Make the next iteration, whose output is the estimate of this one."""
        for look in looks.values():
            look.bring("output")  # it is gone afterwards
        self._account.quiet = self._fit.settle() and self._account.quiet
        shown_next: Kind | None = "output" if len(self._images) == 1 else None
        self._ahead = self._fit.advance(self._stretch.number + 1, shown_next=shown_next)
        self._outputs = {}
        if not self._ahead.ended:
            self._outputs = {index: self._fit.show(index, "output") for index in looks}
            for index, shown in self._outputs.items():
                looks[index].lend("estimate", shown)


def _even_out(looks: Sequence[LookAt]) -> None:
    """Share what estimates cost among the images that asked: stacked networks give all at the first."""
    made = [look.shown.made for look in looks if look.shown is not None and look.shown.made]
    if len(made) > 1:
        for look in looks:
            look.share_cost(sum(made) / len(made))


def next_log_spaced(iteration: int) -> int:
    """Return the next iteration of the curve: every one up to 10, then about 23 for each decade."""
    return max(iteration + 1, round(iteration * 1.105))

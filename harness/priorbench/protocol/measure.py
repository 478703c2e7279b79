"""Runs one fit, decides at which iterations the harness looks, and adds up what the method spent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from priorbench.protocol.clock import Device
from priorbench.protocol.exchange import Fit, Outcome, Problem, Spent, Stretch
from priorbench.protocol.fit import OwnFit
from priorbench.protocol.watching import Account, LookAt, Point, Rule, Watched, outcome_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def measure(
    method: Any,
    problem: Problem,
    rules: Sequence[Rule] = (),
    budget: int | None = None,
    *,
    curve: Callable[[Point], None] = lambda point: None,
    clean: NDArray[np.float32] | None = None,
    device: Device | None = None,
) -> list[Outcome]:
    """Run a method once in this process; return an outcome for each rule, one for a one-shot method.

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
    fit = OwnFit(method, [problem], device)
    if not hasattr(method, "iterate"):
        outcome = measure_one_shot(fit)
        fit.close()
        if outcome.error is not None:
            raise outcome.error
        return [outcome]
    (outcomes,) = measure_iterative(fit, [Watched(problem, rules, budget, clean=clean, curve=curve)])
    fit.close()
    return outcomes


def measure_one_shot(fit: Fit) -> Outcome:
    """Time one call, host array to host array."""
    account = Account()
    _advance(fit, 1, account, 1, shown_next=True)
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
    account, stretch = Account(), Stretch(number=0, ended=False, spent=Spent())
    next_point, share = 1, len(images)
    while any(image.active for image in images):
        number = _next_look(images, stretch.number + 1, next_point)
        on_curve = number == next_point
        # a point of the curve is looked at for certain; a look for nothing could change an impure method
        stretch = _advance(fit, number, account, share, shown_next=on_curve and len(images) == 1)
        if stretch.ended:
            break
        looks = [(LookAt(fit, index, stretch), image) for index, image in _watching(images)]
        for look, image in looks:
            image.look(look, account, on_curve)
        _even_out([look for look, _ in looks])
        share = max(1, sum(image.active for image in images))
        if on_curve:
            next_point = next_log_spaced(number)
    if stretch.ended and stretch.number:
        ends = [LookAt(fit, index, stretch) for index in range(len(images))]
        for look, image in zip(ends, images, strict=True):
            image.finish(look, account)
        _even_out(ends)
    return [image.outcomes() for image in images]


def _advance(fit: Fit, until: int, account: Account, share: int, *, shown_next: bool) -> Stretch:
    account.quiet = fit.settle() and account.quiet
    stretch = fit.advance(until, shown_next=shown_next)
    account.add(stretch.spent, share)
    return stretch


def _next_look(images: Sequence[Watched], number: int, next_point: int) -> int:
    """Return the next iteration that an image's rules want to see, or that is on the curve."""
    while not any([image.wants(number, number == next_point) for image in images]):  # noqa: C419 (all are asked)
        number += 1
    return number


def _watching(images: Sequence[Watched]) -> list[tuple[int, Watched]]:
    return [(index, image) for index, image in enumerate(images) if image.watching]


def _even_out(looks: Sequence[LookAt]) -> None:
    """Share what estimates cost among the images that asked: stacked networks give all at the first."""
    asked = [look for look in looks if look.shown is not None and look.shown.made]
    if len(asked) > 1:
        mean = sum(look.shown.made for look in asked if look.shown is not None) / len(asked)
        for look in asked:
            if look.shown is not None:
                look.shown = replace(look.shown, made=mean)


def next_log_spaced(iteration: int) -> int:
    """Return the next iteration of the curve: every one up to 10, then about 23 for each decade."""
    return max(iteration + 1, round(iteration * 1.105))

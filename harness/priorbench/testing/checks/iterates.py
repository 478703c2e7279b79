"""What an iterative method yields: the harness owns the loop, looks when it likes, keeps what it likes."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Collection
from typing import Any

import torch

from priorbench.contract.methods import Iterate
from priorbench.testing.advice import check_yields, told
from priorbench.testing.results import Check, Finding, Skip, finding
from priorbench.testing.subject import (
    DenoiserSubject,
    closing,
    estimate_of,
    output_fault,
    shape_fault,
    value_fault,
)

_ONE_SHOT = Skip("it is one-shot")
#: root mean square of a difference that may be rounding, after a few steps
_ROUNDING = 0.005
#: iterates that are compared with the next one
_FEW = 5


def budget(subject: DenoiserSubject) -> Finding | Skip | None:
    """The rule 'fixed' stops at the published budget."""
    if not subject.iterative:
        return _ONE_SHOT
    value = subject.parameters.get("iterations")
    if isinstance(value, int) and value > 0:
        return None
    return Finding(
        expected="a parameter 'iterations', the published budget, that the stopping rule 'fixed' uses",
        seen="there is none" if value is None else f"its value is {value!r}",
        mend="add 'iterations: int = 1000' to __init__; the method itself need not look at it",
    )


def iterates(subject: DenoiserSubject) -> Finding | Skip | None:
    """A rule may want more, or fewer, than the budget."""
    if not subject.iterative:
        return _ONE_SHOT
    count, number = 2 * subject.setting.options.iterations + 2, 0
    observation = subject.problems.usual()
    seen = ""
    made = None
    try:
        made = subject.make().iterate(observation)
        with closing(made) as items:
            for number, item in zip(range(1, count + 1), items, strict=False):  # noqa: B007
                output = estimate_of(item)
                seen = output_fault(output) or shape_fault(output, observation) or value_fault(output)
                if seen:
                    break
    except Exception as error:
        seen = told(error)
    if not seen and isinstance(made, Collection):
        return Finding(
            expected="an iterator that computes each iterate when it is asked for",
            seen=f"iterate is not a generator: it returned a {type(made).__name__}, all computed at once",
            mend="yield each iterate where it is made; curves and times tell nothing of iterations otherwise",
            warning=True,
        )
    return finding(
        f"at iterate {number} (budget {subject.setting.options.iterations}): {seen}" if seen else "",
        expected="every iterate is an image, beyond the budget too, for ever or until the iterator ends",
        mend="loop with 'while True'; when to stop is the harness's affair",
    )


def overwriting(subject: DenoiserSubject) -> Finding | Skip | None:
    """A stopping rule may compare an output with earlier ones."""
    if not subject.iterative:
        return _ONE_SHOT
    if subject.spec.reuses_output:
        return Skip("it says that it reuses its output")
    kept: list[tuple[torch.Tensor, torch.Tensor]] = []
    _walk(subject, lambda item: kept.append((_output(item), _output(item).clone())))
    changed = [number for number, (now, then) in enumerate(kept, 1) if not torch.equal(now, then)]
    return finding(
        f"the output of iteration {changed[0]} was written to again" if changed else "",
        expected="the tensor of an earlier iterate keeps its values",
        mend="yield a new tensor each time (estimate.clone()), or declare reuses_output=True in the spec",
    )


def looking(subject: DenoiserSubject) -> Finding | Skip | None:
    """How often it is looked at depends on other people's stopping rules."""
    if not subject.iterative:
        return _ONE_SHOT

    def look(item: Any) -> None:
        estimate_of(item)
        _loss(item)

    unseen = _walk(subject, lambda item: None)
    watched = _walk(subject, look)
    if torch.equal(estimate_of(unseen), estimate_of(watched)):
        return None
    difference = float((estimate_of(unseen) - estimate_of(watched)).abs().max())
    return Finding(
        expected="asking for 'estimate' and 'loss' changes nothing of what follows",
        seen=f"the last estimate differs by up to {difference:.3g} when earlier ones were asked for",
        mend="'estimate' must draw no random numbers and touch no weights, averages or running statistics",
    )


def next_output(subject: DenoiserSubject) -> Finding | Skip | None:
    """Rules that look at every iterate are then shown the next output, and the estimate is never made."""
    if not subject.iterative:
        return _ONE_SHOT
    said, seen = _unkept_promise(subject.make().iterate(subject.problems.usual()))
    if not seen and hasattr(subject.factory, "iterate_together"):
        pictures = [subject.problems.usual(number=number) for number in range(2)]
        with contextlib.suppress(Exception):  # the check 'together' tells what it raises
            fitted_at_once, seen = _unkept_promise(subject.make().iterate_together(pictures))
            said, seen = said or fitted_at_once, seen and f"{seen} (fitted at once with another)"
    if not said:
        return Skip("it does not say that an estimate is the next output")
    return finding(
        seen,
        expected="with estimate_is_next_output the estimate is, bit for bit, the next iterate's output",
        mend="leave estimate_is_next_output=False where input noise, averages or rounding make them differ",
    )


def loss(subject: DenoiserSubject) -> Finding | Skip | None:
    """The rule 'best-loss' reads it."""
    if not subject.iterative:
        return _ONE_SHOT
    values: list[Any] = []
    _walk(subject, lambda item: values.append(_loss(item)))
    if all(value is None for value in values):
        return Skip("its iterates carry no loss")
    bad = [value for value in values if not isinstance(value, float) or not math.isfinite(value)]
    return finding(
        f"{bad[0]!r}"[:200] if bad else "",
        expected="'loss' is a finite float or a tensor of one number, in every iterate or in none",
        mend="yield Iterate(output, loss=loss.detach())",
    )


def together(subject: DenoiserSubject) -> Finding | Skip | None:
    """With ``--batch`` the harness has several images fitted at once."""
    if not subject.iterative or not hasattr(subject.factory, "iterate_together"):
        return Skip("it has no iterate_together")
    pictures = [subject.problems.usual(number=number) for number in range(2)]
    count = subject.setting.options.iterations
    alone = [_estimates(subject.make().iterate(picture), count) for picture in pictures]
    again = [subject.problems.usual(number=number) for number in range(2)]
    try:
        items = subject.make().iterate_together(again)
        check_yields(items, "iterate_together")
        seen = _unlike(alone, _estimates(items, count))
    except Exception as error:
        seen = told(error)
    return finding(
        seen,
        expected="iterate_together yields for each image, in their order, what iterate does",
        mend="fit them as independent images, each with its own seed, and yield one iterate for each",
    )


def _estimates(items: Any, count: int) -> list[Any]:
    """Return the first estimates of a fit, or lists of them of several."""
    with closing(items) as iterates:
        return [
            [estimate_of(one) for one in item] if isinstance(item, (list, tuple)) else estimate_of(item)
            for item in itertools.islice(iterates, count)
        ]


def _unlike(alone: list[list[torch.Tensor]], rows: list[Any]) -> str:
    """Say where images fitted at once are not those fitted alone, beyond rounding; empty if they are."""
    wanted = list(zip(*alone, strict=True))
    if [len(row) for row in rows] != [len(row) for row in wanted]:
        return f"{len(rows)} iterations of {[len(row) for row in rows][:1]} images for {len(wanted)} of [2]"
    for number, (row, expected) in enumerate(zip(rows, wanted, strict=True), 1):
        for picture, (got, want) in enumerate(zip(row, expected, strict=True), 1):
            difference = float((got - want).square().mean().sqrt()) if got.shape == want.shape else math.inf
            if not difference <= _ROUNDING:  # a NaN is no rounding either
                return f"at iterate {number} image {picture} differs by {difference:.3g} from that of iterate"
    return ""


def _unkept_promise(items: Any) -> tuple[bool, str]:
    """Say whether iterates promise the next output, and where one is not what was promised."""
    promised: list[torch.Tensor | None] = []
    said = False
    with closing(items) as iterates:
        for number, item in enumerate(itertools.islice(iterates, _FEW), 1):
            row = item if isinstance(item, (list, tuple)) else [item]
            for promise, one in zip(promised, row, strict=False):
                output = one.output if isinstance(one, Iterate) else one
                if promise is not None and not (output is not None and torch.equal(promise, output)):
                    return True, f"iterate {number} has {_instead(promise, output)}"
            promised = [_promise(one) for one in row]
            said = said or any(promise is not None for promise in promised)
    return said, ""


def _promise(item: Any) -> torch.Tensor | None:
    says = isinstance(item, Iterate) and item.estimate_is_next_output
    return estimate_of(item).clone() if says else None


def _instead(promise: torch.Tensor, output: torch.Tensor | None) -> str:
    if output is None:
        return "no output"
    if output.shape != promise.shape:
        return f"an output of shape {tuple(output.shape)}, the estimate before was {tuple(promise.shape)}"
    difference = float((output - promise).abs().max())
    return f"an output that differs from the estimate before by up to {difference:.3g}"


def _walk(subject: DenoiserSubject, visit: Callable[[Any], None]) -> Any:
    """Make a fit of the ordinary length, visit each iterate, and return the last before it is closed."""
    last = None
    items = iter(subject.make().iterate(subject.problems.usual()))
    for _, last in zip(range(subject.setting.options.iterations), items, strict=False):
        visit(last)
    return last


def _output(item: Any) -> Any:
    if not isinstance(item, Iterate):
        return item
    return item.output if item.output is not None or item.estimate is None else item.estimate()


def _loss(item: Any) -> Any:
    """Return the loss as a float, or as it is where that is impossible."""
    value = item.loss if isinstance(item, Iterate) else None
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError, RuntimeError):
        return value


CHECKS = (
    Check(
        name="budget", what="an iterative method has the parameter 'iterations'", run=budget, needs=("runs",)
    ),
    Check(
        name="iterates", what="it yields images without end, or ends cleanly", run=iterates, needs=("time",)
    ),
    Check(
        name="overwriting",
        what="earlier outputs are not written to again, unless declared",
        run=overwriting,
        needs=("time",),
    ),
    Check(name="looking", what="looking at an iterate changes nothing", run=looking, needs=("determinism",)),
    Check(
        name="together",
        what="images fitted at once are as if fitted alone, where it can do that",
        run=together,
        needs=("determinism",),
    ),
    Check(
        name="next-output",
        what="an estimate is the next output, where it says so",
        run=next_output,
        needs=("iterates", "determinism"),
    ),
    Check(name="loss", what="losses are finite numbers", run=loss, needs=("time",)),
)

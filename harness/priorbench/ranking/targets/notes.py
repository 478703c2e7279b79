"""What a reader of a table of targets must know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from priorbench.ranking.panels import Panel
from priorbench.ranking.targets.choosing import Runner
from priorbench.ranking.targets.collecting import Method, Told
from priorbench.ranking.targets.measures import EXACT_DB
from priorbench.ranking.targets.model import MethodTimes
from priorbench.words import few, listed, plural


def notes(
    panel: Panel,
    runners: Mapping[str, Runner],
    told: Mapping[Method, Told],
    *,
    missing: Sequence[str],
    partial: Mapping[str, int],
    left_out: int,
) -> tuple[str, ...]:
    """Return what is left out of a board, and what its times are worth.

    Parameters
    ----------
    panel : Panel
        of the board.
    runners : Mapping[str, Runner]
        by name, with the fits that count.
    told : Mapping[Method, Told]
        what records tell, also of methods without a fit.
    missing : Sequence[str]
        targets that this board does not have.
    partial : Mapping[str, int]
        target -> slots without it.
    left_out : int
        slots that methods are not compared over.
    """
    fewer = [f"{name} on {plural(count, 'noisy image')}" for name, count in partial.items() if count]
    less = [f"without a PSNR to count from, so in no success rate: {', '.join(fewer)}"] if fewer else []
    return (*panel.notes, *less, *_left_out(told, runners, missing, left_out), *_of_times(panel, runners))


def by_definition(methods: Sequence[MethodTimes]) -> list[str]:
    """Say which methods reach which targets because these are their own results, or lie below them."""
    return [
        f"{one.name} reaches {listed(one.own_targets)} by definition" for one in methods if one.own_targets
    ]


def _left_out(
    told: Mapping[Method, Told], runners: Mapping[str, Runner], missing: Sequence[str], left_out: int
) -> Iterator[str]:
    if missing:
        yield f"no result of such a method on this board: {', '.join(missing)}"
    if left_out:
        yield f"{plural(left_out, 'noisy image')} that some methods do not have left out"
    for words, part in (
        ("without a curve, so left out", "curveless"),
        ("refused by the method or by every rule, so left out", "refused"),
        ("with a curve that cannot be one, left out", "damaged"),
    ):
        counts = {_title(method): len(_only(getattr(own, part), own)) for method, own in told.items()}
        lines = [f"{name} on {plural(count, 'noisy image')}" for name, count in counts.items() if count]
        if lines:
            yield f"{words}: {few(lines)}"
    older = [name for name, one in runners.items() if one.outdated]
    if older:
        yield f"fits of other parameters or code are left out, the last that ran count: {few(older)}"
    none = [name for name, one in runners.items() if not one.fits]
    if none:
        yield f"not on the images that are compared: {few(none)}"
    if any(np.isposinf(fit.psnr).any() for one in runners.values() for fit in one.fits.values()):
        yield f"an image that was restored exactly counts as {EXACT_DB:g} dB in means"


def _only(slots: set[int], told: Told) -> set[int]:
    """Return the slots for which there is no fit from another record."""
    return slots - {slot for there in told.fits.values() for slot in there}


def _title(method: Method) -> str:
    return method.label if method.rule is None else f"{method.label}@{method.rule}"


def _of_times(panel: Panel, runners: Mapping[str, Runner]) -> Iterator[str]:
    failed = {name: sum(fit.failed for fit in one.fits.values()) for name, one in runners.items()}
    lines = [f"{name} {count}" for name, count in failed.items() if count]
    if lines:
        yield f"failed fits reach nothing, after the time that their record tells: {', '.join(lines)}"
    together = [f"{name} {one.batch}" for name, one in runners.items() if one.batch > 1]
    if together:
        yield (
            f"fitted at once, at most: {', '.join(together)}; a time is an image's share of them, not how"
            " long one waits"
        )
    unlike = [name for name, one in runners.items() if one.fits and not one.timed]
    if unlike:
        yield f"no times, because trials ran in unlike environments or times are unknown: {', '.join(unlike)}"
    occasions = _occasions(panel)
    if occasions > 1:
        yield (
            f"timed on {occasions} occasions: the machine may have been slower on one than on another,"
            " so small differences in time say nothing"
        )


def _occasions(panel: Panel) -> int:
    """Return on how many occasions the trials of one environment ran, at most."""
    seen: dict[str, set[float]] = {}
    for entry, occasion in zip(panel.scores.entry.tolist(), panel.occasion.tolist(), strict=True):
        if np.isfinite(occasion):
            seen.setdefault(panel.scores.entries[entry].environment, set()).add(occasion)
    return max(map(len, seen.values()), default=0)

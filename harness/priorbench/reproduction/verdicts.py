"""Judges claims: do their numbers lie within the bounds, outside, or can this run not tell?

Several values are independent, so their mean has an interval (Student's t, 95 %). A quantity is inside where
all of the interval is, outside where none of it is, and unclear in between. One value is its own interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from priorbench.experiments.claims import Claim, Quantity
from priorbench.ranking.inference.statistics import mean_intervals

LEVEL = 0.95
#: what is nearer to 0 stands for "more, or less, than 0"
_TINY = 1e-300
#: whole numbers below this are counts
_COUNT = 1e9


class Side(StrEnum):
    """Where a quantity lies."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNCLEAR = "unclear"


class Verdict(StrEnum):
    """What a run says of a claim."""

    HOLDS = "holds"
    FAILS = "does not hold"
    AS_CODED = "holds only as coded"
    TOO_SMALL = "too small a run to say"


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A quantity with its mean, its interval (None for one value), and where it lies."""

    quantity: Quantity
    mean: float | None
    interval: tuple[float, float] | None
    side: Side


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """A claim, its quantities judged, the verdict, and why it is none where the run is too small."""

    claim: Claim
    quantities: tuple[Judged, ...]
    as_coded: tuple[Judged, ...]
    verdict: Verdict
    reason: str = ""


def judge(claim: Claim) -> Judgement:
    """Return the verdict on a claim; it follows from the numbers and bounds alone."""
    stated = tuple(map(judge_quantity, claim.quantities))
    coded = tuple(map(judge_quantity, claim.as_coded))
    verdict, reason = _verdict(claim, stated, coded)
    return Judgement(claim=claim, quantities=stated, as_coded=coded, verdict=verdict, reason=reason)


def judge_quantity(quantity: Quantity) -> Judged:
    """Return where a quantity lies."""
    values = np.array(quantity.found, dtype=np.float64)
    if not values.size:
        return Judged(quantity=quantity, mean=None, interval=None, side=Side.UNCLEAR)
    mean = float(values.mean())
    if not np.isfinite(values).all():
        return Judged(quantity=quantity, mean=mean, interval=None, side=Side.OUTSIDE)
    scale = float(np.abs(values).max()) or 1.0  # what rounding is, is relative to the values, not to 1 dB
    found = mean_intervals(values[None] / scale, LEVEL)[0]
    low, high = (mean, mean) if found is None else (found.low * scale, found.high * scale)
    return Judged(
        quantity=quantity,
        mean=mean,
        interval=None if found is None else (low, high),
        side=_side(low, high, quantity.low, quantity.high),
    )


def _side(low: float, high: float, least: float, most: float) -> Side:
    if least <= low and high <= most:
        return Side.INSIDE
    return Side.OUTSIDE if high < least or low > most else Side.UNCLEAR


def _verdict(claim: Claim, stated: tuple[Judged, ...], coded: tuple[Judged, ...]) -> tuple[Verdict, str]:
    if claim.too_small:
        return Verdict.TOO_SMALL, claim.too_small
    text, code = _together(stated), _together(coded) if coded else Side.OUTSIDE
    if text is Side.INSIDE:
        return Verdict.HOLDS, ""
    if text is Side.OUTSIDE and code is not Side.UNCLEAR:
        return (Verdict.AS_CODED if code is Side.INSIDE else Verdict.FAILS), ""
    return Verdict.TOO_SMALL, _doubt(stated if text is Side.UNCLEAR else coded)


def _together(judged: Iterable[Judged]) -> Side:
    """Return where all lie: one outside decides, one unclear leaves it open."""
    sides = {one.side for one in judged}
    return next(side for side in (Side.OUTSIDE, Side.UNCLEAR, Side.INSIDE) if side in sides)


def _doubt(judged: Iterable[Judged]) -> str:
    """Say why quantities cannot be told."""
    unclear = [one for one in judged if one.side is Side.UNCLEAR]
    nothing = [one.quantity.name for one in unclear if one.mean is None]
    if nothing:
        return f"nothing was measured: {', '.join(nothing)}"
    names = ", ".join(one.quantity.name for one in unclear)
    return f"the interval reaches across the bound: {names}"


def shown(value: float) -> str:
    """Return a number with four digits; a count has all of its own, in groups of three."""
    if float(value).is_integer() and abs(value) < _COUNT:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def bounds(quantity: Quantity) -> str:
    """Return a quantity's bounds as people write them."""
    low, high = (0.0 if abs(end) < _TINY else end for end in (quantity.low, quantity.high))
    if math.isinf(low):
        return f"below {shown(high)}"
    if math.isinf(high):
        return f"above {shown(low)}"
    if float(low).is_integer() and float(high).is_integer():
        return f"{shown(low)} to {shown(high)}"
    digits = next((n for n in range(4, 12) if _told_apart(low, high, n)), 12)
    return f"{low:.{digits}g} to {high:.{digits}g}"


def _told_apart(low: float, high: float, digits: int) -> bool:
    """Say whether two bounds, so rounded, keep their distance to a tenth of it."""
    rounded = float(f"{high:.{digits}g}") - float(f"{low:.{digits}g}")
    return abs(rounded - (high - low)) <= (high - low) / 10

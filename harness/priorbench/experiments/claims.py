"""Claims of a paper as numbers within bounds; the harness judges them, nobody writes a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """One number of a claim: between which bounds the claim holds, and what was found.

    Make it with `near`, `between`, `above` or `below`. Several values are of independent seeds, images or
    runs: what is judged is their mean with its 95 % interval. One value is judged as it is.

    Attributes
    ----------
    name : str
        what it is, for example ``"BM3D, mean PSNR"``.
    found : tuple of float
        the values; empty where nothing was measured, which decides nothing. One that is not finite is
        outside of all bounds.
    low, high : float
        the claim allows what lies from `low` to `high`, both included.
    published : float or None, optional
        the paper's number, where it prints one.
    unit : str, default ''
        for example ``"dB"``.
    """

    name: str
    found: tuple[float, ...]
    low: float = -math.inf
    high: float = math.inf
    published: float | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        """Refuse bounds that nothing or everything lies between."""
        if not self.low <= self.high or (self.low, self.high) == (-math.inf, math.inf):
            raise ValueError(f"{self.name}: no claim holds from {self.low} to {self.high}, or every one")

    @classmethod
    def near(
        cls, name: str, found: float | Iterable[float], published: float, tolerance: float, unit: str = ""
    ) -> Quantity:
        """Return a number that is to lie within `tolerance` of the published one."""
        low, high = published - tolerance, published + tolerance
        return cls(name=name, found=_values(found), low=low, high=high, published=published, unit=unit)

    @classmethod
    def between(
        cls,
        name: str,
        found: float | Iterable[float],
        low: float,
        high: float,
        published: float | None = None,
        unit: str = "",
    ) -> Quantity:
        """Return a number that is to lie from `low` to `high`."""
        return cls(name=name, found=_values(found), low=low, high=high, published=published, unit=unit)

    @classmethod
    def above(
        cls,
        name: str,
        found: float | Iterable[float],
        limit: float,
        published: float | None = None,
        unit: str = "",
    ) -> Quantity:
        """Return a number that is to be greater than `limit`: for an order, the paired differences and 0."""
        low = math.nextafter(limit, math.inf)
        return cls(name=name, found=_values(found), low=low, published=published, unit=unit)

    @classmethod
    def below(
        cls,
        name: str,
        found: float | Iterable[float],
        limit: float,
        published: float | None = None,
        unit: str = "",
    ) -> Quantity:
        """Return a number that is to be less than `limit`."""
        high = math.nextafter(limit, -math.inf)
        return cls(name=name, found=_values(found), high=high, published=published, unit=unit)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """One statement of a paper. It holds where all its quantities lie within their bounds.

    Attributes
    ----------
    statement : str
        what the paper says, so that its reader knows it again.
    place : str
        where, for example ``"Table 1"`` or ``"Section 4, Fig. 8"``.
    quantities : tuple of Quantity
        the numbers by the paper's text, or as they should be computed.
    as_coded : tuple of Quantity, default ()
        the same numbers as the published code computes them, where it does otherwise than the text says. If
        only these lie within the bounds, the claim holds only as coded.
    basis : str, default ''
        where the bounds come from: the paper's own spread, or ours over seeds. Set before the run.
    too_small : str, default ''
        why a run of this size cannot decide, for example ``"300 of 10,010 iterations"``; its numbers are
        shown and not judged.
    row : str, default ''
        number of the `Row` in the checklist that it belongs to.
    note : str, default ''
        what its reader should know.
    """

    statement: str
    place: str
    quantities: tuple[Quantity, ...]
    as_coded: tuple[Quantity, ...] = ()
    basis: str = ""
    too_small: str = ""
    row: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a claim without a number."""
        if not self.quantities:
            raise ValueError(f"the claim '{self.statement}' has no quantity")


def _values(found: float | Iterable[float]) -> tuple[float, ...]:
    if isinstance(found, Iterable):
        return tuple(float(value) for value in found)
    return (float(found),)

"""Which image of a fit is reported: the iterate that a rule chose, or an average of the outputs up to it.

This is an axis of its own beside methods and stopping rules. Rules judge the iterates as they are; the
oracle, which knows the answer, judges what is reported. It is written as a parameter that every stopping rule
has, ``average``, and so it is in keys, requests and labels wherever a rule's parameters are. Beside it stands
``stop_now``: the rule has a fit of its own, which ends when the rule stops.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from priorbench.errors import PriorbenchError

AVERAGE, STOP_NOW = "average", "stop_now"
#: parameters of every stopping rule; no rule's factory may have one of these names
RESERVED = (AVERAGE, STOP_NOW)

_WEIGHT, _COUNT, _MOST = 0.99, 100, 10_000
_WRITTEN = re.compile(r"(raw|ema|last)(?:-(\d+(?:\.\d+)?))?\Z")
_SPELLINGS = "raw, ema-0.99 (any weight of the past from 0 to below 1), or last-100 (any number from 1)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Average:
    """What is reported of a trajectory x_1, x_2, ... of outputs at iteration t.

    Attributes
    ----------
    kind : {'raw', 'ema', 'last'}, default 'raw'
        the iterate itself; the exponential average a_1 = x_1, a_t = beta a_(t-1) + (1 - beta) x_t; or the
        mean of the last K outputs (of all, as long as there are fewer).
    weight : float, default 0.0
        beta, of ``"ema"``.
    count : int, default 0
        K, of ``"last"``. K outputs are kept: 4 K bytes for each value of an image.
    """

    kind: Literal["raw", "ema", "last"] = "raw"
    weight: float = 0.0
    count: int = 0

    def __str__(self) -> str:
        """Return how it is written."""
        return {"raw": "raw", "ema": f"ema-{self.weight:g}", "last": f"last-{self.count}"}[self.kind]


RAW = Average()


def read_average(text: Any) -> Average:
    """Return what an average is, from its spelling; ``ema`` is ``ema-0.99``, ``last`` is ``last-100``.

    Raises
    ------
    PriorbenchError
        Where it is no average; one line.
    """
    found = _WRITTEN.match(text) if isinstance(text, str) else None
    if found is None or (found[1] == "raw" and found[2]):
        raise PriorbenchError(f"{AVERAGE} is {text!r}: write {_SPELLINGS}")
    kind, number = found[1], found[2]
    if kind == "raw":
        return RAW
    if kind == "ema":
        weight = _WEIGHT if number is None else float(f"{float(number):g}")
        if not 0 <= weight < 1:
            raise PriorbenchError(f"{AVERAGE} is {text!r}: the weight of the past is below 1")
        return Average(kind="ema", weight=weight)
    count = _COUNT if number is None else (int(number) if number.isdigit() else 0)
    if not 1 <= count <= _MOST:
        raise PriorbenchError(f"{AVERAGE} is {text!r}: give a whole number of iterations from 1 to {_MOST}")
    return Average(kind="last", count=count)


def average_of(parameters: Mapping[str, Any]) -> Average:
    """Return the average that the parameters of a stopping rule's choice ask for."""
    return read_average(parameters.get(AVERAGE, "raw"))


def own_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a stopping rule's choice without those that every rule has."""
    return {name: value for name, value in parameters.items() if name not in RESERVED}


def reserved_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return those parameters that every rule has, checked, as they are kept: what says nothing is left out.

    Raises
    ------
    PriorbenchError
        For a value that is none; one line.
    """
    average = average_of(parameters)
    stop_now = parameters.get(STOP_NOW, False)
    if not isinstance(stop_now, bool):
        raise PriorbenchError(f"{STOP_NOW} is {stop_now!r}: write true or false")
    return {
        **({} if average == RAW else {AVERAGE: str(average)}),
        **({STOP_NOW: True} if stop_now else {}),
    }

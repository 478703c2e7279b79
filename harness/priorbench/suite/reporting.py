"""The axis of what is reported: crosses a suite's stopping rules with its averages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from priorbench.contract.averages import (
    AVERAGE,
    RAW,
    RESERVED,
    STOP_NOW,
    Average,
    average_of,
    own_parameters,
    reserved_parameters,
)
from priorbench.contract.choice import Choice
from priorbench.contract.specs import StoppingRuleSpec
from priorbench.errors import PriorbenchError
from priorbench.suite.notation import RawChoice, label_of


def rule_choice(
    spec: StoppingRuleSpec, completed: Callable[[Mapping[str, Any]], Mapping[str, Any]], raw: RawChoice
) -> Choice:
    """Return the checked choice of a stopping rule, with what is reported of the fit.

    Parameters
    ----------
    spec : StoppingRuleSpec
        of the rule.
    completed : callable
        checks and completes the parameters of its factory.
    raw : RawChoice
        as it was written; it may give ``average`` and ``stop_now``, which every rule has.

    Raises
    ------
    PriorbenchError
        For parameters that are none.
    """
    given = {name: value for name, value in raw.parameters.items() if name in RESERVED}
    plain = replace(raw, parameters=own_parameters(raw.parameters))
    reserved = reserved_parameters(given)
    label = label_of(plain, spec)
    if raw.label is None:
        label += _suffix(reserved)
    if AVERAGE in given:
        reserved[AVERAGE] = str(average_of(given))  # also where that is raw: it is not to be crossed
    parameters = completed(plain.parameters)
    for name in RESERVED:
        if name in parameters:
            raise PriorbenchError(f"its parameter '{name}' is one that every rule has: it must be renamed")
    return Choice(name=raw.name, label=label, parameters={**parameters, **reserved})


def crossed(
    rules: Sequence[Choice], averages: Sequence[Average], oracles: frozenset[str], *, stop_now: bool
) -> tuple[Choice, ...]:
    """Return every rule with every average; one that says itself what it reports stays as it is.

    Parameters
    ----------
    rules : sequence of Choice
        of a suite.
    averages : sequence of Average
        what the suite reports.
    oracles : frozenset of str
        names of rules that see the clean image; they get no fit of their own.
    stop_now : bool
        whether each rule has a fit of its own, which ends when the rule stops.
    """
    found: list[Choice] = []
    for rule in rules:
        own = [RAW] if AVERAGE in rule.parameters or not averages else averages
        alone = stop_now and rule.name not in oracles and not rule.parameters.get(STOP_NOW)
        for average in own:
            more = reserved_parameters({AVERAGE: str(average), **({STOP_NOW: True} if alone else {})})
            kept = reserved_parameters({**rule.parameters, **more})
            one = replace(
                rule, label=rule.label + _suffix(more), parameters={**own_parameters(rule.parameters), **kept}
            )
            if one not in found:
                found.append(one)
    return tuple(found)


def _suffix(reserved: Mapping[str, Any]) -> str:
    average = reserved.get(AVERAGE)
    return ("" if average is None else f"+{average}") + ("+stop-now" if reserved.get(STOP_NOW) else "")

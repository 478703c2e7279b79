"""Finds the registered image set, noise model or operator for a label in a record."""

from __future__ import annotations

from collections.abc import Iterable

from priorbench.contract.choice import Choice
from priorbench.contract.specs import KINDS
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import Registry
from priorbench.suite.files import find_suite, load_suite
from priorbench.suite.resolution import choose


def find_choices(registry: Registry, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Choice]:
    """Return what labels stand for: their own spelling, or what a registered suite calls so.

    Parameters
    ----------
    registry : Registry
        what is installed.
    wanted : Iterable[tuple[str, str]]
        (kind, label) pairs; kind is "image set", "noise model" or "operator".

    Returns
    -------
    dict
        Without the labels that nothing here explains. A label is only a name: compare digests before
        something is shown as the same.
    """
    found = {}
    for kind, label in wanted:
        choice = _spelled(registry, kind, label) or _from_suites(registry, kind, label)
        if choice is not None:
            found[kind, label] = choice
    return found


def _spelled(registry: Registry, kind: str, label: str) -> Choice | None:
    if label.partition(":")[0] not in registry.all(kind):
        return None
    try:
        return choose(registry, kind, label)
    except PriorbenchError:
        return None


def _from_suites(registry: Registry, kind: str, label: str) -> Choice | None:
    for name in registry.all("suite"):
        try:
            if label not in find_suite(name, registry).text:  # checking a suite imports its methods
                continue
            suite = load_suite(name, registry)
        except PriorbenchError:
            continue
        choices: tuple[Choice, ...] = getattr(suite, KINDS[kind].suite_key)
        for choice in choices:
            if choice.label == label:
                return choice
    return None

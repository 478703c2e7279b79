"""Stopping rules from publications, as a plugin."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import StoppingRuleSpec, hookimpl
from priorbench_stopping.companions import companion_rules


@hookimpl
def priorbench_stopping_rules() -> Iterator[StoppingRuleSpec]:
    """Yield the rules that look at a fit of their own first."""
    yield from companion_rules()

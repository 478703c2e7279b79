"""Records as rows of plain values: a column for each field, and for each parameter, metric and limit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from priorbench.store.exchange import NESTED

if TYPE_CHECKING:
    from priorbench.ranking.filters import Named

#: fields whose entries have columns of their own, as ``parameters.iterations``
_SPREAD = (
    "parameters",
    "stopping_parameters",
    "noise_parameters",
    "operator_parameters",
    "metrics",
    "limits",
)
#: of the environment
_FACTS = ("fingerprint", "processor", "accelerator", "system", "python")


def flat(values: Mapping[str, Any], named: Named) -> dict[str, Any]:
    """Return a record, as it is exported, as one row.

    Parameters
    ----------
    values : Mapping[str, Any]
        the record.
    named : Named
        what it was asked for as.
    """
    request, tags = named.request, values.get("run_tags", {})
    row: dict[str, Any] = {
        "denoiser_label": request.denoiser.label,
        "stopping_label": None if request.stopping is None else request.stopping.label,
        "image_set_label": request.image_set.label,
        "noise_label": request.noise.label,
        "operator_label": request.operator.label,
        "suite": request.suite,
        "tags": "; ".join(sorted({tag for own in tags.values() for tag in own})) or None,
        "current": named.current,
        "also": "; ".join(sorted({*named.also} - {named.row})) or None,
    }
    row |= {name: value for name, value in values.items() if name not in NESTED}
    row["notes"] = "; ".join(values.get("notes", ())) or None
    row["trained_on"] = "; ".join(values.get("trained_on", ())) or None
    shown = {**values, "metrics": {**named.metrics, **(values.get("metrics") or {})}}
    for name in _SPREAD:
        for entry, value in (shown.get(name) or {}).items():
            row[f"{name}.{entry}"] = json.dumps(value) if isinstance(value, (dict, list)) else value
    for name in _FACTS:
        row[f"environment.{name}"] = values["environment"].get(name)
    return row


def nested(values: Mapping[str, Any]) -> dict[str, str]:
    """Return what a record has that is not a single value, as JSON texts: with it nothing is lost."""
    return {name: json.dumps(value, allow_nan=False) for name, value in values.items() if name in NESTED}


def as_table(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows that all have the columns of any, each column of one type; None where a row has no value.

    A column in which numbers and texts meet has texts.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    kinds: dict[str, set[type]] = {name: set() for name in names}
    for row in rows:
        for name, value in row.items():
            if value is not None:
                kinds[name].add(type(value))
    casts = {name: _cast(found) for name, found in kinds.items()}
    return [{name: _with(casts[name], row.get(name)) for name in names} for row in rows]


def _cast(kinds: set[type]) -> type | None:
    """Return what all values of a column become, or None where they are of one type."""
    if len(kinds) < 2:
        return None
    return float if kinds == {int, float} else str


def _with(cast: type | None, value: Any) -> Any:
    if value is None or cast is None or type(value) is cast:
        return value
    return float(value) if cast is float else json.dumps(value)

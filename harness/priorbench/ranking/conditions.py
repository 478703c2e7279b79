"""The conditions in which the rows of a board differ, and their names with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from priorbench.ranking.names import Place, row_names
from priorbench.ranking.panels import Panel


def conditions(panel: Panel) -> list[tuple[str, ...]]:
    """Return for each row its device, threads, batch and environment, as far as the rows differ in them.

    A batch is the number of images that were fitted at once, at most. Environments are those of a same device
    and number of threads, because these are part of an environment.
    """
    entries = [
        {panel.scores.entries[entry] for entry in np.unique(panel.scores.entry[panel.row == row])}
        for row in range(len(panel.places))
    ]
    batches = [max((entry.batch for entry in own), default=1) for own in entries]
    environments = ["+".join(sorted({entry.environment for entry in own})) for own in entries]
    columns = [
        _differing([place.device for place in panel.places]),
        _differing([f"{place.threads}-threads" for place in panel.places]),
        _differing([f"batch-{batch}" for batch in batches]),
        _environments(panel.places, environments),
    ]
    return [tuple(filter(None, parts)) for parts in zip(*columns, strict=True)]


def shown_names(panel: Panel) -> list[str]:
    """Return the shortest name of each row that no other has, and its conditions."""
    bare = row_names(panel.places)
    return [
        "@".join([bare[place], *(part for part in parts if part not in bare[place].split("@"))])
        for place, parts in zip(panel.places, conditions(panel), strict=True)
    ]


def _differing(values: Sequence[str]) -> list[str]:
    return list(values) if len(set(values)) > 1 else [""] * len(values)


def _environments(places: Sequence[Place], environments: Sequence[str]) -> list[str]:
    kinds: dict[tuple[str, int], set[str]] = {}
    for place, environment in zip(places, environments, strict=True):
        kinds.setdefault((place.device, place.threads), set()).add(environment)
    return [
        _short(environment) if len(kinds[place.device, place.threads]) > 1 else ""
        for place, environment in zip(places, environments, strict=True)
    ]


def _short(environment: str) -> str:
    several = "+" in environment
    return "env-several" if several else f"env-{environment[:6] or 'unknown'}"

"""Tags of runs, as they leave a store with its records and come into one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from priorbench.contract.requests import Run
from priorbench.store.documents import UnreadableError
from priorbench.store.tables import RUNS

#: what a run may have at most, and how long one may be
_MOST, _LETTERS = 1000, 1000


def is_tag(text: str) -> bool:
    """Say whether a run may be tagged so: text that is seen, without the signs of wildcards."""
    return bool(text) and text.isprintable() and text == text.strip() and not set(text) & set("*?[")


def tags_of(run: Run) -> tuple[str, ...]:
    """Return the tags of a run."""
    return tuple(run.options.get("tags", ()))


def told_tags(runs: Iterable[Run]) -> dict[str, list[str]]:
    """Return the tags of those runs that have any, by the id of the run."""
    return {run.id: list(tags) for run in runs if (tags := tags_of(run))}


def with_tags(runs: Sequence[Run], given: Any) -> list[Run]:
    """Return runs with the tags that `told_tags` wrote; None, as in files from before, is none.

    Raises
    ------
    UnreadableError
        If these are no tags.
    """
    if given is None:
        return list(runs)
    if not isinstance(given, Mapping):
        raise UnreadableError("the field 'run_tags' is of the wrong type")
    return [_tagged(run, given[run.id]) if run.id in given else run for run in runs]


def _tagged(run: Run, tags: Any) -> Run:
    if not isinstance(tags, list) or len(tags) > _MOST:
        raise UnreadableError(f"the tags of a run are no list of at most {_MOST}")
    for tag in tags:
        if not isinstance(tag, str) or len(tag) > _LETTERS or not is_tag(tag) or set(tag) & set("<>"):
            raise UnreadableError(f"the tag {tag!a:.80} of a run is no name")
    return replace(run, options={**run.options, "tags": sorted(set(tags))}) if tags else run


def unite_tags(connection: sa.Connection, run: Run) -> None:
    """Give a run that is stored the tags that it has elsewhere, too; in which order does not matter."""
    found = connection.execute(sa.select(RUNS.c.data).where(RUNS.c.id == run.id)).scalar_one_or_none()
    try:
        about = json.loads(found or "")
        there = about["options"].get("tags", [])
        missing = set(tags_of(run)) - set(there)
    except (ValueError, TypeError, KeyError, AttributeError):
        return  # a damaged row is told where it is read
    if missing:
        about["options"]["tags"] = sorted({*there, *missing})
        connection.execute(sa.update(RUNS).where(RUNS.c.id == run.id).values(data=json.dumps(about)))

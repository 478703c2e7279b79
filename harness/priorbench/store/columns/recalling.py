"""The scores of a large store from what is remembered of it, and the other way round."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from priorbench.store.asked import Asked, in_order, read_questions
from priorbench.store.columns import remembered
from priorbench.store.columns.filling import COLUMNS
from priorbench.store.columns.remembered import Columns
from priorbench.store.files import Stamp
from priorbench.store.score_tables import shared_tables
from priorbench.store.scores import VERSION, Scores, read_entries, read_problems
from priorbench.store.statements import Note
from priorbench.store.tables import FORM

_VERSION = f"scores {VERSION} of form {FORM}"


class Resting(NamedTuple):
    """A store at rest: the file for what is remembered of it, and its state."""

    file: Path
    stamp: Stamp


def recalled(connection: sa.Connection, resting: Resting, note: Note) -> Scores | None:
    """Return the scores of a store if they are remembered."""
    found = remembered.recall(resting.file, resting.stamp, _VERSION)
    if found is None:
        return None
    entries, problems = shared_tables(connection)
    requests, runs = read_questions(connection, note)
    order, ordered = in_order(requests, runs)
    asked = Asked(
        runs=tuple(ordered),
        requests=tuple(requests[number] for number in order),
        keys=found.keys,
        record=found.record,
        request=found.request,
        run=found.run,
    )
    return Scores(
        asked=asked,
        entries=read_entries(entries),
        problems=read_problems(problems),
        keys=found.keys,
        entry=found.entry,
        problem=found.problem,
        **found.columns,
    )


def remember(resting: Resting, scores: Scores) -> Scores:
    """Remember the scores of a store, and return them; their numbers are in the file and not in memory."""
    asked = scores.asked
    columns = {name: getattr(scores, name) for name in COLUMNS}
    remembered.remember(
        resting.file,
        resting.stamp,
        _VERSION,
        Columns(
            keys=scores.keys,
            entry=scores.entry,
            problem=scores.problem,
            columns=columns,
            record=asked.record,
            request=asked.request,
            run=asked.run,
        ),
    )
    found = remembered.recall(resting.file, resting.stamp, _VERSION)
    if found is None:
        return scores
    asked = replace(asked, keys=found.keys, record=found.record, request=found.request, run=found.run)
    numbers: dict[str, Any] = {"entry": found.entry, "problem": found.problem, **found.columns}
    return replace(scores, asked=asked, keys=found.keys, **numbers)

"""Takes requests out of a store, with the records that nobody asked for any more, and renames labels."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from priorbench.contract.requests import Request, request_to_json
from priorbench.store.asked import Asked, request_id
from priorbench.store.columns.keys import texts
from priorbench.store.database import Store
from priorbench.store.statements import insert
from priorbench.store.tables import ANSWERS, RECORDS, REQUESTS, RIVALS, RUNS, SCORES

#: variables of one statement
_AT_A_TIME = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Forgotten:
    """What is taken out.

    Attributes
    ----------
    requests : tuple of Request
        those of which no answer is left.
    runs : tuple of str
        ids of those of which no answer is left.
    answers, records : int
        how many.
    """

    requests: tuple[Request, ...]
    runs: tuple[str, ...]
    answers: int
    records: int


def forget(
    store: Store, asked: Asked, marks: NDArray[np.bool_], *, run: str = "", dry_run: bool = False
) -> Forgotten:
    """Take answers out of a store, in one transaction, and what nothing is left of.

    Parameters
    ----------
    store, asked : Store or Asked
        where, and all that was asked for.
    marks : ndarray of bool
        (answers,) the ones to take out.
    run : str, default ''
        id of a run that is taken out although it has no answer, as one that was killed early.
    dry_run : bool, default False
        only say what it would be.
    """
    left = ~marks
    keys = texts(asked.keys[np.setdiff1d(asked.record[marks], asked.record[left])]).tolist()
    requests = sorted(set(asked.request[marks].tolist()) - set(asked.request[left].tolist()))
    empty = {number for number, one in enumerate(asked.runs) if one.id == run}
    runs = sorted((set(asked.run[marks].tolist()) | empty) - set(asked.run[left].tolist()))
    ids = [request_id(request) for request in asked.requests]
    chosen = np.flatnonzero(marks)
    columns = (asked.request[chosen].tolist(), asked.key[chosen].tolist(), asked.run[chosen].tolist())
    rows = [
        {"of": ids[request], "is": key, "by": asked.runs[run].id}
        for request, key, run in zip(*columns, strict=True)
    ]

    def work(connection: sa.Connection) -> None:
        if rows:
            columns = {"of": ANSWERS.c.request, "is": ANSWERS.c.key, "by": ANSWERS.c.run}
            same = [column == sa.bindparam(name) for name, column in columns.items()]
            connection.execute(sa.delete(ANSWERS).where(*same), rows)
        # A run may have asked for them again since `asked` was read.
        for table in (RECORDS, SCORES, RIVALS):
            _delete(connection, table.c.key, ANSWERS.c.key, keys)
        _delete(connection, REQUESTS.c.id, ANSWERS.c.request, [ids[number] for number in requests])
        _delete(connection, RUNS.c.id, ANSWERS.c.run, [asked.runs[number].id for number in runs])

    if not dry_run:
        store.write(work)
    return Forgotten(
        requests=tuple(asked.requests[number] for number in requests),
        runs=tuple(asked.runs[number].id for number in runs),
        answers=len(rows),
        records=len(keys),
    )


def _delete(
    connection: sa.Connection, column: sa.Column[Any], used: sa.Column[Any], values: Iterable[Any]
) -> None:
    """Delete rows by a column, except those that an answer still refers to."""
    left = set(connection.execute(sa.select(used).distinct()).scalars())
    remaining = [value for value in values if value not in left]
    for start in range(0, len(remaining), _AT_A_TIME):
        some = remaining[start : start + _AT_A_TIME]
        connection.execute(sa.delete(column.table).where(column.in_(some)))


def rename(
    store: Store, asked: Asked, renamed: Callable[[Request], Request | None], *, dry_run: bool = False
) -> list[Request]:
    """Give requests other labels, in one transaction; records stay as they are.

    Parameters
    ----------
    store, asked : Store or Asked
        where, and all that was asked for.
    renamed : callable
        from a request to what it is to be; None leaves it.
    dry_run : bool, default False
        only say which.

    Returns
    -------
    list of Request
        Those that change, as they were.
    """
    changes = [(one, new) for one in asked.requests if (new := renamed(one)) is not None and new != one]

    def work(connection: sa.Connection) -> None:
        for old, new in changes:
            before, after = request_id(old), request_id(new)
            row = {"id": after, "data": json.dumps(request_to_json(new))}
            connection.execute(insert(connection, REQUESTS), [row])
            moved = sa.select(sa.literal(after), ANSWERS.c.key, ANSWERS.c.run).where(
                ANSWERS.c.request == before
            )
            statement = insert(connection, ANSWERS).from_select(["request", "key", "run"], moved)
            connection.execute(statement)
            connection.execute(sa.delete(ANSWERS).where(ANSWERS.c.request == before))
            connection.execute(sa.delete(REQUESTS).where(REQUESTS.c.id == before))

    if not dry_run and changes:
        store.write(work)
    return [old for old, _ in changes]

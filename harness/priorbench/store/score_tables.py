"""Statements on the tables of scores: what a ranking reads of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa

from priorbench.store.asked import Asked
from priorbench.store.columns.filling import COLUMNS, Filling
from priorbench.store.documents import PLAUSIBLE, UnreadableError, document
from priorbench.store.rows.packing import END, MARK
from priorbench.store.scores import (
    VERSION,
    Scores,
    entry_of,
    identity,
    problem_of,
    score_row,
    scores_from_columns,
)
from priorbench.store.statements import Note, insert, is_sqlite, plain_rows, record_rows, row_name
from priorbench.store.tables import ABOUT, ENTRIES, META, PROBLEMS, RECORDS, SCORES

SCORE_TABLES = (ABOUT, SCORES, ENTRIES, PROBLEMS)


def has_scores(connection: sa.Connection) -> bool:
    """Say whether the scores are of this version and as many as the records; the tables are there."""
    counts = [sa.select(sa.func.count()).select_from(table).scalar_subquery() for table in (RECORDS, SCORES)]
    version = sa.select(ABOUT.c.value).where(ABOUT.c.name == "scores").scalar_subquery()
    found = connection.execute(sa.select(counts[0] == counts[1], version)).one()
    return bool(found[0]) and found[1] == str(VERSION)


def renew_scores(connection: sa.Connection, note: Note) -> None:
    """Make the scores from the records, because the store was written without them, or with others."""
    connection.execute(sa.delete(ABOUT).where(ABOUT.c.name == "scores"))
    META.drop_all(connection, tables=[SCORES, ENTRIES, PROBLEMS])  # they may have other columns
    META.create_all(connection, tables=[SCORES, ENTRIES, PROBLEMS])
    connection.execute(insert(connection, ABOUT), [{"name": "scores", "value": str(VERSION)}])
    rows = record_rows(connection, curves=False)
    while batch := list(islice(rows, 1000)):
        good = []
        for row in batch:
            try:
                good.append(document(row.data, None))
            except UnreadableError as error:
                note(row_name(row.number, row.key), str(error))
        add_scores(connection, good)


def add_scores(connection: sa.Connection, records: Sequence[Mapping[str, Any]]) -> None:
    """Store what a ranking reads of records, given as their JSON forms."""
    entries, problems, rows = {}, {}, []
    for data in records:
        entry, problem = identity(entry_of(data)), identity(problem_of(data))
        entries[entry[0]], problems[problem[0]] = entry[1], problem[1]
        rows.append({"key": data["key"], "entry": entry[0], "problem": problem[0], **score_row(data)})
    if not rows:
        return
    for table, texts in ((ENTRIES, entries), (PROBLEMS, problems)):
        new = [{"id": number, "data": text} for number, text in texts.items()]
        connection.execute(insert(connection, table), new)
    connection.execute(insert(connection, SCORES), rows)


def read_scores(connection: sa.Connection, asked: Asked, note: Note) -> Scores:
    """Return the scores of all records that are JSON; `asked` is what they answer.

    Raises
    ------
    ValueError, TypeError
        If they are damaged: a number that is none, a reference to nothing.
    """
    columns = [SCORES.c.key, SCORES.c.entry, SCORES.c.problem, *(SCORES.c[name] for name in COLUMNS)]
    damaged = _damaged_keys(connection, note)
    filling = Filling(connection.execute(sa.select(sa.func.count()).select_from(SCORES)).scalar_one())
    # The scores first: what they refer to was stored with them or before them.
    for rows in plain_rows(connection, sa.select(*columns)):
        filling.add(rows)
    found = scores_from_columns(asked, *shared_tables(connection), filling, damaged)
    _check_plausible(found)
    return found


def shared_tables(connection: sa.Connection) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Return the entries and the problems of a store, as `identity` gave them."""
    entries, problems = (
        [(row.id, row.data) for row in connection.execute(sa.select(table).order_by(table.c.id))]
        for table in (ENTRIES, PROBLEMS)
    )
    return entries, problems


def _check_plausible(scores: Scores) -> None:
    """Raise ValueError for a number that is no measurement: the records tell which."""
    for name in COLUMNS:
        if name in PLAUSIBLE:
            low, high = PLAUSIBLE[name]
            column = getattr(scores, name)
            if ((column < low) | (column > high)).any():
                raise ValueError(f"a number of '{name}' is none of a record")


def _damaged_keys(connection: sa.Connection, note: Note) -> list[str]:
    """Return the keys of records that are no JSON, or packed and cut.

    SQLite says that in a tenth of the time of reading. A packed record that was changed inside is found when
    it is read.
    """
    if not is_sqlite(connection):
        return []
    data = RECORDS.c.data
    start: sa.ColumnClause[bytes] = sa.literal_column(f"x'{MARK.hex()}'")
    end: sa.ColumnClause[bytes] = sa.literal_column(f"x'{END.hex()}'")
    ends = (sa.func.substr(data, 1, len(MARK)) == start) & (sa.func.substr(data, -len(END)) == end)
    is_json = sa.func.json_valid(data) == sa.literal_column("1")
    good = sa.case((sa.func.typeof(data) == sa.literal_column("'blob'"), ends), else_=is_json)
    packed = sa.func.substr(data, 1, len(MARK)) == start
    query = sa.select(RECORDS.c.number, RECORDS.c.key, packed).where(good.is_not(sa.true()))
    rows = connection.execute(query).all()
    for number, key, was_packed in rows:
        note(row_name(number, key), "the record is cut off" if was_packed else "the record is no JSON")
    return [key for _, key, _ in rows]

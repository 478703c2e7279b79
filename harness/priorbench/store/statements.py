"""Statements that several modules need, in the words of each database."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from priorbench.store.documents import UnreadableError, document, fact
from priorbench.store.rows.packing import pack
from priorbench.store.tables import RECORDS

#: rows that are fetched at once
_AT_A_TIME = 1000
#: the same, of rows that are made into columns
_MANY = 2000
#: told of what cannot be read: where, why
Note = Callable[[str, str], None]


def insert(connection: sa.Connection, table: sa.Table) -> Any:
    """Return an insert that leaves existing rows alone, in this database's words."""
    return _insert(is_sqlite(connection), table)


@functools.lru_cache(maxsize=64)
def _insert(sqlite: bool, table: sa.Table) -> Any:
    """Return a statement, made once: SQLAlchemy keeps with it what it makes of it."""
    if sqlite:
        from sqlalchemy.dialects.sqlite import insert as statement
    else:
        from sqlalchemy.dialects.postgresql import insert as statement  # type: ignore[assignment]
    return statement(table).on_conflict_do_nothing()


def raw(connection: sa.Connection, column: sa.Column[str]) -> Any:
    """Return text as its bytes where the driver would end a query at the first that is no UTF-8."""
    return sa.cast(column, sa.LargeBinary).label(column.name) if is_sqlite(connection) else column


def add_records(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store rows of records, those that are there already left alone.

    SQLite has their texts packed; PostgreSQL, which packs long values itself, as they are.
    """
    packed = [{**row, "data": stored_text(connection, row["data"])} for row in rows]
    connection.execute(insert(connection, RECORDS), packed)


def stored_text(connection: sa.Connection, text: str) -> str | bytes:
    """Return the text of a record as this database has it."""
    return pack(text) if is_sqlite(connection) else text


def by_code_points(connection: sa.Connection, column: sa.Column[str]) -> Any:
    """Return a column to sort by, in the order of SQLite and Python; a server may have a language's."""
    return column if is_sqlite(connection) else sa.collate(column, "C")


class StoredRow(NamedTuple):
    """A record as it is stored; without `data` where a value is larger than any of priorbench."""

    number: int
    key: str | bytes
    data: str | bytes | None
    curve: bytes | None


def record_rows(connection: sa.Connection, *, curves: bool) -> Iterator[StoredRow]:
    """Yield number, key, data and curve of all records, in the order in which they were stored."""
    after: int | None = None
    while True:
        try:
            for row in _rows(connection, curves, after):
                yield StoredRow._make(row)
                after = row.number
            return
        except sa.exc.DataError as error:
            if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_TOOBIG:
                raise
        stopped = after  # one of the next is too large: which?
        for one in _one_by_one(connection, curves, after):
            yield one
            after = one.number
        if after == stopped:
            return


def _one_by_one(connection: sa.Connection, curves: bool, after: int | None) -> Iterator[StoredRow]:
    """Yield the next rows, each by a query of its own."""
    names = sa.select(RECORDS.c.number, raw(connection, RECORDS.c.key)).order_by(RECORDS.c.number)
    if after is not None:
        names = names.where(RECORDS.c.number > after)
    for number, key in connection.execute(names.limit(_AT_A_TIME)).all():
        try:
            [row] = _rows(connection, curves, number - 1, number)
            yield StoredRow._make(row)
        except sa.exc.DataError:
            yield StoredRow(number=number, key=key, data=None, curve=None)


def _rows(
    connection: sa.Connection, curves: bool, after: int | None, last: int | None = None
) -> sa.Result[Any]:
    curve = RECORDS.c.curve if curves else sa.null().label("curve")
    query = sa.select(
        RECORDS.c.number, raw(connection, RECORDS.c.key), raw(connection, RECORDS.c.data), curve
    )
    if after is not None:
        query = query.where(RECORDS.c.number > after)
    if last is not None:
        query = query.where(RECORDS.c.number <= last)
    # of this statement alone: the options of a connection stay with it
    some_at_a_time = {"stream_results": True, "yield_per": _AT_A_TIME}
    return connection.execute(query.order_by(RECORDS.c.number), execution_options=some_at_a_time)


def stored_keys(connection: sa.Connection, keys: Sequence[str]) -> frozenset[str]:
    """Return those of `keys` that have a record; at most some hundred at once."""
    query = sa.select(RECORDS.c.key).where(RECORDS.c.key.in_(keys))
    return frozenset(connection.execute(query).scalars())


def plain_rows(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield many rows at a time; of SQLite as its driver has them, in half the time of SQLAlchemy's."""
    if not is_sqlite(connection):
        some_at_a_time = {"stream_results": True, "yield_per": _MANY}
        yield from connection.execute(query, execution_options=some_at_a_time).partitions()
        return
    with contextlib.closing(connection.execute(query)) as result:
        try:
            while rows := result.cursor.fetchmany(_MANY):
                yield rows
        except sqlite3.Error as error:
            raise sa.exc.DBAPIError.instance(str(query), None, error, sqlite3.Error) from None


def row_name(number: int, key: str | bytes) -> str:
    """Return how messages call a record."""
    text = key.decode("utf-8", "backslashreplace") if isinstance(key, bytes) else str(key)
    return f"record {number} (key {text})"


def is_sqlite(connection: sa.Connection) -> bool:
    """Say whether a connection is to SQLite."""
    return connection.dialect.name == "sqlite"


def stored_documents(connection: sa.Connection, keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return the JSON forms of those of some records that are stored; damaged ones do not count."""
    query = sa.select(RECORDS.c.key, RECORDS.c.data, RECORDS.c.curve).where(RECORDS.c.key.in_(keys))
    found: dict[str, Mapping[str, Any]] = {}
    for key, data, curve in connection.execute(query):
        try:
            found[key] = {"curve": None, **fact(document(data, curve))}
        except UnreadableError:
            continue
    return found

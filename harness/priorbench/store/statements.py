"""Statements that several modules need, in the words of each database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from priorbench.store.tables import RECORDS

#: told of what cannot be read: where, why
Note = Callable[[str, str], None]


def insert(connection: sa.Connection, table: sa.Table) -> Any:
    """Return an insert that leaves existing rows alone, in this database's words."""
    if is_sqlite(connection):
        from sqlalchemy.dialects.sqlite import insert as statement
    else:
        from sqlalchemy.dialects.postgresql import insert as statement  # type: ignore[assignment]
    return statement(table).on_conflict_do_nothing()


def raw(connection: sa.Connection, column: sa.Column[str]) -> Any:
    """Return text as its bytes where the driver would end a query at the first that is no UTF-8."""
    return sa.cast(column, sa.LargeBinary).label(column.name) if is_sqlite(connection) else column


def record_rows(connection: sa.Connection, *, curves: bool) -> sa.Result[Any]:
    """Return number, key, data and curve of all records, in the order in which they were stored."""
    curve = RECORDS.c.curve if curves else sa.null().label("curve")
    query = sa.select(
        RECORDS.c.number, raw(connection, RECORDS.c.key), raw(connection, RECORDS.c.data), curve
    )
    # of this statement alone: the options of a connection stay with it
    some_at_a_time = {"stream_results": True, "yield_per": 1000}
    return connection.execute(query.order_by(RECORDS.c.number), execution_options=some_at_a_time)


def stored_keys(connection: sa.Connection, keys: Sequence[str]) -> frozenset[str]:
    """Return those of `keys` that have a record; at most some hundred at once."""
    query = sa.select(RECORDS.c.key).where(RECORDS.c.key.in_(keys))
    return frozenset(connection.execute(query).scalars())


def row_name(number: int, key: str | bytes) -> str:
    """Return how messages call a record."""
    text = key.decode("utf-8", "backslashreplace") if isinstance(key, bytes) else str(key)
    return f"record {number} (key {text})"


def is_sqlite(connection: sa.Connection) -> bool:
    """Say whether a connection is to SQLite."""
    return connection.dialect.name == "sqlite"

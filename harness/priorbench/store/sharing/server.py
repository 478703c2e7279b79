"""Database servers: how they are connected to, who may write now, and what time it is there."""

from __future__ import annotations

import time
from typing import NamedTuple

import sqlalchemy as sa

from priorbench.errors import PriorbenchError
from priorbench.store.address import Address

#: for libpq, where the URL does not say otherwise: a server that does not answer is noticed within a minute
_CONNECT = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 4,
    "tcp_user_timeout": 60_000,
    "application_name": "priorbench",
    "client_encoding": "utf8",
}
#: what the writers of a store hold in turns; who is stopped in the middle of a transaction loses it
_HOLD = """
SET LOCAL lock_timeout = '20s';
SET LOCAL idle_in_transaction_session_timeout = '60s';
SELECT pg_advisory_xact_lock(hashtext('priorbench'), hashtext(current_schema()))
"""


class Clock(NamedTuple):
    """Seconds since 1970.

    Attributes
    ----------
    now : float
        by the server, or by this machine where the store is a file.
    since : float
        when the server was started; minus infinity for a file.
    """

    now: float
    since: float


def server_engine(address: Address, *, writes: bool) -> sa.Engine:
    """Return an engine for a server; connections that broke are made anew.

    One that only reads sees the store as it was at one moment, from the first row to the last.
    """
    connect = {name: value for name, value in _CONNECT.items() if name not in address.url.query}
    engine = sa.create_engine(address.url, hide_parameters=True, pool_pre_ping=True, connect_args=connect)
    if writes:
        return engine
    return engine.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")


def check_encoding(connection: sa.Connection, shown: str) -> None:
    """Refuse a database that cannot hold every text."""
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding not in ("UTF8", "SQL_ASCII"):
        raise PriorbenchError(
            f"the store {shown} is a database of the encoding {encoding}, which has not all characters:"
            " make one with ENCODING 'UTF8'"
        )


def hold(connection: sa.Connection) -> None:
    """Let nobody else write to the store until the transaction of a connection ends.

    So what a transaction has read stays true until it has written, and no two wait for each other.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(_HOLD)


def clock(connection: sa.Connection) -> Clock:
    """Return the time that all processes of a store agree on."""
    if connection.dialect.name == "sqlite":
        return Clock(time.time(), float("-inf"))
    moments = (sa.func.clock_timestamp(), sa.func.pg_postmaster_start_time())
    query = sa.select(*(sa.cast(sa.extract("epoch", moment), sa.Double) for moment in moments))
    return Clock._make(connection.execute(query).one())


def place(connection: sa.Connection) -> tuple[object, ...]:
    """Return what is equal for the same database and schema of a server, whatever it is called."""
    return tuple(
        connection.exec_driver_sql(
            "SELECT pg_postmaster_start_time(), oid, current_schema() FROM pg_database"
            " WHERE datname = current_database()"
        ).one()
    )

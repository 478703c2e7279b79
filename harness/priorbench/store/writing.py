"""Transactions on a store: a locked database is tried again, and what goes wrong is one line."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa

from priorbench.errors import PriorbenchError
from priorbench.store.address import Address
from priorbench.store.files import WAIT
from priorbench.store.sharing.server import hold

Result = TypeVar("Result")

#: seconds before the next attempts; SQLite itself waits in each
_PAUSES = (0.5, 1.5, 4.0)
#: the same for a server, which may be restarted: about a minute
_SERVER_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, *[4.0] * 14)

#: SQLite's primary error codes of a lock
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
#: SQLite's primary error code -> what to do
_ADVICE = {
    sqlite3.SQLITE_BUSY: "another process has locked it: wait until that ends, then run the command again",
    sqlite3.SQLITE_FULL: "make room there, then run the command again",
    sqlite3.SQLITE_READONLY: "you may not write there: name another store with --store",
    sqlite3.SQLITE_TOOBIG: "it has a value of more than 64 MiB, which priorbench never writes",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: keep a copy of it, and name another store with --store",
}
#: SQL's state -> what to do, on a server
_SERVER_ADVICE = {
    "25006": "it may only be read there: name the server that takes changes",
    "42501": "ask its owner for the right to do that",
    "53100": "make room on the server, then run the command again",
}
#: beginnings of SQL's states that pass: no connection, start and stop, locks, as many connections as allowed
_PASSING = ("08", "57P", "40", "55P03", "53300")


def in_transaction(
    engine: sa.Engine, address: Address, work: Callable[[sa.Connection], Result], *, patient: bool = True
) -> Result:
    """Do some work in one transaction, several times if another process holds the database.

    Returns what the work returns. A server may end a connection after it has kept a transaction and before
    it says so: work must be such that it may be done twice.

    Raises
    ------
    PriorbenchError
        If it cannot be done; then nothing of it is in the store.
    """

    def attempt() -> Result:
        with engine.begin() as connection:
            hold(connection)
            return work(connection)

    try:
        return patiently(engine, attempt) if patient else attempt()
    except sa.exc.SQLAlchemyError as error:
        raise fault(address, error, "write to") from None


def patiently(engine: sa.Engine, attempt: Callable[[], Result]) -> Result:
    """Try something again as long as a lock, or a server that is away, may be why it fails."""
    for pause in _PAUSES if engine.dialect.name == "sqlite" else _SERVER_PAUSES:
        try:
            return attempt()
        except sa.exc.SQLAlchemyError as error:
            if not _may_pass(error):
                raise
        time.sleep(pause)
    return attempt()


def opened(attempt: Callable[[], Result]) -> Result:
    """Open something, again and again as long as SQLite gives up at once because others open it too.

    Where several bring a new file to its log at the same time, SQLite does not wait: some are told that it is
    locked. A file that is locked for longer, and a server that is away, are told without further waiting.

    Parameters
    ----------
    attempt : callable
        opens it, and lets go of everything if it fails.
    """
    end = time.monotonic() + WAIT
    while True:
        try:
            return attempt()
        except (sa.exc.SQLAlchemyError, sqlite3.Error) as error:
            if _code(error) not in _LOCKED or time.monotonic() >= end:
                raise
        time.sleep(random.uniform(0.01, 0.05))


def fault(address: Address, error: BaseException, doing: str) -> PriorbenchError:
    """Return what a driver raised as an error for people, without secrets."""
    advice = _advice(error)
    return PriorbenchError(
        f"cannot {doing} the store {address.shown}: {address.reason(error)}"
        + (f"; {advice}" if advice else "")
    )


def _advice(error: BaseException) -> str:
    if isinstance(error, ImportError):
        return "its driver is not installed: pip install 'priorbench[postgres]'"
    code = _code(error)
    return _SERVER_ADVICE.get(_state(error), "") if code is None else _ADVICE.get(code, "")


def _may_pass(error: sa.exc.SQLAlchemyError) -> bool:
    """Say whether the same may succeed in a while: a lock, or a server that is away."""
    code = _code(error)
    if code is not None:
        return code in _LOCKED
    if getattr(error, "connection_invalidated", False):
        return True
    state = _state(error)
    return isinstance(error, sa.exc.OperationalError) and (not state or state.startswith(_PASSING))


def _state(error: BaseException) -> str:
    """Return SQL's five letters about what went wrong; empty where a server has not even answered."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) or ""


def _code(error: BaseException) -> int | None:
    """Return SQLite's primary error code."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
    return None if code is None else code & 0xFF

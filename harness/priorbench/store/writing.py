"""Transactions on a store: a locked database is tried again, and what goes wrong is one line."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa

from priorbench.errors import PriorbenchError
from priorbench.store.address import Address

Result = TypeVar("Result")

#: seconds before the next attempts; SQLite itself waits in each
_PAUSES = (0.5, 1.5, 4.0)

#: SQLite's primary error code -> what to do
_ADVICE = {
    sqlite3.SQLITE_BUSY: "another process has locked it: wait until that ends, then run the command again",
    sqlite3.SQLITE_FULL: "make room there, then run the command again",
    sqlite3.SQLITE_READONLY: "you may not write there: name another store with --store",
    sqlite3.SQLITE_TOOBIG: "it has a value of more than 64 MiB, which priorbench never writes",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: keep a copy of it, and name another store with --store",
}


def in_transaction(engine: sa.Engine, address: Address, work: Callable[[sa.Connection], Result]) -> Result:
    """Do some work in one transaction, several times if another process holds the database.

    Returns what the work returns.

    Raises
    ------
    PriorbenchError
        If it cannot be done; then nothing of it is in the store.
    """
    for pause in (*_PAUSES, None):
        try:
            with engine.begin() as connection:
                return work(connection)
        except sa.exc.SQLAlchemyError as error:
            if pause is None or not _may_pass(error):
                raise fault(address, error, "write to") from None
        time.sleep(pause)
    raise AssertionError("the last attempt raises")


def fault(address: Address, error: BaseException, doing: str) -> PriorbenchError:
    """Return what a driver raised as an error for people, without secrets."""
    code = _code(error)
    advice = "" if code is None else _ADVICE.get(code, "")
    return PriorbenchError(
        f"cannot {doing} the store {address.shown}: {address.reason(error)}"
        + (f"; {advice}" if advice else "")
    )


def _may_pass(error: sa.exc.SQLAlchemyError) -> bool:
    """Say whether the same may succeed in a while: a lock, or a server that is away."""
    if not isinstance(error, sa.exc.OperationalError):
        return False
    return not isinstance(error.orig, sqlite3.Error) or _code(error) in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )


def _code(error: BaseException) -> int | None:
    """Return SQLite's primary error code."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return None if code is None else code & 0xFF

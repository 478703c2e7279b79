"""Opens a store: an engine for its database, its tables, and what is of an earlier schema brought to ours."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from priorbench.errors import PriorbenchError
from priorbench.store.address import Address
from priorbench.store.files import (
    Identity,
    Reading,
    Stamp,
    check_file,
    connect_to_write,
    identity,
    identity_of_log,
    is_cut_off,
    parts_of,
)
from priorbench.store.sharing.journal import journal_remark
from priorbench.store.sharing.server import check_encoding, place, server_engine
from priorbench.store.tables import META, RECORDS
from priorbench.store.writing import fault, in_transaction, opened, patiently

Result = TypeVar("Result")

#: seconds of a run that may be in SQLite's write-ahead log alone
_CHECKPOINT = 5.0


class Database:
    """Connections to a store's file or server.

    Parameters
    ----------
    address : Address
        where it is.
    writes : bool
        False opens it for reading only, and raises `PriorbenchError` where there is none.

    Attributes
    ----------
    shown : str
        its name in messages.
    path : Path or None
        its file; None on a server.
    remark : str
        what people should know about how it is written; mostly empty.
    """

    def __init__(self, address: Address, *, writes: bool) -> None:
        self._address, self._writes, self.path = address, writes, address.path
        self.shown, self.remark = address.shown, ""
        self._reading: Reading | None = None
        self._identity: Identity | None = None
        self._log: Identity | None = None
        self._checkpoint_due = 0.0
        self._one_at_a_time = threading.RLock()  # a run's heart beats in a thread of its own
        if address.path is not None:
            check_file(address.path, self.shown, create=writes)
            self._reading = None if writes else Reading(address.path, self.shown)
            self.remark = journal_remark(address.path, self.shown) if writes else ""
            if writes and address.path.exists():
                self._look(address.path)
        try:
            self._engine = self._new_engine()
        except (sa.exc.SQLAlchemyError, ImportError) as error:
            raise fault(address, error, "open") from None
        try:
            self._open()
        except BaseException:
            self._engine.dispose()
            raise

    def _look(self, path: Path) -> None:
        """Refuse a database of another program before anything of it is changed."""
        try:
            parts = opened(partial(parts_of, path))
        except (sqlite3.Error, OSError) as error:
            raise fault(self._address, error, "open") from None
        self._refuse_running([kind for kind, _ in parts])
        self._check_own(frozenset(name for kind, name in parts if kind == "table"))

    def _open(self) -> None:
        address, writes = self._address, self._writes
        try:
            self._tables = opened(lambda: frozenset(sa.inspect(self._engine).get_table_names()))
            opened(self._check_schema)
        except sa.exc.SQLAlchemyError as error:
            raise fault(address, error, "open") from None
        if not writes and not self._tables:
            raise PriorbenchError(f"the store {self.shown} is empty: run a suite first")
        self._check_own(self._tables)

    def _check_own(self, tables: frozenset[str]) -> None:
        """Refuse a database that has tables, and none of ours."""
        foreign = tables and not tables & META.tables.keys()
        if (not self._writes and RECORDS.name not in tables) or (foreign and self._address.path is not None):
            raise PriorbenchError(
                f"the store {self.shown} is a database, but not one of priorbench: name another"
            )

    def _check_schema(self) -> None:
        """Refuse a file with parts that SQLite runs by itself, which priorbench makes none of."""
        with self._engine.connect() as connection:
            if self._address.path is None:
                check_encoding(connection, self.shown)
                return
            found = connection.exec_driver_sql(
                "SELECT DISTINCT type FROM sqlite_master WHERE type IN ('trigger', 'view')"
            ).scalars()
            self._refuse_running(list(found))

    def _refuse_running(self, kinds: Sequence[str]) -> None:
        for kind in {"trigger", "view"}.intersection(kinds):
            raise PriorbenchError(
                f"the store {self.shown} has a {kind}, which no store of priorbench has: it is not opened"
            )

    def _new_engine(self) -> sa.Engine:
        path = self._address.path
        if path is not None:
            connect = self._reading.connect if self._reading else partial(self._to_write, path)
            return sa.create_engine(self._address.url, creator=connect)
        return server_engine(self._address, writes=self._writes)

    def lacks(self, table: sa.Table) -> bool:
        """Say whether a store that is only read is without a table."""
        return not self._writes and table.name not in self._tables

    def write(self, work: Callable[[sa.Connection], Result], *, patient: bool = True) -> Result:
        """Do some work in one transaction, while nobody else writes, and return what it returns.

        Parameters
        ----------
        work : callable
            what to do; it may be done again if the connection breaks.
        patient : bool, default True
            try again, for some time, while the database is locked or its server is away.

        Raises
        ------
        PriorbenchError
            If it cannot be done; then nothing of it is in the store.
        """
        with self._one_at_a_time:
            self._mend_log()
            result = in_transaction(self._engine, self._address, work, patient=patient)
            if self._address.path is not None:
                self._log = self._log or identity_of_log(self._address.path)
                if time.monotonic() >= self._checkpoint_due:
                    self._checkpoint("PASSIVE")
            return result

    def read(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Do some short reading, and return what it returns; it is tried again like `write`."""
        with self._reported():
            return patiently(self._engine, partial(self._read, work))

    def _read(self, work: Callable[[sa.Connection], Result]) -> Result:
        with self._engine.connect() as connection:
            return work(connection)

    def _to_write(self, path: Path) -> sqlite3.Connection:
        self._log = None  # each connection may make a new one
        return connect_to_write(path)

    def _mend_log(self) -> None:
        """Where the log was removed, write what is in it into the store's file, and begin another one.

        The connection still holds the removed file. Others do not see it, and with this process it would be
        gone.
        """
        path = self._address.path
        if self._log is not None and path is not None and identity_of_log(path) != self._log:
            self._checkpoint("TRUNCATE")
            self._engine.dispose()
            self._log = None

    def _checkpoint(self, kind: str) -> None:
        """Write what is in the log into the store's one file, as far as nobody is in the way."""
        with contextlib.suppress(sa.exc.SQLAlchemyError), self._engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA wal_checkpoint({kind})")
        self._checkpoint_due = time.monotonic() + _CHECKPOINT

    @contextmanager
    def connection(self) -> Iterator[sa.Connection]:
        """Give a connection for reading; what goes wrong is one line."""
        with self._reported(), patiently(self._engine, self._engine.connect) as connection:
            yield connection

    @contextmanager
    def _reported(self) -> Iterator[None]:
        if self._reading is not None and self._reading.is_outdated():
            self._engine.dispose()
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            self._check_unchanged()
            raise fault(self._address, error, "read") from None
        self._check_unchanged()

    def _check_unchanged(self) -> None:
        if self._reading is not None:
            self._reading.check()

    def at_rest(self) -> Stamp | None:
        """Return the state of a file that is read and does not change; None of anything else."""
        return None if self._reading is None else self._reading.at_rest()

    def place(self) -> object:
        """Return what is equal for the same file or server."""
        path = self._address.path
        return self.read(place) if path is None else identity(path)

    def keep_place(self) -> None:
        """Remember which file it is."""
        self._identity = None if self._address.path is None else identity(self._address.path)

    def check_place(self) -> None:
        """Raise `PriorbenchError` if the file is another one than it was, or is gone."""
        path = self._address.path
        if self._identity is not None and path is not None and identity(path) != self._identity:
            raise PriorbenchError(
                f"the store {self.shown} was removed or replaced by another file while it was in use, and"
                " what was stored since then went with it: run the same command again"
            )
        if self._identity is not None and path is not None and is_cut_off(path):
            raise PriorbenchError(
                f"the store {self.shown} was cut off or written over while it was in use: keep what is left"
                " of it, and run the same command again with another --store"
            )

    def shrink(self) -> None:
        """Give back the room of what was packed, as far as there is room to do so."""
        if self._address.path is not None:
            with contextlib.suppress(sa.exc.SQLAlchemyError), self._engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")

    def renew(self) -> None:
        """Forget what connections remember: what is read next is what the file has."""
        if self._address.path is not None:
            self._checkpoint("PASSIVE")
            self._engine.dispose()

    def close(self) -> None:
        """Close all connections; what is in SQLite's write-ahead log goes into the store's one file."""
        if self._engine.dialect.name == "sqlite":
            with contextlib.suppress(sa.exc.SQLAlchemyError), self._engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA busy_timeout = 1000")  # others may be reading
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        self._engine.dispose()
        if self._reading is not None:
            self._reading.close()

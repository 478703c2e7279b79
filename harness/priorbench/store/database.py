"""Records in a database: SQLite by default, PostgreSQL by URL. One transaction for each trial."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import sqlalchemy as sa

from priorbench.contract.records import SCHEMA, Record, to_json
from priorbench.contract.records import from_json as record_from_json
from priorbench.errors import PriorbenchError
from priorbench.store.address import address_of, store_url
from priorbench.store.documents import Damage, UnreadableError, document, limits_of, row_of
from priorbench.store.documents import environment as environment_of
from priorbench.store.files import Identity, Reading, check_file, connect_to_write, identity
from priorbench.store.rescue import rescue
from priorbench.store.score_tables import (
    SCORE_TABLES,
    add_scores,
    has_scores,
    insert,
    raw,
    record_rows,
    renew_scores,
    row_name,
    stored_scores,
)
from priorbench.store.scores import Scores, scores_of
from priorbench.store.tables import ABOUT, CROPS, ENVIRONMENTS, META, RECORDS, SCORES
from priorbench.store.writing import fault, in_transaction

__all__ = ["Store", "store_url"]


class Store:
    """A set of records by key.

    Parameters
    ----------
    url : str
        SQLAlchemy URL, or the path of an SQLite file.
    create : bool, default True
        make the tables if they are not there; False only reads, and raises `PriorbenchError` for a store that
        does not exist.

    Attributes
    ----------
    url : str
        for messages: without password and options.
    damage : dict[str, Damage]
        what could not be read so far and was left out, by where it is.
    """

    def __init__(self, url: str, *, create: bool = True) -> None:
        self._address = address_of(url)
        self.url = self._address.shown
        self.damage: dict[str, Damage] = {}
        self._reading: Reading | None = None
        self._identity: Identity | None = None
        path = self._address.path
        if path is not None:
            check_file(path, self.url, create=create)
            if not create:
                self._reading = Reading(path, self.url)
        try:
            self._engine = self._new_engine(writes=create)
            self._tables = frozenset(sa.inspect(self._engine).get_table_names())
        except (sa.exc.SQLAlchemyError, ImportError) as error:
            raise fault(self._address, error, "open") from None
        self._check_tables(create)
        if create:
            in_transaction(self._engine, self._address, self._open)
            self._identity = identity(path) if path is not None else None
        elif not self._lacks(ABOUT):
            with self._connection() as connection:
                self._check_schema(connection)

    def _new_engine(self, *, writes: bool) -> sa.Engine:
        url, path = self._address.url, self._address.path
        if path is not None:
            connect = self._reading.connect if self._reading else partial(connect_to_write, path)
            return sa.create_engine(url, creator=connect)
        engine = sa.create_engine(url, hide_parameters=True)
        return engine if writes else engine.execution_options(postgresql_readonly=True)

    def _check_tables(self, create: bool) -> None:
        foreign = self._tables and not self._tables & META.tables.keys()
        if (not create and RECORDS.name not in self._tables) or (foreign and self._address.path is not None):
            raise PriorbenchError(
                f"the store {self.url} is a database, but not one of priorbench: name another"
            )

    def _check_schema(self, connection: sa.Connection) -> None:
        found = connection.execute(sa.select(ABOUT.c.value).where(ABOUT.c.name == "schema")).scalar()
        if found is not None and not (found.isdecimal() and int(found) <= SCHEMA):
            raise PriorbenchError(
                f"the store {self.url} has schema {found}, newer than this priorbench's {SCHEMA}"
            )

    def _open(self, connection: sa.Connection) -> None:
        META.create_all(connection)
        connection.execute(insert(connection, ABOUT), [{"name": "schema", "value": str(SCHEMA)}])
        self._check_schema(connection)
        if not has_scores(connection):
            renew_scores(connection, self._note)

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        """Give a connection for reading; what goes wrong is one line."""
        if self._reading is not None and self._reading.is_outdated():
            self._engine.dispose()
        try:
            with self._engine.connect() as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            self._check_unchanged()
            raise fault(self._address, error, "read") from None
        self._check_unchanged()

    def _check_unchanged(self) -> None:
        if self._reading is not None:
            self._reading.check()

    def close(self) -> None:
        """Close all connections; what is in SQLite's write-ahead log goes into the store's one file."""
        if self._engine.dialect.name == "sqlite":
            with contextlib.suppress(sa.exc.SQLAlchemyError), self._engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA busy_timeout = 1000")  # others may be reading
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        self._engine.dispose()
        if self._reading is not None:
            self._reading.close()

    def check_place(self) -> None:
        """Raise `PriorbenchError` if the file that was opened for writing was removed or replaced."""
        path = self._address.path
        if self._identity is not None and path is not None and identity(path) != self._identity:
            raise PriorbenchError(
                f"the store {self.url} was removed or replaced by another file while it was in use, and what"
                " was stored since then went with it: run the same command again"
            )

    def add(self, records: Sequence[Record], *, replace: bool = False) -> None:
        """Store the records of a trial in one transaction; a key that is there already stays as it is.

        Parameters
        ----------
        records : Sequence[Record]
            what the trial gave.
        replace : bool, default False
            put these in the place of records with the same keys (a repeated failure).

        Raises
        ------
        PriorbenchError
            If the store does not take them; the message names a file that has them.
        """
        plain = [to_json(record) for record in records]
        pictures = {digest: png for data in plain for digest, png in data.pop("crops").items()}
        try:
            in_transaction(
                self._engine,
                self._address,
                partial(self._add, records=plain, pictures=pictures, replace=replace),
            )
            self.check_place()
        except PriorbenchError as error:
            raise PriorbenchError(
                f"{error}; the trial that had just ended is not in it, {rescue(plain)}"
            ) from None

    def _add(
        self,
        connection: sa.Connection,
        *,
        records: Sequence[Mapping[str, Any]],
        pictures: Mapping[str, str],
        replace: bool,
    ) -> None:
        rows = [row_of(data) for data in records]
        if replace:
            keys = [row["key"] for row in rows]
            for table in (RECORDS, SCORES):
                connection.execute(sa.delete(table).where(table.c.key.in_(keys)))
        connection.execute(insert(connection, RECORDS), rows)
        add_scores(connection, records)
        if pictures:
            files = [{"sha256": name, "png": base64.b64decode(png)} for name, png in pictures.items()]
            connection.execute(insert(connection, CROPS), files)

    def add_environment(self, fingerprint: str, environment: Mapping[str, Any]) -> None:
        """Store the environment that records refer to by its fingerprint."""
        row = {"fingerprint": fingerprint, "data": json.dumps(environment, sort_keys=True)}
        in_transaction(
            self._engine,
            self._address,
            lambda connection: connection.execute(insert(connection, ENVIRONMENTS), [row]),
        )

    def environments(self) -> dict[str, dict[str, Any]]:
        """Return every environment by fingerprint."""
        found: dict[str, dict[str, Any]] = {}
        if self._lacks(ENVIRONMENTS):
            return found
        with self._connection() as connection:
            query = sa.select(ENVIRONMENTS.c.fingerprint, raw(connection, ENVIRONMENTS.c.data))
            for fingerprint, data in connection.execute(query):
                try:
                    found[fingerprint] = environment_of(data)
                except UnreadableError as error:
                    self._note(f"environment {fingerprint}", str(error))
        return found

    def statuses(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the status of those of `keys` that are stored."""
        wanted = list(keys)
        query = sa.select(RECORDS.c.key, RECORDS.c.status).where(RECORDS.c.key.in_(wanted))
        with self._connection() as connection:
            return {row.key: row.status for row in connection.execute(query)}

    def limits(self, keys: Iterable[str]) -> dict[str, dict[str, float]]:
        """Return the limits that the records of those of `keys` that are stored ran under."""
        with self._connection() as connection:
            data = raw(connection, RECORDS.c.data)
            query = sa.select(RECORDS.c.key, data).where(RECORDS.c.key.in_(list(keys)))
            return {row.key: limits_of(row.data) for row in connection.execute(query)}

    def crop_digests(self) -> frozenset[str]:
        """Return the digests of the images whose middles are stored."""
        if self._lacks(CROPS):
            return frozenset()
        with self._connection() as connection:
            return frozenset(connection.execute(sa.select(CROPS.c.sha256)).scalars())

    def crop(self, digest: str) -> bytes:
        """Return the middle of an image, a PNG file; `digest` is one of `crop_digests`."""
        query = sa.select(CROPS.c.png).where(CROPS.c.sha256 == digest)
        with self._connection() as connection:
            return bytes(connection.execute(query).scalar_one())

    def records(self, *, curves: bool = True) -> Iterator[Record]:
        """Yield every record in the order in which it was stored; what cannot be read goes to `damage`.

        Parameters
        ----------
        curves : bool, default True
            read the curves too; without them large stores load faster.
        """
        return map(record_from_json, self.documents(curves=curves))

    def documents(self, *, curves: bool = True) -> Iterator[dict[str, Any]]:
        """Yield the JSON form of every record, as `records` does; a third faster."""
        with self._connection() as connection:
            for row in record_rows(connection, curves=curves):
                try:
                    values = document(row.data, row.curve)
                except UnreadableError as error:
                    self._note(row_name(row.number, row.key), str(error))
                else:
                    yield values

    def scores(self) -> Scores:
        """Return what a ranking reads of every record; much faster than `records`.

        They are made of the records where this store has none, or others, or damaged ones.
        """
        with self._connection() as connection:
            if not any(map(self._lacks, SCORE_TABLES)) and has_scores(connection):
                try:
                    return stored_scores(connection, self._note)
                except (ValueError, TypeError):  # numbers that are none, references to nothing
                    pass
        return scores_of(self.records(curves=False))

    def __len__(self) -> int:
        """Return the number of records."""
        with self._connection() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(RECORDS)).scalar_one())

    def _lacks(self, table: sa.Table) -> bool:
        """Say whether a store that is only read is without a table."""
        return self._reading is not None and table.name not in self._tables

    def _note(self, where: str, reason: str) -> None:
        self.damage.setdefault(where, Damage(where=where, reason=reason))

"""Records in a database: SQLite by default, PostgreSQL by URL. One transaction for each trial."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa

from priorbench.contract.records import Record, to_json
from priorbench.contract.records import from_json as record_from_json
from priorbench.contract.requests import Run
from priorbench.errors import PriorbenchError
from priorbench.store.address import address_of, store_url
from priorbench.store.asked import (
    Answer,
    Asked,
    Numbers,
    add_answers,
    add_run,
    asked_of,
    last_run,
    own_answers,
    read_asked,
    tell_loose,
)
from priorbench.store.columns.reading import stored_scores
from priorbench.store.documents import Damage, UnreadableError, document, fact, limits_of, row_of
from priorbench.store.documents import environment as environment_of
from priorbench.store.exchange import exported, rescue
from priorbench.store.opening import Database
from priorbench.store.rows.renewing import prepare, schema_of
from priorbench.store.score_tables import add_scores
from priorbench.store.scores import Scores, scores_of_documents
from priorbench.store.statements import (
    add_records,
    insert,
    raw,
    record_rows,
    row_name,
    stored_documents,
    stored_keys,
)
from priorbench.store.tables import ABOUT, ANSWERS, CROPS, ENVIRONMENTS, RECORDS, RIVALS, SCORES

__all__ = ["Store", "store_url"]

#: made once: a run asks it for each trial
_STATUSES = sa.select(RECORDS.c.key, RECORDS.c.status).where(
    RECORDS.c.key.in_(sa.bindparam("keys", expanding=True))
)


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
    remark : str
        what people should know about how the store is written; mostly empty.
    write : callable
        does some work in one transaction and returns what it returns; see `Database.write`.
    read : callable
        likewise for short reading; see `Database.read`.
    damage : dict[str, Damage]
        what could not be read so far and was left out, by where it is.
    renewed : int
        records of an earlier schema that were brought to the present one when the store was opened to write.
    """

    def __init__(self, url: str, *, create: bool = True) -> None:
        self.damage: dict[str, Damage] = {}
        self.renewed = 0
        self._database = Database(address_of(url), writes=create)
        self.url, self.remark = self._database.shown, self._database.remark
        self.write, self.read = self._database.write, self._database.read
        self._connection = self._database.connection
        self._lacks = self._database.lacks
        self._numbers, self._runs = Numbers(), dict[str, Run]()
        self._added = bytearray()  # keys, a line each: of a million, a set would take 200 MB
        if create:
            self.renewed = self.write(lambda connection: prepare(connection, self.url, self._note))
            if self.renewed:
                self._database.shrink()
            self._database.keep_place()
        elif not self._lacks(ABOUT):
            with self._connection() as connection:
                schema_of(connection, self.url)

    def close(self) -> None:
        """Close all connections; what is in SQLite's write-ahead log goes into the store's one file."""
        self._database.close()

    def same_place(self, other: Store) -> bool:
        """Say whether another object is of the same file or server."""
        return self._database.place() == other._database.place()

    def check_place(self) -> None:
        """Raise `PriorbenchError` if the file that was opened for writing was removed or replaced."""
        self._database.check_place()

    def check_kept(self) -> None:
        """Raise `PriorbenchError` if the store is gone, or has not all that this object put there."""
        self.check_place()
        if self._added:
            self._database.renew()
            self.check_place()
        lines, count, lost = io.BytesIO(self._added), 0, 0
        while some := {line.decode().strip() for line in islice(lines, 1000)}:
            count += len(some)
            lost += len(some) - len(self.statuses(some))
        if lost:
            raise PriorbenchError(
                f"{lost} of the {count} records that were just stored are not in the store "
                f"{self.url} any more: somebody took them out, or its file was damaged; run the same "
                "command again"
            )

    def add_run(self, run: Run) -> None:
        """Store that something is asked for now; its answers follow."""
        self.write(lambda connection: add_run(connection, run))
        self._runs[run.id] = run

    def last_run(self, suite: str) -> Run | None:
        """Return the newest run of a suite; None if it is not among the last hundred runs."""
        return self.read(lambda connection: last_run(connection, suite))

    def add_answers(self, answers: Sequence[Answer]) -> frozenset[str]:
        """Store that records which are there answer requests; return the keys that are there no more."""

        def work(connection: sa.Connection) -> frozenset[str]:
            there = stored_keys(connection, [key for _, key, _ in answers])
            for run in self._runs.values() if there else ():
                add_run(connection, run)
            add_answers(connection, [one for one in answers if one[1] in there], self._numbers)
            return frozenset(key for _, key, _ in answers) - there

        return self.write(work)

    def add(
        self, records: Sequence[Record], *, answers: Sequence[Answer] | None = None, replace: bool = False
    ) -> None:
        """Store the records of a trial in one transaction; a key that is there already stays as it is.

        Parameters
        ----------
        records : Sequence[Record]
            what the trial gave.
        answers : sequence of Answer or None, optional
            what they answer; None = each is asked for by its own names.
        replace : bool, default False
            put these in the place of records with the same keys that failed. A good one stays: it may have
            come from elsewhere in the meantime.

        Raises
        ------
        PriorbenchError
            If the store does not take them; the message names a file that has them.
        """
        plain = [to_json(record) for record in records]
        pictures = {digest: png for data in plain for digest, png in data.pop("crops").items()}

        given, runs = (answers, self._runs.values()) if answers is not None else own_answers(plain)

        def work(connection: sa.Connection) -> None:
            for run in runs:  # 'forget' takes out a run of which nothing is left, even one that goes on
                add_run(connection, run)
            self._add(connection, plain, pictures, replace)
            add_answers(connection, given, self._numbers)

        try:
            self.write(work)
            self.check_place()
            self._added += b"".join(record.key.encode() + b"\n" for record in records)
        except PriorbenchError as error:
            told = rescue(list(exported(plain, asked_of(given, runs), {})))
            raise PriorbenchError(f"{error}; the trial that had just ended is not in it, {told}") from None

    def _add(
        self,
        connection: sa.Connection,
        records: Sequence[Mapping[str, Any]],
        pictures: Mapping[str, str],
        replace: bool,
    ) -> None:
        rows = [row_of(data) for data in records]
        if replace:
            own = RECORDS.c.key.in_([row["key"] for row in rows])
            failed = connection.execute(sa.select(RECORDS.c.key).where(own, RECORDS.c.status != "ok"))
            keys = failed.scalars().all()
            for table in (RECORDS, SCORES):
                connection.execute(sa.delete(table).where(table.c.key.in_(keys)))
        add_records(connection, rows)
        add_scores(connection, records)
        if pictures:
            files = [{"sha256": name, "png": base64.b64decode(png)} for name, png in pictures.items()]
            connection.execute(insert(connection, CROPS), files)

    def add_environment(self, fingerprint: str, environment: Mapping[str, Any]) -> None:
        """Store the environment that records refer to by its fingerprint."""
        row = {"fingerprint": fingerprint, "data": json.dumps(environment, sort_keys=True)}
        self.write(lambda connection: connection.execute(insert(connection, ENVIRONMENTS), [row]))

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

        def work(connection: sa.Connection) -> dict[str, str]:
            parts = (wanted[first : first + 1000] for first in range(0, len(wanted), 1000))
            found = (connection.execute(_STATUSES, {"keys": part}) for part in parts)
            return {row.key: row.status for rows in found for row in rows}

        return self._database.read(work)

    def limits(self, keys: Iterable[str]) -> dict[str, dict[str, float]]:
        """Return the limits that the records of those of `keys` that are stored ran under."""
        wanted = list(keys)

        def work(connection: sa.Connection) -> dict[str, dict[str, float]]:
            data = raw(connection, RECORDS.c.data)
            query = sa.select(RECORDS.c.key, data).where(RECORDS.c.key.in_(wanted))
            return {row.key: limits_of(row.data) for row in connection.execute(query)}

        return self._database.read(work)

    def having(self, keys: Sequence[str]) -> dict[str, Record]:
        """Return the records of those of `keys` that are stored; damaged ones do not count."""

        def work(connection: sa.Connection) -> dict[str, Record]:
            found = stored_documents(connection, keys)
            return {key: record_from_json(values) for key, values in found.items()}

        return self._database.read(work) if keys else {}

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
        return map(fact, self._as_written(curves=curves))

    def _as_written(self, *, curves: bool) -> Iterator[dict[str, Any]]:
        """Yield the JSON form of every record in the schema in which it was written."""
        with self._connection() as connection:
            for row in record_rows(connection, curves=curves):
                try:
                    values = document(row.data, row.curve)
                except UnreadableError as error:
                    self._note(row_name(row.number, row.key), str(error))
                else:
                    yield values

    def exported(self) -> Iterator[dict[str, Any]]:
        """Yield each record once, as JSON values, with its environment and all that it answers."""
        return exported(self._as_written(curves=True), self.asked(), self.environments())

    def rivals(self) -> Iterator[dict[str, Any]]:
        """Yield the JSON forms of the other results that merges found under the keys of records."""
        if self._lacks(RIVALS):
            return
        with self._connection() as connection:
            for row in connection.execute(sa.select(RIVALS)):
                try:
                    yield {"curve": None, **document(row.data, row.curve)}
                except UnreadableError as error:
                    self._note(f"another result under key {row.key}", str(error))

    def disputed(self) -> frozenset[str]:
        """Return the keys of the records that have another result beside them."""
        if self._lacks(RIVALS):
            return frozenset()
        with self._connection() as connection:
            found = connection.execute(sa.select(RIVALS.c.key).distinct()).scalars()
            return frozenset(key for key in found if isinstance(key, str))

    def asked(self) -> Asked | None:
        """Return what was asked for; None in a store from before there were requests, which is only read."""
        if self._lacks(ANSWERS):
            return None
        with self._connection() as connection:
            found = read_asked(connection, self._note)
            tell_loose(connection, self._note)
            return found

    def scores(self) -> Scores:
        """Return what a ranking reads of every record; much faster than `records`.

        They are made of the records where this store has none, or others, or damaged ones.
        """
        if self._lacks(ANSWERS):
            return scores_of_documents(self._as_written(curves=False), None)
        asked, found = stored_scores(self._database, self._note, self.damage)
        return scores_of_documents(self._as_written(curves=False), asked) if found is None else found

    def __len__(self) -> int:
        """Return the number of records."""
        with self._connection() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(RECORDS)).scalar_one())

    def _note(self, where: str, reason: str) -> None:
        self.damage.setdefault(where, Damage(where=where, reason=reason))

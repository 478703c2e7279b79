"""Records in a database: SQLite by default, PostgreSQL by URL. One transaction for each trial."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic_core import from_json

from priorbench.contract.records import SCHEMA, Record, to_json
from priorbench.contract.records import from_json as record_from_json
from priorbench.errors import PriorbenchError
from priorbench.store.scores import (
    COLUMNS,
    VERSION,
    Scores,
    columns_of,
    entry_of,
    identity,
    problem_of,
    score_row,
    scores_from_columns,
)
from priorbench.store.tables import ABOUT, CROPS, ENTRIES, ENVIRONMENTS, META, PROBLEMS, RECORDS, SCORES

DEFAULT_URL = "sqlite:///priorbench.db"


def store_url(given: str | None) -> str:
    """Return the store to use: what was given, else ``$PRIORBENCH_STORE``, else a file in this folder.

    A bare path is taken for an SQLite file.
    """
    url = given or os.environ.get("PRIORBENCH_STORE") or DEFAULT_URL
    return url if "://" in url else f"sqlite:///{url}"


class Store:
    """A set of records by key.

    Parameters
    ----------
    url : str
        SQLAlchemy URL.
    create : bool, default True
        make the tables if they are not there; False raises `PriorbenchError` for a store that does not exist.
    """

    def __init__(self, url: str, *, create: bool = True) -> None:
        self.url = url
        try:
            target = sa.make_url(url)
            missing = target.get_backend_name() == "sqlite" and _no_file(target.database)
            if missing and not create:
                raise PriorbenchError(f"no store at {url}: run a suite first, or name one with --store")
            self._engine = sa.create_engine(target)
            if target.get_backend_name() == "sqlite":
                sa.event.listen(self._engine, "connect", _tune_sqlite)
            self._open()
        except (sa.exc.SQLAlchemyError, ImportError) as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise PriorbenchError(f"cannot open the store {url}: {reason}") from error

    def _open(self) -> None:
        META.create_all(self._engine)
        with self._engine.begin() as connection:
            connection.execute(self._insert(ABOUT), [{"name": "schema", "value": str(SCHEMA)}])
            found = connection.execute(sa.select(ABOUT.c.value).where(ABOUT.c.name == "schema")).scalar_one()
        if int(found) > SCHEMA:
            raise PriorbenchError(
                f"the store {self.url} has schema {found}, newer than this priorbench's {SCHEMA}"
            )
        with self._engine.begin() as connection:
            self._renew_scores(connection)

    def close(self) -> None:
        """Close all connections; what is in SQLite's write-ahead log goes into the store's one file."""
        if self._engine.dialect.name == "sqlite":
            with contextlib.suppress(sa.exc.SQLAlchemyError), self._engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA busy_timeout = 1000")  # others may be reading
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        self._engine.dispose()

    def add(self, records: Sequence[Record], *, replace: bool = False) -> None:
        """Store the records of a trial in one transaction; a key that is there already stays as it is.

        Parameters
        ----------
        records : Sequence[Record]
            what the trial gave.
        replace : bool, default False
            put these in the place of records with the same keys (a repeated failure).
        """
        plain = [to_json(record) for record in records]
        pictures = {digest: png for data in plain for digest, png in data.pop("crops").items()}
        rows = [_row(data) for data in plain]
        with self._engine.begin() as connection:
            if replace:
                keys = [row["key"] for row in rows]
                for table in (RECORDS, SCORES):
                    connection.execute(sa.delete(table).where(table.c.key.in_(keys)))
            connection.execute(self._insert(RECORDS), rows)
            self._add_scores(connection, plain)
            if pictures:
                files = [{"sha256": name, "png": base64.b64decode(png)} for name, png in pictures.items()]
                connection.execute(self._insert(CROPS), files)

    def add_environment(self, fingerprint: str, environment: Mapping[str, Any]) -> None:
        """Store the environment that records refer to by its fingerprint."""
        row = {"fingerprint": fingerprint, "data": json.dumps(environment, sort_keys=True)}
        with self._engine.begin() as connection:
            connection.execute(self._insert(ENVIRONMENTS), [row])

    def environments(self) -> dict[str, dict[str, Any]]:
        """Return every environment by fingerprint."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(ENVIRONMENTS.c.fingerprint, ENVIRONMENTS.c.data))
            return {fingerprint: json.loads(data) for fingerprint, data in rows}

    def statuses(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the status of those of `keys` that are stored."""
        wanted = list(keys)
        query = sa.select(RECORDS.c.key, RECORDS.c.status).where(RECORDS.c.key.in_(wanted))
        with self._engine.connect() as connection:
            return {row.key: row.status for row in connection.execute(query)}

    def limits(self, keys: Iterable[str]) -> dict[str, dict[str, float]]:
        """Return the limits that the records of those of `keys` that are stored ran under."""
        query = sa.select(RECORDS.c.key, RECORDS.c.data).where(RECORDS.c.key.in_(list(keys)))
        with self._engine.connect() as connection:
            return {row.key: _read_json(row.data).get("limits", {}) for row in connection.execute(query)}

    def crop_digests(self) -> frozenset[str]:
        """Return the digests of the images whose middles are stored."""
        with self._engine.connect() as connection:
            return frozenset(connection.execute(sa.select(CROPS.c.sha256)).scalars())

    def crop(self, digest: str) -> bytes:
        """Return the middle of an image, a PNG file; `digest` is one of `crop_digests`."""
        query = sa.select(CROPS.c.png).where(CROPS.c.sha256 == digest)
        with self._engine.connect() as connection:
            return bytes(connection.execute(query).scalar_one())

    def records(self, *, curves: bool = True) -> Iterator[Record]:
        """Yield every record in the order in which it was stored.

        Parameters
        ----------
        curves : bool, default True
            read the curves too; without them large stores load faster.
        """
        return map(record_from_json, self.documents(curves=curves))

    def documents(self, *, curves: bool = True) -> Iterator[dict[str, Any]]:
        """Yield the JSON form of every record, as `records` does; a third faster."""
        columns = [RECORDS.c.data, RECORDS.c.curve] if curves else [RECORDS.c.data]
        with self._engine.connect() as connection:
            result = connection.execution_options(stream_results=True, yield_per=1000).execute(
                sa.select(*columns).order_by(RECORDS.c.number)
            )
            for row in result:
                data = _read_json(row.data)
                if curves and row.curve is not None:
                    data["curve"] = _read_json(zlib.decompress(row.curve))
                yield data

    def scores(self) -> Scores:
        """Return what a ranking reads of every record; much faster than `records`."""
        columns = [SCORES.c.entry, SCORES.c.problem, *(SCORES.c[name] for name in COLUMNS)]
        query = sa.select(*columns).order_by(SCORES.c.number)
        with self._engine.connect() as connection:
            # The scores first: what they refer to was stored with them or before them. In batches: a row
            # takes ten times the memory of its numbers.
            batches = [columns_of(rows) for rows in connection.execute(query).partitions(1000)]
            entries = connection.execute(sa.select(ENTRIES.c.id, ENTRIES.c.data)).all()
            problems = connection.execute(sa.select(PROBLEMS.c.id, PROBLEMS.c.data)).all()
        return scores_from_columns(entries, problems, batches)

    def _renew_scores(self, connection: sa.Connection) -> None:
        """Make the scores from the records if the store was written without them, or with others."""
        counts = [
            sa.select(sa.func.count()).select_from(table).scalar_subquery() for table in (RECORDS, SCORES)
        ]
        version = sa.select(ABOUT.c.value).where(ABOUT.c.name == "scores").scalar_subquery()
        if connection.execute(sa.select(counts[0] == counts[1], version)).one() == (True, str(VERSION)):
            return
        connection.execute(sa.delete(ABOUT).where(ABOUT.c.name == "scores"))
        META.drop_all(connection, tables=[SCORES, ENTRIES, PROBLEMS])  # they may have other columns
        META.create_all(connection, tables=[SCORES, ENTRIES, PROBLEMS])
        connection.execute(self._insert(ABOUT), [{"name": "scores", "value": str(VERSION)}])
        texts = connection.execute(sa.select(RECORDS.c.data).order_by(RECORDS.c.number)).scalars()
        for batch in texts.partitions(1000):
            self._add_scores(connection, [json.loads(text) for text in batch])

    def _add_scores(self, connection: sa.Connection, records: Sequence[Mapping[str, Any]]) -> None:
        entries, problems, rows = {}, {}, []
        for data in records:
            entry, problem = identity(entry_of(data)), identity(problem_of(data))
            entries[entry[0]], problems[problem[0]] = entry[1], problem[1]
            rows.append({"key": data["key"], "entry": entry[0], "problem": problem[0], **score_row(data)})
        for table, texts in ((ENTRIES, entries), (PROBLEMS, problems)):
            new = [{"id": number, "data": text} for number, text in texts.items()]
            connection.execute(self._insert(table), new)
        connection.execute(self._insert(SCORES), rows)

    def __len__(self) -> int:
        """Return the number of records."""
        with self._engine.connect() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(RECORDS)).scalar_one())

    def _insert(self, table: sa.Table) -> Any:
        """Return an insert that leaves existing rows alone, in this database's words."""
        if self._engine.dialect.name == "postgresql":
            from sqlalchemy.dialects.postgresql import insert
        else:
            from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
        return insert(table).on_conflict_do_nothing()


def _row(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a record's JSON form."""
    curve = data["curve"]
    packed = None if curve is None else zlib.compress(json.dumps(curve, separators=(",", ":")).encode())
    rest = {name: value for name, value in data.items() if name != "curve"}
    text = json.dumps(rest, separators=(",", ":"), allow_nan=False)
    return {"key": data["key"], "status": data["status"], "data": text, "curve": packed}


def _read_json(text: str | bytes) -> dict[str, Any]:
    """Read JSON with pydantic's parser, which takes half the time; it refuses lone surrogates."""
    try:
        values: dict[str, Any] = from_json(text)
    except ValueError:
        values = json.loads(text)
    return values


def _no_file(database: str | None) -> bool:
    return bool(database) and database != ":memory:" and not os.path.exists(str(database))  # noqa: PTH110


def _tune_sqlite(connection: Any, _record: object) -> None:
    """A write-ahead log: readers and writers side by side, and a killed process leaves a whole store."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 30000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()

"""Records in a database: SQLite by default, PostgreSQL by URL. One transaction for each trial."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from priorbench.errors import PriorbenchError
from priorbench.records import SCHEMA, Record, from_json, to_json

DEFAULT_URL = "sqlite:///priorbench.db"

_META = sa.MetaData()

#: columns that queries select or group by; everything else is in `data`
_RECORDS = sa.Table(
    "records",
    _META,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("status", sa.String(32), nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("curve", sa.LargeBinary),
)
_ENVIRONMENTS = sa.Table(
    "environments",
    _META,
    sa.Column("fingerprint", sa.String(64), primary_key=True),
    sa.Column("data", sa.Text, nullable=False),
)
_ABOUT = sa.Table(
    "about",
    _META,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)


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
    url : SQLAlchemy URL.
    create : make the tables if they are not there; False raises `PriorbenchError` for a store that
        does not exist.
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
        _META.create_all(self._engine)
        with self._engine.begin() as connection:
            connection.execute(self._insert(_ABOUT), [{"name": "schema", "value": str(SCHEMA)}])
            found = connection.execute(
                sa.select(_ABOUT.c.value).where(_ABOUT.c.name == "schema")
            ).scalar_one()
        if int(found) > SCHEMA:
            raise PriorbenchError(
                f"the store {self.url} has schema {found}, newer than this priorbench's {SCHEMA}"
            )

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def add(self, records: Sequence[Record], *, replace: bool = False) -> None:
        """Store the records of a trial in one transaction; a key that is there already stays as it is.

        Parameters
        ----------
        records : what the trial gave.
        replace : put these in the place of records with the same keys (a repeated failure).
        """
        rows = [_row(record) for record in records]
        with self._engine.begin() as connection:
            if replace:
                keys = [row["key"] for row in rows]
                connection.execute(sa.delete(_RECORDS).where(_RECORDS.c.key.in_(keys)))
            connection.execute(self._insert(_RECORDS), rows)

    def add_environment(self, fingerprint: str, environment: Mapping[str, Any]) -> None:
        """Store the environment that records refer to by its fingerprint."""
        row = {"fingerprint": fingerprint, "data": json.dumps(environment, sort_keys=True)}
        with self._engine.begin() as connection:
            connection.execute(self._insert(_ENVIRONMENTS), [row])

    def environments(self) -> dict[str, dict[str, Any]]:
        """Return every environment by fingerprint."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_ENVIRONMENTS.c.fingerprint, _ENVIRONMENTS.c.data))
            return {fingerprint: json.loads(data) for fingerprint, data in rows}

    def statuses(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the status of those of `keys` that are stored."""
        wanted = list(keys)
        query = sa.select(_RECORDS.c.key, _RECORDS.c.status).where(_RECORDS.c.key.in_(wanted))
        with self._engine.connect() as connection:
            return {row.key: row.status for row in connection.execute(query)}

    def records(self, *, curves: bool = True) -> Iterator[Record]:
        """Yield every record in the order in which it was stored.

        Parameters
        ----------
        curves : read the curves too; without them large stores load faster.
        """
        columns = [_RECORDS.c.data, _RECORDS.c.curve] if curves else [_RECORDS.c.data]
        with self._engine.connect() as connection:
            result = connection.execution_options(stream_results=True, yield_per=1000).execute(
                sa.select(*columns).order_by(_RECORDS.c.number)
            )
            for row in result:
                data = json.loads(row.data)
                if curves and row.curve is not None:
                    data["curve"] = json.loads(zlib.decompress(row.curve))
                yield from_json(data)

    def __len__(self) -> int:
        """Return the number of records."""
        with self._engine.connect() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(_RECORDS)).scalar_one())

    def _insert(self, table: sa.Table) -> Any:
        """Return an insert that leaves existing rows alone, in this database's words."""
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        return dialect.insert(table).on_conflict_do_nothing()


def _row(record: Record) -> dict[str, Any]:
    data = to_json(record)
    curve = data.pop("curve")
    packed = None if curve is None else zlib.compress(json.dumps(curve, separators=(",", ":")).encode())
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return {"key": record.key, "status": record.status, "data": text, "curve": packed}


def _no_file(database: str | None) -> bool:
    return bool(database) and database != ":memory:" and not os.path.exists(str(database))  # noqa: PTH110


def _tune_sqlite(connection: Any, _record: object) -> None:
    """A write-ahead log: readers and writers side by side, and a killed process leaves a whole store."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 30000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()

"""The address of a store: a file or a server, and how messages name it without its secrets."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from priorbench.errors import PriorbenchError
from priorbench.words import one_line

DEFAULT_URL = "sqlite:///priorbench.db"

_SQLITE = re.compile(r"sqlite(\+pysqlite)?:(//)?")
#: what SQLAlchemy and SQLite take after a question mark; any other question mark is part of a file's name
_OPTION = re.compile(
    r"\?(uri|mode|cache|immutable|nolock|vfs|timeout|check_same_thread|isolation_level|detect_types"
    r"|cached_statements)="
)
_HIDDEN = "***"
#: what a URL of PostgreSQL begins with, and the driver that is meant
_SERVERS = ("postgresql", "postgres")
_DRIVER = "postgresql+psycopg"


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where a store is.

    Attributes
    ----------
    shown : str
        for messages: without the password and without what follows a question mark.
    url : sqlalchemy.URL
        for the driver.
    path : Path or None
        the file of an SQLite store; None for a server.
    secrets : tuple of str, default ()
        what no message may show.
    """

    shown: str
    url: sa.URL = field(repr=False)
    path: Path | None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def reason(self, error: BaseException) -> str:
        """Return the first line of what a driver said, without secrets."""
        said = str(getattr(error, "orig", None) or error).strip()
        text = one_line(said.splitlines()[0]) if said else type(error).__name__
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        return text


def store_url(given: str | None) -> str:
    """Return the store to use: what was given, else ``$PRIORBENCH_STORE``, else a file in this folder.

    A bare path is taken for an SQLite file.
    """
    url = given or os.environ.get("PRIORBENCH_STORE") or DEFAULT_URL
    return url if "://" in url else f"sqlite:///{url}"


def shown(name: str) -> str:
    """Return the name of a store or of anything else as a message may show it."""
    return _server(name)[0] if "://" in name and not _SQLITE.match(name) else name


def address_of(name: str) -> Address:
    """Return the address that a URL or a bare path means.

    All that follows ``sqlite:///`` is a path, as it stands: percent signs, question marks and spaces are
    characters of names.

    Raises
    ------
    PriorbenchError
        If it is none, or if it names a database in memory.
    """
    name = store_url(name)
    if _SQLITE.match(name):
        return _file(name)
    text, url, secrets = _server(name)
    if url is None:
        raise PriorbenchError(
            f"the store {text} is no URL: write sqlite:///FILE or postgresql://USER@HOST/DATABASE"
        )
    if url.drivername not in (*_SERVERS, _DRIVER):
        raise PriorbenchError(
            f"cannot open the store {text}: it is neither sqlite:///FILE nor postgresql://USER@HOST/DATABASE"
        )
    url = url.set(drivername=_DRIVER)
    return Address(shown=text, url=url, path=None, secrets=secrets)


def _file(name: str) -> Address:
    path = name[found.end() :] if (found := _SQLITE.match(name)) else name
    if path.startswith("/"):
        path = path[1:]
    elif path:
        raise PriorbenchError(
            f"the store {name} is no file: an SQLite store is sqlite:///FILE, three slashes"
        )
    if path in ("", ":memory:"):
        raise PriorbenchError(
            f"the store {name} would be in memory and lost at the end: name a file, as {DEFAULT_URL}"
        )
    if "\0" in path:
        raise PriorbenchError("the store's path has a null character, which no file can have")
    if found := _OPTION.search(path):
        raise PriorbenchError(
            f"the store {name}: a store takes no options, leave out '{path[found.start() :]}'"
        )
    return Address(shown=name, url=sa.URL.create("sqlite", database=path), path=Path(path))


def _server(name: str) -> tuple[str, sa.URL | None, tuple[str, ...]]:
    """Return a server's URL for messages and for the driver (None if it is none), and its secrets."""
    scheme = name.partition("://")[0]
    try:
        url = sa.make_url(name)
    except (sa.exc.ArgumentError, ValueError):  # what was meant for the password is anywhere in it
        return f"{scheme}://{_HIDDEN}", None, ()
    values = [value for item in url.query.values() for value in ((item,) if isinstance(item, str) else item)]
    secrets = [url.password, *values] if url.password else values
    given = {str(secret) for secret in secrets if secret}
    plain = url.set(query={}).render_as_string(hide_password=True)
    text = plain + (f"?{_HIDDEN}" if url.query else "")
    return text, url, tuple(given | {quote(secret, safe="") for secret in given})

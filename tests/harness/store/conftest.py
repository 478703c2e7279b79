"""Stores for the tests of this folder: in a file, and in a database of its own on a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from database_server import NoServerError, Server, new_server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Give a PostgreSQL server, one for each process of pytest-xdist."""
    try:
        found = new_server()
    except NoServerError as error:
        pytest.skip(str(error))
    yield found
    found.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Give the URLs of stores that are not there yet, each of another one."""
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("server")
        return server.new_database
    names = (tmp_path / f"store-{number}.db" for number in count())
    return lambda: f"sqlite:///{next(names)}"


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    """Give the URL of a store that is not there yet."""
    return new_url()

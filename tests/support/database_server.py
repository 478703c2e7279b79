"""A PostgreSQL server of one's own on loopback, fast and gone afterwards; it can be stopped and started."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa


class NoServerError(Exception):
    """There is no server here; the text says why."""


def program(name: str) -> str:
    """Return the path of one of the server's programs; Debian keeps them out of PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ.get("PATH", "")]))
    if found is None:
        raise NoServerError("no PostgreSQL server is installed here (Debian: postgresql)")
    return found


@dataclass(kw_only=True)
class Server:
    """A server that runs.

    Attributes
    ----------
    folder : Path
        its data, its socket and its log.
    port : int
        on 127.0.0.1; the same after a restart.
    user : dict
        for `subprocess`: who runs it.
    """

    folder: Path
    port: int
    user: dict[str, Any]
    _numbers: count[int] = field(default_factory=count)

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database."""
        return f"postgresql://tester@127.0.0.1:{self.port}/{database}"

    def new_database(self, more: str = "") -> str:
        """Make a database and return its URL; `more` is SQL that says how."""
        name = f"store_{os.getpid()}_{next(self._numbers)}"
        engine = sa.create_engine(
            sa.make_url(self.url()).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0 {more}")
        engine.dispose()
        return self.url(name)

    def control(self, *words: str) -> None:
        """Call the program that starts and stops the server."""
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder} -F -c max_connections=40"
        self._call("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", options, *words)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self.control("start")

    def stop(self, how: str = "fast") -> None:
        """Stop it: ``fast`` ends what is connected, ``immediate`` is what a power cut is."""
        self.control("-m", how, "stop")

    def remove(self) -> None:
        """Stop it and remove all of it."""
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _call(self, name: str, *words: str) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([program(name), *words], cwd=self.folder, check=True, **quiet, **self.user)


def new_server() -> Server:
    """Make a server and start it; raises `NoServerError` where there is none."""
    if find_spec("psycopg") is None:
        raise NoServerError("the package psycopg is not installed: pip install 'priorbench[postgres]'")
    initdb, user = program("initdb"), {}
    if os.geteuid() == 0:  # the server does not run as root
        if "postgres" not in {one.pw_name for one in pwd.getpwall()}:
            raise NoServerError("PostgreSQL does not run as root, and there is no user 'postgres'")
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    made = subprocess.check_output(["mktemp", "-d", "/tmp/priorbench-pg-XXXXXX"], text=True, **user)
    folder = Path(made.strip())
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    server = Server(folder=folder, port=port, user=user)
    try:
        # sorted as in a language, which is what people have, and what differs from SQLite
        how = ["-A", "trust", "-U", "tester", "--no-sync", "-E", "UTF8", "--locale-provider=icu"]
        subprocess.run(
            [initdb, "-D", "data", *how, "--icu-locale=en-US"],
            cwd=folder,
            check=True,
            capture_output=True,
            **user,
        )
        server.start()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return server

"""A store on a real PostgreSQL server, started here where there is one, gives what SQLite gives."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_records import columns_of, trial

from priorbench.contract.records import Curve
from priorbench.ranking.leaderboard import leaderboard
from priorbench.store.database import Store
from priorbench.store.forgetting import forget
from priorbench.store.uniting import Tally, items_of, unite


def program(name: str) -> str | None:
    """Return the path of one of the server's programs; Debian keeps them out of PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ.get("PATH", "")]))


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    """Give the URL of a database of its own; the server ends with the tests of this file."""
    pytest.importorskip("psycopg", reason="needs the package psycopg: pip install 'priorbench[postgres]'")
    initdb, control = program("initdb"), program("pg_ctl")
    if initdb is None or control is None:
        pytest.skip("no PostgreSQL server is installed here (Debian: postgresql)")
    user = {}
    if os.geteuid() == 0:  # the server does not run as root
        if "postgres" not in {one.pw_name for one in pwd.getpwall()}:
            pytest.skip("PostgreSQL does not run as root, and there is no user 'postgres'")
        user = {"user": "postgres", "group": "postgres"}
    folder = Path(
        subprocess.check_output(["mktemp", "-d", "/tmp/priorbench-pg-XXXXXX"], text=True, **user).strip()
    )
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    words = {"cwd": folder, "check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **user}
    try:
        subprocess.run([initdb, "-D", "data", "-A", "trust", "-U", "tester", "--no-sync"], **words)
        options = f"-p {port} -h 127.0.0.1 -k {folder} -F"
        subprocess.run([control, "-D", "data", "-l", "log", "-w", "-o", options, "start"], **words)
        try:
            yield f"postgresql+psycopg://tester@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([control, "-D", "data", "-m", "immediate", "stop"], **words)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def some_records():
    """Return records with a failure, a curve and odd names."""
    curve = Curve(iteration=(1, 2), wall_seconds=(0.1, 0.2), psnr=(20.0, None), residual=(0.1, 0.2))
    return [
        *columns_of({"a": [31.0, 30.0, 32.5], "b": [29.0, 29.5, 30.0]}),
        trial("c", "0", 33.0, key="c-0", curve=curve, metrics={"m": 1.5}),
        trial("c", "caf\udce9.png", None, key="c-1", status="crashed", error="signal 9", mse=None),
    ]


def test_boards_are_those_of_sqlite_and_everything_comes_over(server, tmp_path):
    here, there = Store(f"sqlite:///{tmp_path}/a.db"), Store(server)
    for store in (here, there):
        store.add(some_records())
    board = leaderboard(here.scores())
    assert leaderboard(there.scores()) == board
    reading = Store(server, create=False)
    assert leaderboard(reading.scores()) == board
    assert sorted(reading.records(), key=lambda one: one.key) == sorted(
        here.records(), key=lambda one: one.key
    )
    back, tally = Store(f"sqlite:///{tmp_path}/b.db"), Tally()
    unite(back, items_of(reading, tally), tally)
    assert (tally.added, tally.conflicts, tally.refused) == (8, [], [])
    assert leaderboard(back.scores()) == board


def test_another_result_is_kept_beside_and_requests_are_forgotten(server, tmp_path):
    there, other, tally = Store(server), Store(f"sqlite:///{tmp_path}/c.db"), Tally()
    there.add(columns_of({"x": [31.0]}))
    other.add([trial("x", "0", 99.0)])
    unite(there, items_of(other, tally), tally)
    assert [(one.values["psnr"], one.other["psnr"]) for one in tally.conflicts] == [(31.0, 99.0)]
    assert there.disputed() == 1
    asked = there.asked()
    marks = asked.key == tally.conflicts[0].values["key"]
    assert forget(there, asked, marks).records == 1
    assert there.disputed() == 0

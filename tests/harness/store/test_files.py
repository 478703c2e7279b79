"""Readers leave the folder of a store as it is, and what is no store is one line."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sample_records import columns_of, record

from priorbench.errors import PriorbenchError
from priorbench.ranking.leaderboard import leaderboard
from priorbench.store.database import Store


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return time of change and content of all files."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path):
    """Give a folder that has nothing but a store."""
    store = Store(f"sqlite:///{tmp_path}/a.db")
    store.add(columns_of({"alpha": [31.0, 30.0], "beta": [29.0, 29.5]}))
    store.close()
    return tmp_path


@pytest.mark.parametrize("older", [False, True])
def test_reading_leaves_no_trace(folder, older):
    if older:
        with sqlite3.connect(folder / "a.db") as connection:
            connection.executescript("DROP TABLE scores; DROP TABLE entries; DROP TABLE crops")
        connection.close()
    before = everything(folder)
    store = Store(f"sqlite:///{folder}/a.db", create=False)
    assert leaderboard(store.scores()) == leaderboard(columns_of({"alpha": [31, 30], "beta": [29, 29.5]}))
    assert len(list(store.records())) == 4
    assert store.crop_digests() == frozenset() and store.environments() == {}
    store.close()
    assert everything(folder) == before


def test_a_store_in_use_is_read(folder):
    writer = Store(f"sqlite:///{folder}/a.db")
    writer.add([record("new")])
    assert (folder / "a.db-wal").stat().st_size
    reader = Store(f"sqlite:///{folder}/a.db", create=False)
    assert "new" in {found.key for found in reader.records()}
    writer.add([record("newer")])
    assert "newer" in {found.key for found in reader.records()}


def test_what_a_killed_run_left_is_read_and_left_as_it_is(folder, tmp_path_factory):
    writer = Store(f"sqlite:///{folder}/a.db")
    writer.add([record("new")])
    left = tmp_path_factory.mktemp("left")
    for name in ("a.db", "a.db-wal"):  # without the index of the log
        shutil.copy(folder / name, left)
    before = everything(left)
    reader = Store(f"sqlite:///{left}/a.db", create=False)
    assert "new" in {found.key for found in reader.records()}
    reader.close()
    assert everything(left) == before


def test_a_change_while_a_store_at_rest_is_read_is_noticed(folder):
    reader = Store(f"sqlite:///{folder}/a.db", create=False)
    records = reader.records()
    next(records)
    writer = Store(f"sqlite:///{folder}/a.db")
    writer.add([record("new")])
    writer.close()
    with pytest.raises(PriorbenchError, match="changed while it was read: give the command again"):
        list(records)
    assert len(list(reader.records())) == len(reader.scores().status) == 5


def test_a_reader_sees_what_was_written_since(folder):
    reader = Store(f"sqlite:///{folder}/a.db", create=False)
    writer = Store(f"sqlite:///{folder}/a.db")
    for number in range(5, 8):
        writer.add([record(f"new-{number}")])
        assert len(list(reader.records())) == number
    writer.close()
    assert len(list(reader.records())) == 7


READER = """
import os, sys
from priorbench.store.database import Store

def count():
    return len(list(Store(sys.argv[1], create=False).records()))

count()  # everything is imported
if os.geteuid() == 0:  # who may write anywhere
    os.seteuid(65534)
print(count())
"""


@pytest.fixture
def place():
    """Give a folder that others may look into: a pytest that starts closes those of this one to them."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.parametrize("used", [False, True])
def test_a_store_in_a_folder_without_write_permission_is_read(folder, place, used):
    writer = Store(f"sqlite:///{folder}/a.db")
    if used:
        writer.add([record("new")])
    for path in folder.iterdir():
        shutil.copy(path, place)
        (place / path.name).chmod(0o444)
    writer.close()
    place.chmod(0o555)
    if os.geteuid() == 0:
        for parent in place.parents[:-2]:
            parent.chmod(parent.stat().st_mode | 0o055)
    arguments = [sys.executable, "-c", READER, f"sqlite:///{place}/a.db"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    place.chmod(0o755)
    assert (done.stdout.strip(), done.stderr) == ("5" if used else "4", "")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_bytes(b""), "is an empty file: run a suite first"),
        (lambda path: path.write_bytes(b"\x89PNG" * 999), "the file is not a database of SQLite"),
        (lambda path: path.mkdir(), "it is a folder, name a file in it"),
        (os.mkfifo, "it is a pipe or a device, name a file"),
        (lambda path: path.symlink_to("/dev/zero"), "it is a pipe or a device, name a file"),
        (lambda path: sqlite3.connect(path).execute("CREATE TABLE t (x)"), "but not one of priorbench"),
        (lambda path: None, "no store at"),
    ],
)
def test_what_is_no_store_is_one_line(command, tmp_path, make, reason):
    make(tmp_path / "a.db")
    for arguments in (["leaderboard"], ["export"], ["compare", "a", "b"]):
        done = command(*arguments, "--store", "a.db")
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1 and reason in done.stderr
    assert len(list(tmp_path.iterdir())) == (reason != "no store at")


def test_a_pipe_or_a_device_is_not_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    for name in ("pipe", "null"):
        with pytest.raises(PriorbenchError, match="it is a pipe or a device"):
            Store(f"sqlite:///{tmp_path}/{name}")


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
@pytest.mark.parametrize("create", [False, True])
def test_a_database_of_something_else_stays_as_it_is(tmp_path, mode, create):
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute("CREATE TABLE places (url)")
    connection.close()
    before = (tmp_path / "a.db").read_bytes()
    with pytest.raises(PriorbenchError, match="but not one of priorbench"):
        Store(f"sqlite:///{tmp_path}/a.db", create=create)
    assert (tmp_path / "a.db").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.db"]
    with sqlite3.connect(tmp_path / "a.db") as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("places",)]


@pytest.mark.parametrize(
    "planted",
    [
        "CREATE TRIGGER t AFTER INSERT ON records BEGIN UPDATE records SET status = 'ok'; END",
        "ALTER TABLE scores RENAME TO hidden; CREATE VIEW scores AS SELECT * FROM hidden",
    ],
)
@pytest.mark.parametrize("create", [False, True])
def test_a_file_with_parts_that_run_by_themselves_is_not_opened(folder, planted, create):
    with sqlite3.connect(folder / "a.db") as connection:
        connection.executescript(planted)
    connection.close()
    with pytest.raises(PriorbenchError, match=r"has a (trigger|view), which no store of priorbench has"):
        Store(f"sqlite:///{folder}/a.db", create=create)

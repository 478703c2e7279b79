"""A store on a network file system: no log beside it, readers and writers under locks, whole after a kill."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sample_records import columns_of, record
from small_runs import HERE, ONE_IMAGE

from priorbench.errors import PriorbenchError
from priorbench.machine.settings import import_path
from priorbench.ranking.leaderboard import leaderboard
from priorbench.store import files, writing
from priorbench.store.database import Store
from priorbench.store.sharing import journal

MOUNTS = """\
22 27 0:21 / /proc rw - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 27 0:40 / /data rw - nfs4 server:/data rw
31 30 254:1 / /data/local rw - xfs /dev/vdb rw
32 27 0:41 / /home/my\\040files rw master:3 - fuse.sshfs me@there: rw
33 27 0:42 / /twice rw - ext4 /dev/vdc rw
34 33 0:43 / /twice rw - lustre a@tcp:/b rw
"""


@pytest.fixture
def url(tmp_path, monkeypatch):
    """Give a store that is to have a rollback journal."""
    monkeypatch.setenv("PRIORBENCH_JOURNAL", "rollback")
    return f"sqlite:///{tmp_path}/a.db"


def mode(folder: Path) -> str:
    with sqlite3.connect(f"file:{folder}/a.db?mode=ro", uri=True) as connection:
        found = connection.execute("PRAGMA journal_mode").fetchone()[0]
    connection.close()
    return found


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/a.db", ""),
        ("/data/a.db", "nfs4"),
        ("/database/a.db", ""),
        ("/data/local/a.db", ""),
        ("/data/deep/er/a.db", "nfs4"),
        ("/home/my files/a.db", "fuse.sshfs"),
        ("/twice/a.db", "lustre"),
    ],
)
def test_a_network_file_system_is_known_by_its_kind(tmp_path, monkeypatch, path, kind):
    (tmp_path / "mounts").write_text(MOUNTS)
    monkeypatch.setattr(journal, "_MOUNTS", tmp_path / "mounts")
    monkeypatch.delenv("PRIORBENCH_JOURNAL", raising=False)
    assert journal.shared_system(Path(path)) == kind
    monkeypatch.setenv("PRIORBENCH_JOURNAL", "wal")
    assert journal.shared_system(Path(path)) == ""
    monkeypatch.setenv("PRIORBENCH_JOURNAL", "rollback")
    assert journal.shared_system(Path(path))
    monkeypatch.setattr(journal, "_MOUNTS", tmp_path / "none")
    monkeypatch.delenv("PRIORBENCH_JOURNAL")
    assert journal.shared_system(Path(path)) == ""


def test_a_store_there_never_has_a_log_beside_it(url, tmp_path):
    store = Store(url)
    for number in range(3):
        store.add([record(f"{number}")])
        assert [path.name for path in tmp_path.iterdir()] == ["a.db"]
    assert "rollback journal, because PRIORBENCH_JOURNAL is set: let one run at a time" in store.remark
    store.check_kept()
    reader = Store(url, create=False)
    assert len(reader) == 3
    store.add([record("later")])
    assert len(reader) == len(list(reader.records())) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["a.db"]
    assert mode(tmp_path) == "delete"


def test_a_store_with_a_log_loses_it_there_with_nothing_that_was_in_it(url, tmp_path, monkeypatch):
    monkeypatch.setenv("PRIORBENCH_JOURNAL", "wal")
    local = Store(f"sqlite:///{tmp_path}/local.db")
    local.add([record("in the file")])
    local.close()
    local = Store(f"sqlite:///{tmp_path}/local.db")
    local.add([record("in the log")])
    for ending in ("", "-wal"):  # of a run that was killed
        shutil.copy(f"{tmp_path}/local.db{ending}", f"{tmp_path}/a.db{ending}")
    monkeypatch.setenv("PRIORBENCH_JOURNAL", "rollback")
    assert sorted(one.key for one in Store(url).records()) == ["in the file", "in the log"]
    assert mode(tmp_path) == "delete" and not list(tmp_path.glob("a.db-*"))
    monkeypatch.setenv("PRIORBENCH_JOURNAL", "wal")
    assert len(Store(url)) == 2 and mode(tmp_path) == "wal", "and gets it back elsewhere"


def test_a_store_with_a_log_that_is_in_use_is_not_changed(url, tmp_path, monkeypatch):
    monkeypatch.setenv("PRIORBENCH_JOURNAL", "wal")
    local = Store(url)
    local.add([record("a")])
    monkeypatch.setenv("PRIORBENCH_JOURNAL", "rollback")
    monkeypatch.setattr(files, "WAIT", 0.05)
    monkeypatch.setattr(writing, "WAIT", 0.05)
    with pytest.raises(PriorbenchError, match=r"is locked; another process has locked it"):
        Store(url)
    local.add([record("b")])
    assert len(local) == 2


def test_two_writers_wait_for_each_other(url):
    stores = [Store(url) for _ in range(3)]

    def work(number: int) -> None:
        for one in range(10):
            stores[number].add([record("shared"), record(f"{number}-{one}")])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(stores[0]) == len(stores[0].scores().status) == 31


#: writes pairs of records until it is killed
WRITER = """
import sys
from priorbench.store.database import Store
from sample_records import record
store = Store(sys.argv[1])
for number in range(10**9):
    store.add([record(f"{sys.argv[2]}-{number}-{part}", printed="x" * 20_000) for part in "ab"])
    print(number, flush=True)
"""


def test_a_writer_that_is_killed_at_random_leaves_a_whole_store(url, tmp_path):
    draw, whole = random.Random(1), 0
    for turn in range(6):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, url, str(turn)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": import_path()},
        )
        assert writer.stdout is not None
        for _ in range(3):
            writer.stdout.readline()
        time.sleep(draw.uniform(0.0, 0.05))
        writer.send_signal(signal.SIGKILL)
        whole += 2 * (3 + len(writer.stdout.read().split("\n")) - 1)
        writer.wait()
        left = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        reader = Store(url, create=False)
        keys = [one.key for one in reader.records()]
        reader.close()
        assert len(keys) % 2 == 0 and len(keys) >= whole
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == left, "readers leave no trace"
        whole = len(keys)
    store = Store(url)
    assert len(store) == whole
    with sqlite3.connect(tmp_path / "a.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_what_a_killed_writer_had_half_written_is_undone_in_a_copy(url, tmp_path):
    """A journal that is left over: a reader that may not write cannot undo it in its place."""
    store = Store(url)
    store.add(columns_of({"alpha": [31.0, 30.0], "beta": [29.0, 29.5]}))
    wanted = leaderboard(store.scores())
    store.close()
    torn = tmp_path / "torn"
    torn.mkdir()
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("PRAGMA cache_size = 1")  # pages go to the file before the end
        connection.execute("BEGIN")
        connection.execute("UPDATE records SET data = data || ?, status = 'x'", ("y" * 100_000,))
        assert (tmp_path / "a.db-journal").stat().st_size
        for path in tmp_path.glob("a.db*"):
            shutil.copy(path, torn)
        connection.rollback()
    connection.close()
    before = {path.name: path.read_bytes() for path in torn.iterdir()}
    reader = Store(f"sqlite:///{torn}/a.db", create=False)
    assert leaderboard(reader.scores()) == wanted and len(list(reader.records())) == 4
    reader.close()
    assert {path.name: path.read_bytes() for path in torn.iterdir()} == before
    assert leaderboard(Store(f"sqlite:///{torn}/a.db").scores()) == wanted


def test_a_run_says_once_how_its_store_is_written(command, tmp_path):
    done = command(*ONE_IMAGE, "--denoiser", "mean", *HERE, PRIORBENCH_JOURNAL="rollback")
    assert done.returncode == 0
    assert done.stderr.count("is written with a rollback journal") == 1
    assert [path.name for path in tmp_path.glob("priorbench.db*")] == ["priorbench.db"]
    wrong = command(*ONE_IMAGE, "--denoiser", "mean", *HERE, PRIORBENCH_JOURNAL="none")
    assert (wrong.returncode, "'wal' or 'rollback', or not set" in wrong.stderr) == (2, True)

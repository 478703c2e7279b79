"""SQLite's write-ahead log: what a run stores does not hang on a file beside the store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sample_records import record

from priorbench.errors import PriorbenchError
from priorbench.machine.settings import import_path
from priorbench.store import opening
from priorbench.store.database import Store

#: writes 20 records, does something in the middle, and is killed
WRITER = """
import os, signal, sys
from pathlib import Path
from priorbench.store import opening
from priorbench.store.database import Store
from sample_records import record
opening._CHECKPOINT = float(sys.argv[1])
store = Store("sqlite:///a.db")
for number in range(20):
    if number == 10:
        {middle}
    store.add([record(f"key-{{number}}")])
os.kill(os.getpid(), signal.SIGKILL)
"""


def stored(middle: str, seconds: float) -> None:
    """Have a process write and be killed."""
    done = subprocess.run(
        [sys.executable, "-c", WRITER.format(middle=middle), str(seconds)],
        env={**os.environ, "PYTHONPATH": import_path()},
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def keys() -> list[str]:
    """Return what is in the store."""
    return sorted(found.key for found in Store("sqlite:///a.db", create=False).records())


ALL = sorted(f"key-{number}" for number in range(20))


@pytest.mark.parametrize("part", ["a.db-wal", "a.db-shm"])
def test_a_log_that_is_removed_in_a_run_loses_nothing_even_if_that_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.chdir(tmp_path)
    stored(f"os.unlink('{part}')", 1000.0)
    assert keys() == ALL


def test_a_log_that_is_removed_after_a_kill_takes_some_seconds_along_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stored("pass", 0.0)
    Path("a.db-wal").unlink()
    assert keys() == ALL
    assert opening._CHECKPOINT <= 10


@pytest.mark.parametrize("size", [0, 10, 5000])
def test_a_file_that_is_cut_off_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store("sqlite:///a.db")
    store.add([record("a"), record("b")])
    store.close()
    os.truncate("a.db", size)
    with pytest.raises(PriorbenchError, match=r"was cut off|cannot|not in the store"):
        store.check_kept()
    store.close()


def test_what_is_gone_at_the_end_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store("sqlite:///a.db")
    store.add([record("a"), record("b")])
    store.check_kept()
    other = Store("sqlite:///a.db")
    other.write(lambda connection: connection.exec_driver_sql("DELETE FROM records WHERE key = 'a'"))
    with pytest.raises(PriorbenchError, match="1 of the 2 records that were just stored are not"):
        store.check_kept()


def test_a_file_that_may_not_grow_is_one_line_and_the_trial_is_in_a_file(tmp_path: Path) -> None:
    """What a full disk, or a quota, is to SQLite."""
    writer = WRITER.format(middle="import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (2**17, 2**17))")
    writer = writer.replace(
        'f"key-{number}")', 'f"key-{number}", printed=__import__("os").urandom(10_000).hex())'
    )
    done = subprocess.run(
        [sys.executable, "-c", writer, "0"],
        env={**os.environ, "PYTHONPATH": import_path()},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    last = done.stderr.splitlines()[-1]
    assert "cannot write to the store sqlite:///a.db: " in last
    assert "the trial that had just ended is not in it, its records are in" in last
    assert len(list(tmp_path.glob("priorbench-rescued-*.jsonl"))) == 1

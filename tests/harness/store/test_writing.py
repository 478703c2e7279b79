"""A store that does not take a trial: it is said in one line, and the records are in a file."""

from __future__ import annotations

import json
import random
import re
import sqlite3
import threading
from pathlib import Path

import pytest
from sample_records import record
from small_runs import HERE, ONE_IMAGE

from priorbench.contract.records import from_json
from priorbench.errors import PriorbenchError
from priorbench.store import files, opening, writing
from priorbench.store.database import Store

REMOVES_THE_STORE = """
import os
from priorbench import hookimpl

@hookimpl
def priorbench_run_finished(summary):
    os.rename("priorbench.db", "elsewhere.db")
"""


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Give a store in the working folder, that waits for nobody."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(files, "WAIT", 0.02)
    monkeypatch.setattr(writing, "WAIT", 0.02)
    monkeypatch.setattr(writing, "_PAUSES", (0.05, 0.1))
    store = Store("sqlite:///a.db")
    store.add([record("first")])
    return store


def rescued(error: BaseException) -> list[str]:
    """Return the keys of the records in the file that a message names."""
    found = re.search(
        r"its records are in (\S*priorbench-rescued-\S+\.jsonl), which 'priorbench import' reads$", str(error)
    )
    assert found is not None, error
    return [from_json(json.loads(line)).key for line in Path(found[1]).read_text().splitlines()]


def test_a_store_that_stays_locked_gives_an_error_and_a_file(store):
    other = sqlite3.connect("a.db")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(
        PriorbenchError, match=r"store sqlite:///a\.db: database is locked; another"
    ) as caught:
        store.add([record("b"), record("c")])
    assert rescued(caught.value) == ["b", "c"]
    other.rollback()
    store.add([record("b")])
    assert [found.key for found in store.records()] == ["first", "b"]


def test_a_lock_that_ends_soon_is_waited_for(store, monkeypatch, tmp_path):
    monkeypatch.setattr(writing, "_PAUSES", (0.05,) * 200)
    other = sqlite3.connect("a.db", check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, other.rollback)
    timer.start()
    store.add([record("b")])
    timer.join()
    assert [found.key for found in store.records()] == ["first", "b"]
    assert not list(tmp_path.glob("*.jsonl"))


def test_a_full_disk_loses_no_finished_trial(store, monkeypatch):
    def small(path):
        connection = files.connect_to_write(path)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    store.close()
    monkeypatch.setattr(opening, "connect_to_write", small)
    full = Store("sqlite:///a.db")
    with pytest.raises(PriorbenchError, match=r"disk is full; make room there.*not in it") as caught:
        full.add([record("big", printed=random.Random(0).randbytes(50_000).hex())])
    assert rescued(caught.value) == ["big"]
    assert [found.key for found in full.records()] == ["first"]


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_store_that_is_gone_is_noticed_at_the_next_trial(store, how):
    Path("a.db").rename("elsewhere.db")
    if how == "replaced":
        Path("a.db").write_bytes(Path("elsewhere.db").read_bytes())
    with pytest.raises(PriorbenchError, match=r"a\.db was removed or replaced by another file") as caught:
        store.add([record("b")])
    assert rescued(caught.value) == ["b"]


def test_a_store_that_is_gone_at_the_end_of_a_run_is_an_error(command, tmp_path):
    (tmp_path / "removes.py").write_text(REMOVES_THE_STORE)
    done = command(*ONE_IMAGE, "--denoiser", "mean", *HERE, "--plugin", "removes.py")
    assert done.returncode == 2
    assert "priorbench.db was removed or replaced" in done.stderr


def test_a_run_into_memory_or_into_what_is_no_store_is_refused(command, tmp_path):
    (tmp_path / "text.db").write_text("a text")
    for name in ("sqlite://", "text.db", str(tmp_path), "no/folder/a.db"):
        done = command(*ONE_IMAGE, "--denoiser", "mean", *HERE, "--store", name)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1, done.stderr

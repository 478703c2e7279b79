"""The store: what goes in comes out, a key is stored once, a killed writer leaves a whole store."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sample_records import record

from priorbench.contract.records import Curve, from_json, to_json
from priorbench.errors import PriorbenchError
from priorbench.store.database import Store, store_url

SUPPORT = Path(__file__).parents[2] / "support"
CURVE = Curve(iteration=(1, 2), wall_seconds=(0.1, 0.2), psnr=(20.0, None), residual=(0.1, 0.09))


def test_records_and_curves_come_back(url):
    store = Store(url)
    written = [record("a", psnr=30.5, curve=CURVE), record("b", status="error", error="no")]
    store.add(written)
    assert list(store.records()) == written
    assert [found.curve for found in store.records(curves=False)] == [None, None]
    assert len(store) == 2


def test_a_key_is_stored_once(url):
    store = Store(url)
    store.add([record("a", psnr=1.0)])
    store.add([record("a", psnr=2.0), record("b")])
    assert [found.psnr for found in store.records()] == [1.0, None]
    assert store.statuses(["a", "c"]) == {"a": "ok"}


def test_a_failure_is_replaced_and_a_good_record_is_not(url):
    """While a run makes again what failed, a good record of the same key may be imported."""
    store = Store(url)
    store.add([record("a", status="error", error="no"), record("b", psnr=2.0)])
    store.add([record("a", status="timeout", error="late"), record("b", status="error")], replace=True)
    assert store.statuses("ab") == {"a": "timeout", "b": "ok"}
    store.add([record("a", psnr=3.0)], replace=True)
    assert {found.key: found.psnr for found in store.records()} == {"a": 3.0, "b": 2.0}
    scores = store.scores()
    assert dict(zip(scores.key, scores.psnr, strict=True)) == {"a": 3.0, "b": 2.0}


def test_infinite_and_undefined_numbers_stay_out_of_json():
    line = json.dumps(to_json(record(psnr=math.inf, ssim=math.nan, mse=0.0)), allow_nan=False)
    found = from_json(json.loads(line))
    assert (found.psnr, found.ssim, found.mse) == (None, None, 0.0)


def test_fields_of_a_newer_schema_are_left_out():
    assert from_json(to_json(record()) | {"invented_later": 1}) == record()


def test_a_name_that_is_not_utf8_can_be_stored(url):
    store = Store(url)
    store.add([record(image="bad-\udcff.png")])
    assert next(store.records()).image == "bad-\udcff.png"


def test_a_store_that_is_not_there_or_not_a_store_is_one_clear_line(tmp_path):
    with pytest.raises(PriorbenchError, match="no store at"):
        Store(f"sqlite:///{tmp_path}/none.db", create=False)
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "text.db").write_text("this is not a database, it is a text file, and a long one at that")
    with pytest.raises(PriorbenchError, match=r"cannot open the store .*not a database"):
        Store(f"sqlite:///{tmp_path}/text.db")
    with pytest.raises(PriorbenchError, match="cannot open the store"):
        Store("nosuchdatabase://host/name")


def test_the_store_is_named_by_option_environment_or_default(monkeypatch):
    monkeypatch.delenv("PRIORBENCH_STORE", raising=False)
    assert store_url(None) == "sqlite:///priorbench.db"
    assert store_url("runs/a.db") == "sqlite:///runs/a.db"
    monkeypatch.setenv("PRIORBENCH_STORE", "sqlite:///b.db")
    assert store_url(None) == "sqlite:///b.db"
    assert store_url("sqlite:///c.db") == "sqlite:///c.db"


WRITER = """
import sys
sys.path[:0] = [{tests!r}]
from sample_records import record
from priorbench.store.database import Store
store = Store({url!r})
for number in range(10**9):
    store.add([record(f"{{number}}-a"), record(f"{{number}}-b")])
    print(number, flush=True)
"""


def test_a_killed_writer_leaves_whole_transactions(url):
    code = WRITER.format(tests=str(SUPPORT), url=url)
    writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    for _ in range(5):
        writer.stdout.readline()
    time.sleep(0.05)
    writer.send_signal(signal.SIGKILL)
    said = [int(line) for line in writer.stdout.read().split()]
    writer.wait()
    keys = {found.key for found in Store(url, create=False).records()}
    assert len(keys) % 2 == 0
    assert {f"{number}-{part}" for number in range(5 + len(said)) for part in "ab"} <= keys


def test_two_writers_share_a_store(url):
    one, two = Store(url), Store(url)
    one.add([record("a")])
    two.add([replace(record("a"), psnr=5.0), record("b")])
    assert [found.key for found in one.records()] == ["a", "b"]

"""Records are packed in SQLite, each by itself; stores of before are read as they are."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import zlib
from pathlib import Path

import pytest
from sample_records import columns_of, record

from priorbench.contract.records import Curve
from priorbench.ranking.leaderboard import leaderboard
from priorbench.store.database import Store
from priorbench.store.rows import packing
from priorbench.store.rows.packing import BrokenError, pack, unpack
from priorbench.store.tables import FORM
from priorbench.store.uniting import Tally, items_of, unite

CURVE = Curve(iteration=(1, 2), wall_seconds=(0.1, 0.2), psnr=(20.0, None), residual=(0.1, 0.2))
CROP = {"0" * 64: "iVBORw0KGgo="}


def fill(url: str) -> None:
    """Write a store with everything that a store has: curves, crops, environments, failures, rivals."""
    store = Store(url)
    store.add_environment("e", {"processor": "x"})
    store.add(columns_of({"alpha": [31.0, 30.0], "beta": [29.0, 29.5]}))
    store.add(
        [
            record("curve", psnr=30.0, curve=CURVE, environment="e", metrics={"m": 1.5}, crops=CROP),
            record("odd", image="caf\udce9.png", status="crashed", error="signal 9 ✓", printed="\x00\u2028"),
        ]
    )
    other = Store(f"{url}.other")
    other.add([record("curve", psnr=12.0, output_sha256="1" * 64)])
    unite(store, items_of(other, Tally()), Tally())
    other.close()
    store.close()


def as_before(path: Path) -> None:
    """Make of a store what the version before this one wrote."""
    with sqlite3.connect(path) as connection:
        for number, data in connection.execute("SELECT number, data FROM records").fetchall():
            text = unpack(data).decode()
            connection.execute("UPDATE records SET data = ? WHERE number = ?", (text, number))
        connection.execute("UPDATE about SET value = '2' WHERE name = 'schema'")
    connection.close()


def everything(path: Path) -> tuple[str, str, str, bytes]:
    """Return all that comes out of a store."""
    store = Store(str(path), create=False)
    try:
        lines = "\n".join(json.dumps(values) for values in store.exported())
        rivals = "\n".join(json.dumps(values) for values in store.rivals())
        return lines, rivals, repr(leaderboard(store.scores())), store.crop("0" * 64)
    finally:
        store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a store of the version before this one."""
    fill(str(tmp_path / "a.db"))
    as_before(tmp_path / "a.db")
    return tmp_path / "a.db"


def rows(path: Path) -> dict[str, str | bytes]:
    with sqlite3.connect(path) as connection:
        found = dict(connection.execute("SELECT key, data FROM records"))
    connection.close()
    return found


def test_a_store_of_before_is_read_as_it_is(path: Path) -> None:
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        before = path.read_bytes()
        assert len(everything(path)[0].splitlines()) == 6
        assert path.read_bytes() == before
    finally:
        path.parent.chmod(0o700)


def test_a_store_that_is_written_to_is_packed_and_gives_the_same(path: Path) -> None:
    before = everything(path)
    store = Store(str(path))
    assert store.renewed == 6
    store.close()
    assert all(isinstance(data, bytes) for data in rows(path).values())
    assert everything(path) == before
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT value FROM about WHERE name = 'schema'").fetchone() == (str(FORM),)
    connection.close()
    again = Store(str(path))
    assert again.renewed == 0
    again.close()


def test_what_is_packed_again_makes_the_file_smaller(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = Store(str(path))
    store.add([record(f"key-{number}", image=f"{number}.png", psnr=30.0) for number in range(2000)])
    store.close()
    as_before(path)
    before = path.stat().st_size
    Store(str(path)).close()
    assert path.stat().st_size < 0.6 * before


def test_a_damaged_row_stays_as_it_is_and_harms_no_other(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE records SET data = substr(data, 1, 50) WHERE key = 'odd'")
    connection.close()
    cut = rows(path)["odd"]
    store = Store(str(path))
    assert store.renewed == 5
    assert len(list(store.records())) == 5
    store.close()
    assert rows(path)["odd"] == cut


HARMS = {
    "cut": "substr(data, 1, length(data) - 9)",
    "its end": "substr(data, 1, length(data) - 1) || x'00'",
    "another dictionary": "x'02' || substr(data, 2)",
    "nothing": "x''",
    "the mark alone": "x'01'",
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_packed_row_that_is_harmed_is_named_everywhere(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "a.db"
    fill(str(path))
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE records SET data = CAST({HARMS[harm]} AS BLOB) WHERE key = 'curve'")
    connection.close()
    for read in (lambda store: store.scores(), lambda store: list(store.records())):
        store = Store(str(path), create=False)
        found = read(store)
        assert len(found.key if hasattr(found, "key") else found) == 5
        assert [where for where in store.damage if "(key curve)" in where]
        store.close()


def test_a_packed_row_that_is_changed_inside_is_found_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    fill(str(path))
    good = rows(path)["odd"]
    assert isinstance(good, bytes)
    for place in range(1, len(good) - 2):
        with pytest.raises(BrokenError):
            unpack(good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :])


@pytest.mark.parametrize("text", ["", "{}", '{"a":"' + "ä\udce9\u2028" * 99 + '"}', os.urandom(999).hex()])
def test_texts_come_back_byte_by_byte(text: str) -> None:
    packed = pack(text)
    assert isinstance(packed, bytes)
    assert unpack(packed) == text.encode("utf-8", "surrogatepass")


def test_what_unpacks_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "LARGEST", 1000)
    assert pack("x" * 1000) == "x" * 1000
    bomb = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = bomb.compress(b"x" * 10**6) + bomb.flush()
    with pytest.raises(BrokenError, match="unpacks to more than"):
        unpack(packing.MARK + b"0000" + packed + packing.END)


def test_the_dictionary_is_never_changed() -> None:
    """Rows of every store were packed with it: another one needs another mark."""
    assert hashlib.sha256(packing.DICTIONARY).hexdigest()[:16] == "9c9f752dfdfb4b9f"

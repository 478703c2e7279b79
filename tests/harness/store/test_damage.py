"""A damaged row is named and left out; the others are read."""

from __future__ import annotations

import json
import sqlite3
import zlib

import pytest
from sample_records import columns_of, record

from priorbench.contract.records import Curve, to_json
from priorbench.store.database import Store
from priorbench.store.documents import row_of

CURVE = Curve(iteration=(1,), wall_seconds=(0.1,), psnr=(20.0,), residual=(0.1,))
KEY = "beta-1-{}"
GOOD = row_of(to_json(record(KEY, psnr=1.5, curve=CURVE)))["data"]

DATA = {
    "cut": (GOOD[:100], "the record is no JSON"),
    "no object": ("[1]", "the record is no JSON object"),
    "NaN": (GOOD.replace("1.5", "NaN"), "no JSON"),
    "a field is missing": (GOOD.replace('"denoiser":"d",', ""), "the field 'denoiser' is missing"),
    "schema 1 without a label": (GOOD.replace('"schema":2', '"schema":1'), "the field 'label' is missing"),
    "a field of another type": (GOOD.replace("1.5", '"1.5"'), "the field 'psnr' is of the wrong type"),
    "more digits than a float": (GOOD.replace("1.5", "1" + "0" * 400), "more digits than any number"),
    "more digits in a parameter": (
        GOOD.replace('"parameters":{', '"parameters":{"deep":[{"a":-1' + "0" * 400 + "}],", 1).replace(
            ",}", "}"
        ),
        "more digits than any number",
    ),
    "no UTF-8": (GOOD.encode()[:-30] + b"\xff" + GOOD.encode()[-30:], "no JSON"),
    "another status": (GOOD.replace('"ok"', '"fine"'), "there is no status 'fine'"),
}
CURVES = {
    "no zlib": (b"nonsense", "the curve cannot be unpacked"),
    "cut": (zlib.compress(json.dumps([1] * 999).encode())[:-9], "the curve is cut off"),
    "huge": (zlib.compress(b" " * 200_000_000), "unpacks to more than 16 MiB"),
    "other columns": (zlib.compress(b"{}"), "the curve has other columns"),
    "ragged": (
        zlib.compress(b'{"iteration":[1],"wall_seconds":[],"psnr":[],"residual":[]}'),
        "not of one length",
    ),
}
CURVES["many digits"] = (
    zlib.compress(b'{"iteration":[1],"wall_seconds":[1],"psnr":[1%s],"residual":[0]}' % (b"0" * 400)),
    "more digits than any number",
)
CURVES["text"] = (
    zlib.compress(b'{"iteration":[1],"wall_seconds":[1],"psnr":["<b>"],"residual":[0]}'),
    "the curve has what is no number",
)
CASES = [("data", *case) for case in DATA.values()] + [("curve", *case) for case in CURVES.values()]


def damage(folder, column, value):
    """Make a store of four records, one of them damaged."""
    store = Store(f"sqlite:///{folder}/priorbench.db")
    store.add(columns_of({"alpha": [31.0, 30.0], "beta": [29.0, 29.5]}))
    store.close()
    with sqlite3.connect(folder / "priorbench.db") as connection:
        value = value if isinstance(value, str) or column == "curve" else sqlite3.Binary(value)
        connection.execute(f"UPDATE records SET {column} = ? WHERE key = ?", (value, KEY))
        connection.execute("UPDATE records SET data = CAST(data AS TEXT) WHERE key = ?", (KEY,))
    connection.close()


@pytest.mark.parametrize(("column", "value", "reason"), CASES)
def test_export_names_what_it_leaves_out(command, tmp_path, column, value, reason):
    damage(tmp_path, column, value)
    done = command("export")
    assert done.returncode == 1
    assert [json.loads(line)["psnr"] for line in done.stdout.splitlines()] == [31.0, 30.0, 29.0]
    first, second = done.stderr.splitlines()
    assert first.endswith("has 1 damaged row, left out here:")
    assert f"record 4 (key {KEY}): " in second and reason in second


def test_a_value_without_end_is_a_damaged_row_and_not_read(tmp_path):
    damage(tmp_path, "data", GOOD)
    with sqlite3.connect(tmp_path / "priorbench.db") as connection:
        connection.execute("UPDATE records SET data = zeroblob(200000000) WHERE number = 2")
        connection.execute("UPDATE records SET curve = zeroblob(200000000) WHERE number = 3")
        connection.execute("DELETE FROM about WHERE name = 'scores'")
    connection.close()
    store = Store(f"sqlite:///{tmp_path}/priorbench.db", create=False)
    assert [len(list(store.records())), len(list(store.records(curves=False)))] == [2, 3]
    assert [found.reason for found in store.damage.values()] == [
        "it has more than 64 MiB, which no record has"
    ] * 2
    assert len(store.scores().status) == 3
    assert len(Store(f"sqlite:///{tmp_path}/priorbench.db").scores().status) == 3


def test_another_value_without_end_is_one_line(command, tmp_path):
    damage(tmp_path, "data", GOOD)
    with sqlite3.connect(tmp_path / "priorbench.db") as connection:
        connection.execute("INSERT INTO environments VALUES ('e', zeroblob(200000000))")
    connection.close()
    done = command("export")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "it has a value of more than 64 MiB, which priorbench never writes" in done.stderr


def test_a_run_goes_on_beside_a_damaged_row(tmp_path):
    damage(tmp_path, "data", GOOD[:100])
    with sqlite3.connect(tmp_path / "priorbench.db") as connection:
        connection.execute("DELETE FROM about WHERE name = 'scores'")
    connection.close()
    store = Store(f"sqlite:///{tmp_path}/priorbench.db")
    store.add([record("new")])
    assert len(list(store.records())) == 4 and len(store.scores().status) == 4


@pytest.mark.parametrize("more", [[], ["--format", "json"], ["--format", "html", "-o", "page.html"]])
def test_a_leaderboard_names_what_it_leaves_out(command, tmp_path, more):
    damage(tmp_path, "data", GOOD[:100])
    done = command("leaderboard", *more)
    assert done.returncode == 1, done.stderr
    assert "1 damaged row" in done.stderr and f"(key {KEY})" in done.stderr
    if more == ["--format", "json"]:
        [board] = json.loads(done.stdout)
        assert {row["name"]: row["images"] for row in board["rows"]} == {"alpha": 1, "beta": 1}
        assert any("not over" in note for note in board["notes"])


def test_a_comparison_names_what_it_leaves_out(command, tmp_path):
    damage(tmp_path, "data", GOOD[:100])
    done = command("compare", "alpha", "beta")
    assert done.returncode == 1 and "alpha minus beta" in done.stdout
    assert "1 damaged row" in done.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM entries",
        "UPDATE entries SET data = '['",
        "UPDATE scores SET problem = 7 WHERE number = 2",
        "UPDATE scores SET psnr = 'text' WHERE number = 1",
    ],
)
def test_damaged_columns_are_made_from_the_records(tmp_path, statement):
    store = Store(f"sqlite:///{tmp_path}/a.db")
    store.add(columns_of({"alpha": [31.0, 30.0], "beta": [29.0, 29.5]}))
    store.close()
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute(statement)
    connection.close()
    scores = Store(f"sqlite:///{tmp_path}/a.db", create=False).scores()
    assert scores.psnr.tolist() == [31.0, 30.0, 29.0, 29.5]
    asked = scores.asked
    labels = {
        key: asked.requests[request].denoiser.label
        for key, request in zip(asked.key, asked.request, strict=True)
    }
    assert [labels[key] for key in scores.key] == ["alpha", "alpha", "beta", "beta"]


def test_a_damaged_environment_is_named(command, tmp_path):
    store = Store(f"sqlite:///{tmp_path}/priorbench.db")
    store.add([record("a", environment="e1")])
    store.add_environment("e1", {"cpu": "x"})
    store.close()
    with sqlite3.connect(tmp_path / "priorbench.db") as connection:
        connection.execute("UPDATE environments SET data = substr(data, 1, 5)")
    connection.close()
    done = command("export")
    assert done.returncode == 1 and "environment e1: the environment is no JSON" in done.stderr
    assert json.loads(done.stdout)["environment"] == {"fingerprint": "e1"}

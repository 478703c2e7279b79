"""What was asked for in a store: written, read back, added to, and made of stores of schema 1."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

import pytest
from asked_things import a_set, choice, document_1, request, results, run_of, told, write_store_1
from sample_records import record

from priorbench.contract.records import SCHEMA
from priorbench.contract.requests import request_from_json, request_to_json
from priorbench.errors import PriorbenchError
from priorbench.ranking.leaderboard import leaderboard
from priorbench.store.asked import request_id
from priorbench.store.database import Store
from priorbench.store.rows.packing import unpack
from priorbench.store.tables import FORM

WHOLE = request(
    "a",
    denoiser=choice("dip", "a", channels=8, name="ü"),
    stopping=choice("fixed", iterations=3),
    image_set=a_set(
        "val", name="folder", parameters={"crop": 8}, choosing=("limit", "seed"), members="x", count=2
    ),
    noise=choice("gaussian", "n", sigma=0.1),
    operator=choice("mask", keep=0.5),
    metrics=("lpips", "niqe"),
    device="cuda",
    threads=4,
)


@pytest.fixture
def file(tmp_path):
    """Name a store that is not there yet."""
    return tmp_path / "a.db"


def filled(url, *questions) -> Store:
    """Return a store of what some runs asked for."""
    store, whole = Store(url), told(*questions)
    for run in whole.runs:
        store.add_run(run)
    store.add(whole.records, answers=whole.answers)
    return store


def shown(store: Store) -> list[tuple[str, float | None, int]]:
    """Return name, PSNR and images of the rows of all boards."""
    return [(row.name, row.psnr, row.images) for board in leaderboard(store.scores()) for row in board.rows]


def test_a_request_comes_back_from_its_json_and_keeps_its_id():
    found = request_from_json(json.loads(json.dumps(request_to_json(WHOLE))))
    assert found == WHOLE
    assert request_id(found) == request_id(WHOLE)
    turned = replace(WHOLE, denoiser=choice("dip", "a", name="ü", channels=8))
    assert request_id(turned) == request_id(WHOLE), "the order of parameters does not matter"
    others = [
        replace(WHOLE, threads=5),
        replace(WHOLE, stopping=None),
        replace(WHOLE, image_set=replace(WHOLE.image_set, members="y")),
        replace(WHOLE, noise=replace(WHOLE.noise, label="m")),
    ]
    assert len({request_id(other) for other in (WHOLE, *others)}) == 5


def test_what_was_asked_for_is_read_back(url):
    store = filled(url, (2, WHOLE, results("a", [30.0])), (1, request("b"), results("b", [31.0, 32.0])))
    store.close()
    asked = Store(url, create=False).asked()
    assert asked.runs == (run_of(1), run_of(2))
    assert {one.denoiser.label: one for one in asked.requests} == {"a": WHOLE, "b": request("b")}
    rows = zip(asked.key, asked.request, asked.run, strict=True)
    assert sorted(
        (key, asked.requests[one].denoiser.label, asked.runs[run].id) for key, one, run in rows
    ) == [
        ("a 0", "a", run_of(2).id),
        ("b 0", "b", run_of(1).id),
        ("b 1", "b", run_of(1).id),
    ]


def test_the_same_answer_counts_once_and_what_is_there_stays(url):
    store = filled(url, (1, request("a"), results("a", [30.0])))
    [answer] = told((1, request("a"), results("a", [30.0]))).answers
    store.add_run(replace(run_of(1), asked_at="2099-01-01T00:00:00+00:00"))
    store.add_answers([answer, answer])
    asked = store.asked()
    assert (len(asked.key), asked.runs) == (1, (run_of(1),))


def test_an_answer_without_a_record_is_on_no_board(url):
    """A run that was killed before its trial ended."""
    store = filled(url, (1, request("a"), results("a", [30.0])))
    store.add_answers([(request("b"), "never stored", run_of(1).id)])
    assert shown(store) == [("a", 30.0, 1)]


def test_a_record_that_is_added_without_a_request_is_asked_for_by_its_own_names(url):
    store = Store(url)
    common = {"label": "dip", "mse": 0.1, "noisy_sha256": "x", "noise": "gaussian", "stopping_rule": "fixed"}
    common |= {"noise_parameters": {"s": 1}, "device": "cuda:3", "threads": 2}
    old = record("old", psnr=20.0, code="c1", started_at="2026-01-01", **common)
    new = record("new", psnr=30.0, code="c2", started_at="2026-01-02", **common)
    store.add([new])
    store.add([old])
    asked = store.asked()
    assert asked.requests[0].denoiser == choice("dip", k=1)
    wanted = request(
        "dip", suite="", stopping=choice("fixed"), noise=choice("gaussian", s=1), device="cuda", threads=2
    )
    assert set(map(request_id, asked.requests)) == {request_id(replace(wanted, code=c)) for c in ("c1", "c2")}
    assert [run.asked_at for run in asked.runs] == ["2026-01-01", "2026-01-02"]
    assert shown(store) == [("dip", 30.0, 1)]


def test_a_damaged_request_is_named_and_what_answers_it_left_out(url):
    store = filled(url, (1, request("a"), results("a", [30.0])), (1, request("b"), results("b", [31.0])))
    number = request_id(request("b"))
    damage = f"UPDATE requests SET data = '{{' WHERE id = {number}"
    store.write(lambda connection: connection.exec_driver_sql(damage))
    store.close()
    store = Store(url, create=False)
    assert shown(store) == [("a", 30.0, 1)]
    assert list(store.damage) == [f"request {number}"]


def documents_1() -> list[dict]:
    """Return records of schema 1: label a in two versions, the newer one stored first; label b; a rule."""
    day = [{"started_at": f"2026-01-0{number}T00:00:00+00:00"} for number in range(3)]
    new = results("dip", [30.0, 32.0], parameters={"k": 2}, **day[2])
    old = [replace(one, key=f"old {one.key}") for one in results("dip", [20.0, 21.0], **day[1])]
    other = results("tv", [29.0, 28.0], stopping_rule="fixed", **day[1])
    return [
        *(document_1(one, "a") for one in (*new, *old)),
        *(document_1(one, "tv:strength=1") for one in other),
    ]


BOARD_1 = [("a", 31.0, 2), ("tv:strength=1", 28.5, 2)]
NOTE_1 = "2 records of earlier versions or parameters of the same labels are left out"


def check_board_1(store: Store) -> None:
    """Check the board of `documents_1`."""
    [board] = leaderboard(store.scores())
    assert [(row.name, row.psnr, row.images) for row in board.rows] == BOARD_1
    assert [row.stopping_rule for row in board.rows] == [None, "fixed"]
    assert str(board.setting) == "s, n"
    assert any(note.startswith(NOTE_1) for note in board.notes)


@pytest.mark.parametrize("scores", [False, True], ids=["records alone", "with scores"])
def test_a_store_of_schema_1_is_read_without_a_change_to_the_file(file, scores):
    write_store_1(file, documents_1(), scores=scores)
    before = file.read_bytes()
    store = Store(str(file), create=False)
    check_board_1(store)
    assert [(one.denoiser, one.schema) for one in store.records()][:5:4] == [("dip", SCHEMA), ("tv", SCHEMA)]
    store.close()
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["a.db"]


@pytest.mark.parametrize("scores", [False, True], ids=["records alone", "with scores"])
def test_a_store_of_schema_1_that_is_written_to_has_the_same_board(file, scores):
    write_store_1(file, documents_1(), scores=scores)
    store = Store(str(file))
    check_board_1(store)
    before = leaderboard(store.scores())
    assert store.environments() == {"e": {"processor": "x"}}
    store.close()
    with sqlite3.connect(file) as connection:
        [(schema,)] = connection.execute("SELECT value FROM about WHERE name = 'schema'")
        texts = [json.loads(unpack(data)) for (data,) in connection.execute("SELECT data FROM records")]
    connection.close()
    assert schema == str(FORM)
    assert all("label" not in data and data["schema"] == SCHEMA for data in texts)
    for create in (True, False):
        again = Store(str(file), create=create)
        assert leaderboard(again.scores()) == before
        assert len(again) == 6
        again.close()


def test_a_new_run_in_a_store_of_schema_1_has_a_board_beside_the_old_one(file):
    """Schema 1 did not keep what an image set is, so nobody can say that the images are the same."""
    write_store_1(file, documents_1())
    store = Store(str(file))
    asked = request("dip", denoiser=choice("dip", "a", k=2), code="new")
    store.add_run(replace(run_of(9), id="f"))
    again = [replace(one, key=f"again {one.key}") for one in results("dip", [33.0, 35.0])]
    store.add(again, answers=[(asked, one.key, "f") for one in again])
    found = {board.setting.image_set: board for board in leaderboard(store.scores())}
    assert {name: [(row.name, row.psnr) for row in board.rows] for name, board in found.items()} == {
        "s (of an earlier version)": [("a", 31.0), ("tv:strength=1", 28.5)],
        "s (s)": [("a", 34.0)],
    }


def test_a_damaged_record_of_schema_1_stays_as_it_is(file):
    write_store_1(file, documents_1())
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE records SET data = substr(data, 1, 50) WHERE number = 3")
        [(cut,)] = connection.execute("SELECT data FROM records WHERE number = 3")
    connection.close()
    store = Store(str(file))
    assert shown(store) == BOARD_1
    assert len(store.damage) == 1
    store.close()
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT data FROM records WHERE number = 3").fetchone() == (cut,)
    connection.close()


def test_a_store_of_a_newer_schema_is_refused(file):
    write_store_1(file, [])
    with sqlite3.connect(file) as connection:
        connection.execute(f"UPDATE about SET value = '{FORM + 1}' WHERE name = 'schema'")
    connection.close()
    for create in (True, False):
        with pytest.raises(
            PriorbenchError, match=rf"has schema {FORM + 1}, newer than this priorbench's {FORM}"
        ):
            Store(str(file), create=create)

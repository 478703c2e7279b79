"""What is remembered of a store gives the board that its records give, whatever happens to the store."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from asked_things import request, run_of
from sample_records import trial

from priorbench import caching
from priorbench.contract.records import Record
from priorbench.errors import PriorbenchError
from priorbench.ranking.boards import Board
from priorbench.ranking.filters import Filter
from priorbench.ranking.leaderboard import leaderboard
from priorbench.ranking.newest import Selection, marked
from priorbench.store import files
from priorbench.store.asked import Answer, asked_of
from priorbench.store.columns import reading, remembered
from priorbench.store.columns.filling import COLUMNS
from priorbench.store.database import Store
from priorbench.store.forgetting import forget, rename
from priorbench.store.scores import Scores, scores_of_documents
from priorbench.store.uniting import Tally, items_of, unite

FILTERS = [
    Filter(),
    Filter(denoisers=("a",)),
    Filter(noise="n"),
    Filter(suites=("other",)),
    Filter(run=run_of(2).id),
]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what is remembered; stores of a few records are, and those that just changed."""
    monkeypatch.setenv(caching.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(remembered, "FEWEST", 1)
    monkeypatch.setattr(files, "_SETTLED", 0)
    return tmp_path / "cache" / "stores"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was read row by row: an item for each time."""
    found: list[str] = []
    real = reading.read_asked
    monkeypatch.setattr(reading, "read_asked", lambda *given: (found.append("answers"), real(*given))[1])
    return found


def key(*parts: object) -> str:
    """Return the key of a record, a digest as a run's are."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def results(label: str, values: dict[str, float], **changes: object) -> list[Record]:
    """Return the records of a method by image."""
    return [
        trial(
            label, image, **{"psnr": psnr, "key": key(label, image, changes), "wall_seconds": psnr, **changes}
        )
        for image, psnr in values.items()
    ]


def some_answers() -> tuple[list[Record], list[Answer]]:
    """Records of all kinds, some of them asked for twice, under other names, or for an earlier version."""
    images = {str(number): 20.0 + number / 7 for number in range(12)}
    better = {image: psnr + 1 + int(image) / 9 for image, psnr in images.items()}
    odd = {"remark": "values up to 255", "tainted": "load 9"}
    metrics = {"metrics": {"lpips": 0.25}, "ssim": 0.5, "iterations": 9, "stopped_at": 4, "fired": True}
    parts = [
        (1, request("a"), results("a", images, started_at="2026-01-01T00:00:00+00:00")),
        (2, request("a"), results("a", images, started_at="2026-01-01T00:00:00+00:00")),
        (1, request("b", code="old"), results("b", images, parameters={"k": 0})),
        (2, request("b"), results("b", better, **metrics)),
        (2, request("c", suite="other"), results("c", better, **odd)),
        (
            3,
            request("c again", suite="other"),
            results("c", better, **odd),
        ),
        (3, request("d"), results("d", images, status="refused", psnr=None, mse=None, error="too large")),
    ]
    records = {one.key: one for _, _, own in parts for one in own}
    answers = [(asked, one.key, run_of(day).id) for day, asked, own in parts for one in own]
    return list(records.values()), answers


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store of them, at rest."""
    store = Store(str(tmp_path / "a.db"))
    for day in (1, 2, 3):
        store.add_run(run_of(day))
    records, answers = some_answers()
    store.add(records, answers=answers)
    store.close()
    return tmp_path / "a.db"


def scores_in(path: Path) -> Scores:
    """Return what a command reads."""
    with contextlib.closing(Store(str(path), create=False)) as store:
        found = store.scores()
        assert not store.damage
        return found


def boards_in(path: Path, only: Filter = FILTERS[0]) -> list[Board]:
    """Return the boards that a command makes."""
    return leaderboard(scores_in(path), only=only)


def plain_boards(path: Path, only: Filter = FILTERS[0]) -> list[Board]:
    """Return the boards by another way: of every record's text, and of every answer by itself."""
    with contextlib.closing(Store(str(path), create=False)) as store:
        texts = list(store.documents(curves=False))
        asked = store.asked()
    assert asked is not None
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT request, key, run FROM answers").fetchall()
    by_id = dict(zip(sorted({row[0] for row in rows}), asked.requests, strict=True))
    answers = [(by_id[number], one, run) for number, one, run in reversed(rows)]
    return leaderboard(scores_of_documents(texts, asked_of(answers, asked.runs)), only=only)


@pytest.mark.parametrize("only", FILTERS)
def test_boards_of_what_is_remembered_are_those_of_the_records(path, read, cache, only):
    wanted = plain_boards(path, only)
    read.clear()
    first, again = boards_in(path, only), boards_in(path, only)
    assert first == again == wanted and wanted
    assert len(read) == 1 and len(list(cache.iterdir())) == 1


def test_every_column_is_what_it_was(path, monkeypatch):
    monkeypatch.setenv(caching.VARIABLE, "off")
    wanted = scores_in(path)
    monkeypatch.setenv(caching.VARIABLE, str(path.parent / "cache"))
    for found in (scores_in(path), scores_in(path)):
        assert found.key.tolist() == wanted.key.tolist() == sorted(wanted.key)
        assert (found.entries, found.problems) == (wanted.entries, wanted.problems)
        assert (found.asked.requests, found.asked.runs) == (wanted.asked.requests, wanted.asked.runs)
        assert found.asked.key.tolist() == wanted.asked.key.tolist()
        for name in ("entry", "problem", *COLUMNS):
            np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
        for name in ("request", "run", "record"):
            np.testing.assert_array_equal(getattr(found.asked, name), getattr(wanted.asked, name))


def _another(path: Path) -> None:
    with contextlib.closing(Store(str(path))) as store:
        store.add_run(run_of(4))
        [one] = results("a", {"99": 40.0})
        store.add([one], answers=[(request("a"), one.key, run_of(4).id)])


def _forgotten(path: Path) -> None:
    with contextlib.closing(Store(str(path))) as store:
        scores = store.scores()
        forget(store, scores.asked, marked(scores, Selection(labels=("b",), older=True)))


def _renamed(path: Path) -> None:
    def name(one):
        return replace(one, denoiser=replace(one.denoiser, label="z")) if one.denoiser.label == "b" else None

    with contextlib.closing(Store(str(path))) as store:
        rename(store, store.asked(), name)


def _replaced(path: Path) -> None:
    with contextlib.closing(Store(str(path))) as store:
        [refused] = results("d", {"3": 35.0}, status="refused", psnr=None, mse=None, error="too large")
        good = replace(refused, status="ok", psnr=35.0, mse=10**-3.5, error=None)
        store.add([good], answers=(), replace=True)


def _merged(path: Path) -> None:
    other = path.with_name("other.db")
    with contextlib.closing(Store(str(other))) as store:
        store.add(results("e", {str(number): 33.0 for number in range(12)}))
    with contextlib.closing(Store(str(path))) as store, contextlib.closing(Store(str(other))) as source:
        unite(store, items_of(source, Tally()), Tally())


def _edited(path: Path) -> None:
    """Change a number by another program, which leaves the size and sets the time back."""
    before = path.stat()
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("UPDATE scores SET psnr = psnr + 5 WHERE psnr IS NOT NULL AND number % 2")
        connection.execute("UPDATE records SET status = status")
        connection.commit()
        connection.execute("PRAGMA journal_mode = WAL")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def _deleted(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        gone = connection.execute("SELECT key FROM scores WHERE psnr > 21 LIMIT 5").fetchall()
        for table in ("scores", "records", "answers"):
            connection.executemany(f"DELETE FROM {table} WHERE key = ?", gone)


CHANGES: list[Callable[[Path], None]] = [
    *(_another, _forgotten, _renamed, _replaced, _merged, _edited, _deleted),
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_a_store_is_on_the_next_board(path, read, change, monkeypatch):
    before = boards_in(path)
    assert boards_in(path) == before and len(read) == 1
    change(path)
    after = boards_in(path)
    monkeypatch.setenv(caching.VARIABLE, "off")
    assert after == boards_in(path) != before
    if change is not _edited:  # which only changed what is made of the records
        assert after == plain_boards(path)


def test_another_store_in_the_place_is_another_one(path, read):
    before = boards_in(path)
    other = path.with_name("other.db")
    with contextlib.closing(Store(str(other))) as store:
        store.add(results("a", {"0": 30.0}))
    kept = path.with_name("kept.db")
    path.rename(kept)
    other.rename(path)
    assert [row.psnr for board in boards_in(path) for row in board.rows] == [30.0]
    path.unlink()
    kept.rename(path)
    assert boards_in(path) == before


def test_a_store_in_use_is_read_as_it_is_now(path, read, cache):
    before = len(scores_in(path).keys)
    with contextlib.closing(Store(str(path))) as store:
        store.add_run(run_of(4))
        for number in (1, 2):
            [one] = results("a", {str(number): 40.0}, repetition=number)
            store.add([one], answers=[(request("a"), one.key, run_of(4).id)])
            assert len(scores_in(path).keys) == before + number
            assert boards_in(path) == plain_boards(path)
    assert len(scores_in(path).keys) == before + 2


def test_a_change_while_it_is_read_is_not_remembered(path, cache, monkeypatch):
    real = reading.read_scores

    def changing(*given):
        found = real(*given)
        os.utime(path)
        return found

    monkeypatch.setattr(reading, "read_scores", changing)
    with pytest.raises(PriorbenchError, match="changed while it was read"):
        scores_in(path)
    assert not cache.exists() or not list(cache.iterdir())


def test_a_store_that_just_changed_is_not_remembered(path, cache, monkeypatch):
    monkeypatch.setattr(files, "_SETTLED", 10**12)
    assert boards_in(path) == plain_boards(path)
    assert not cache.exists()
    monkeypatch.setattr(files, "_SETTLED", 0)
    boards_in(path)
    [file] = cache.iterdir()
    monkeypatch.setattr(files, "_SETTLED", 10**12)
    monkeypatch.setattr(remembered, "recall", None)  # not asked either
    assert boards_in(path) == plain_boards(path) and file.exists()


def _spoiled(data: bytes) -> Iterator[bytes]:
    for place in [*range(0, 700, 23), *range(700, len(data), 997), len(data) - 1]:
        yield data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    for length in (0, 10, 40, 300, len(data) // 2, len(data) - 1):
        yield data[:length]
    yield data + b"\0"
    yield os.urandom(5000)


def test_a_damaged_file_counts_for_nothing(path, cache, read):
    wanted = boards_in(path)
    [file] = cache.iterdir()
    data = file.read_bytes()
    with contextlib.closing(Store(str(path), create=False)) as store:
        place = reading.resting(store._database)
    for number, spoiled in enumerate(_spoiled(data)):
        file.write_bytes(spoiled)
        assert remembered.recall(place.file, place.stamp, "x") is None
        if number % 20 == 0:
            assert boards_in(path) == wanted
            assert file.read_bytes() == data, "written again"
    read.clear()
    file.write_bytes(_spoiled(data).__next__())
    assert boards_in(path) == wanted and len(read) == 1


def test_another_version_counts_for_nothing(path, cache, read, monkeypatch):
    boards_in(path)
    monkeypatch.setattr("priorbench.store.columns.recalling._VERSION", "another")
    boards_in(path)
    assert len(read) == 2


@pytest.mark.parametrize("value", ["off", "/dev/null/nowhere"])
def test_nothing_is_remembered_where_it_cannot_or_shall_not_be(path, read, value, monkeypatch):
    monkeypatch.setenv(caching.VARIABLE, value)
    assert boards_in(path) == boards_in(path) == plain_boards(path)


def test_damage_is_told_each_time(path, cache):
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE records SET data = '{' WHERE number = 2")
    for _ in range(2):
        with contextlib.closing(Store(str(path), create=False)) as store:
            store.scores()
            assert [one.reason for one in store.damage.values()] == ["the record is no JSON"]
    assert not cache.exists()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM requests WHERE id IN (SELECT id FROM requests LIMIT 1)", "answers without a request"),
        (f"DELETE FROM runs WHERE id = '{run_of(2).id}'", "answers without a run"),
        (
            f"INSERT INTO answers SELECT request, '{'f' * 64}', run FROM answers LIMIT 1",
            "answers without a record",
        ),
        ("INSERT INTO answers SELECT request, x'00ff', run FROM answers LIMIT 1", "answers without a record"),
    ],
)
def test_answers_to_nothing_are_told_each_time(path, cache, statement, told):
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    boards = []
    for _ in range(2):
        with contextlib.closing(Store(str(path), create=False)) as store:
            boards.append(leaderboard(store.scores()))
            assert list(store.damage) == [told]
    assert boards[0] == boards[1] and not cache.exists()


def test_a_store_with_other_keys_is_read_each_time(tmp_path, cache, read):
    with contextlib.closing(Store(str(tmp_path / "b.db"))) as store:
        store.add([trial("a", "1", 30.0), *results("b", {"1": 31.0})])
    boards = [boards_in(tmp_path / "b.db") for _ in range(2)]
    assert len(boards[0][0].rows) == 2 and boards[0] == boards[1] and len(read) == 2
    assert not cache.exists()


def test_small_stores_are_not_remembered(path, cache, monkeypatch):
    monkeypatch.setattr(remembered, "FEWEST", 10_000)
    boards_in(path)
    assert not cache.exists()


def test_what_was_not_used_for_longest_goes_first(tmp_path, cache, monkeypatch):
    for name in ("a", "b", "c"):
        with contextlib.closing(Store(str(tmp_path / f"{name}.db"))) as store:
            store.add(results("a", {str(number): 30.0 + number for number in range(50)}))
    boards_in(tmp_path / "a.db")
    [first] = cache.iterdir()
    monkeypatch.setattr(remembered, "_ALL", int(2.5 * first.stat().st_size))
    boards_in(tmp_path / "b.db")
    os.utime(first, (time.time() + 60, time.time() + 60))
    boards_in(tmp_path / "c.db")
    assert len(list(cache.iterdir())) == 2 and first.exists()


def test_a_store_that_nobody_may_write_to_is_remembered_elsewhere(path, cache, read):
    path.chmod(0o444)
    before = {one: one.stat().st_mtime_ns for one in path.parent.glob("a.db*")}
    assert boards_in(path) == boards_in(path) == plain_boards(path)
    assert {one: one.stat().st_mtime_ns for one in path.parent.glob("a.db*")} == before


def test_many_boards_at_once_read_and_write_the_same_file(path, cache):
    wanted = boards_in(path)
    for make in map(partial, [boards_in] * 3, [path] * 3):
        [file] = cache.iterdir()
        file.unlink()
        with contextlib.closing(Store(str(path), create=False)) as store:
            scores = store.scores()
            assert make() == wanted
            [file] = cache.iterdir()
            file.unlink()  # what is mapped stays
            assert leaderboard(scores) == wanted
            make()

"""Keys as digests sort and are found as their texts are; columns take in all rows, in any order."""

from __future__ import annotations

import hashlib
import random

import numpy as np
import pytest
import sqlalchemy as sa
from sample_records import record

from priorbench.store import statements
from priorbench.store.columns.filling import COLUMNS, Filling
from priorbench.store.columns.keys import (
    DIGEST,
    concatenated,
    key_array,
    numbered,
    order_of,
    places,
    places_of,
    texts,
)
from priorbench.store.database import Store
from priorbench.store.statements import plain_rows
from priorbench.store.tables import SCORES


def digests(count: int, *, alike: int = 0) -> list[str]:
    """Return digests in no order; the first letters of all are alike."""
    found = [hashlib.sha256(str(number).encode()).hexdigest()[:32] for number in range(count)]
    return ["0" * alike + one[alike:] for one in found]


KEYS = {
    "digests": digests(500),
    "digests that begin alike": digests(500, alike=20),
    "twice": digests(50) * 2,
    "with zeros": ["00" * 15 + "01", "01" + "00" * 15, "00" * 16, "ff" * 16],
    "texts": ["b", "a", "ä", "\U0001f600", "￿", "b" * 64],
    "capitals": [one.upper() for one in digests(5)],
    "mixed": [*digests(5), "x"],
    "spaces": [" " * 32, "a " * 16],
    "none": [],
}


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
def test_keys_are_in_the_order_of_their_texts(keys):
    array = key_array(keys)
    assert texts(array).tolist() == keys
    assert [keys[number] for number in order_of(array)] == sorted(keys)
    distinct, number = numbered(array)
    assert texts(distinct).tolist() == sorted(set(keys))
    assert texts(distinct[number]).tolist() == keys if keys else len(number) == 0


def test_no_digests_have_an_order():
    none = np.empty(0, DIGEST)
    assert len(order_of(none)) == len(numbered(none)[0]) == len(places(none, none)) == len(texts(none)) == 0


def test_digests_take_half_their_letters():
    assert key_array(digests(3)).dtype == DIGEST and key_array(digests(3)).nbytes == 48
    assert key_array([one.upper() for one in digests(3)]).dtype == object


@pytest.mark.parametrize("other", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
def test_keys_are_found_where_they_are(keys, other):
    known, wanted = sorted(set(keys)), [*other, *keys[::3]]
    index = {key: number for number, key in enumerate(known)}
    found = places(key_array(known), key_array(wanted)).tolist()
    assert found == [index.get(key, -1) for key in wanted]
    assert texts(concatenated([key_array(keys), key_array(other)])).tolist() == [*keys, *other]


def test_numbers_are_found_where_they_are():
    known, wanted = np.array([-(2**62), -1, 5, 2**62]), np.array([5, 6, -(2**62), 2**62, -2, 2**62 + 1])
    assert places_of(known, wanted).tolist() == [2, -1, 0, 3, -1, -1]
    assert places_of(known[:0], wanted).tolist() == [-1] * 6


@pytest.mark.parametrize("room", [0, 1, 7, 100])
@pytest.mark.parametrize("step", [1, 3, 50])
def test_columns_take_in_more_rows_or_fewer_than_were_to_come(room, step):
    rng = random.Random(room + step)
    rows = []
    for number, key in enumerate([*digests(30), "text", *digests(40)[30:]]):
        values = dict.fromkeys(COLUMNS) | {"status": "ok", "exact": 0, "tainted": number % 2}
        values |= {"psnr": float(number)} | ({"remark": f"r{number}"} if number > 20 else {})
        rows.append((key, number, 2**62 - number, *values.values()))
    rng.shuffle(rows)
    filling = Filling(room)
    for start in range(0, len(rows), step):
        filling.add(rows[start : start + step])
    gone = {"text", digests(1)[0]}
    keys, entry, problem, columns = filling.finish(sorted(gone))
    wanted = sorted(row for row in rows if row[0] not in gone)
    assert texts(keys).tolist() == [row[0] for row in wanted]
    assert list(zip(entry.tolist(), problem.tolist(), strict=True)) == [row[1:3] for row in wanted]
    for place, name in enumerate(COLUMNS, start=3):
        empty = {"exact": False, "tainted": False}.get(name)
        found = [empty if one != one else one for one in columns[name].tolist()]
        assert found == [row[place] if row[place] is not None else empty for row in wanted]


def test_no_row_is_lost_between_two_fetches(url, monkeypatch):
    monkeypatch.setattr(statements, "_MANY", 4)
    store = Store(url)
    for count in (0, 3, 1, 4, 1):
        store.add([record(f"{len(store)}-{number}", psnr=1.0) for number in range(count)] or [record("0")])
        with store._connection() as connection:
            rows = [row for some in plain_rows(connection, sa.select(SCORES.c.key)) for row in some]
        assert len(rows) == len(set(rows)) == len(store) == len(store.scores().keys)

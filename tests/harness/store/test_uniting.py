"""Records of several stores in one: by key, in any order, and never over another result."""

from __future__ import annotations

import itertools
import json

import pytest
from sample_records import record, trial

from priorbench.contract.records import Curve, from_json
from priorbench.ranking.leaderboard import leaderboard
from priorbench.rendering.plain import boards_json
from priorbench.store.database import Store
from priorbench.store.documents import UnreadableError
from priorbench.store.exchange import item_of
from priorbench.store.uniting import Tally, items_of, unite


def store_of(url, records):
    """Return a closed store's URL."""
    store = Store(url)
    store.add(records)
    store.close()
    return url


def merged(url, urls):
    """Return what became of the records of several stores, and the store that has them now."""
    target, tally = Store(url), Tally()
    for other in urls:
        source = Store(other, create=False)
        unite(target, items_of(source, tally), tally)
        source.close()
    return target, tally


def measured(label, image, psnr, day, **changes):
    return trial(label, image, psnr, started_at=f"2026-01-{day:02}T00:00:00+00:00", **changes)


@pytest.fixture
def three(new_url):
    """Three machines: parts of one set, one trial measured on each, another result, a failure made good."""
    shared = {"key": "shared", "wall_seconds": 1.0}
    return [
        store_of(
            new_url(),
            [
                measured("a", "1", 30.0, 1),
                measured("b", "1", 25.0, 1, **shared, environment="one"),
                measured("c", "1", None, 1, key="c", status="timeout", mse=None),
                measured("d", "1", 31.0, 3, key="d"),
            ],
        ),
        store_of(
            new_url(),
            [
                measured("a", "2", 31.0, 2),
                measured("b", "1", 25.0, 2, **shared | {"wall_seconds": 2.0}, environment="two"),
                measured("c", "1", 28.0, 2, key="c"),
                measured("d", "1", 32.0, 2, key="d"),
            ],
        ),
        store_of(
            new_url(),
            [measured("b", "2", 26.0, 3), measured("c", "2", 27.0, 3), measured("d", "1", 33.0, 4, key="d")],
        ),
    ]


def test_three_stores_in_any_order_twice_give_one_board_to_the_bit(three, new_url):
    boards = set()
    for order in itertools.permutations(three):
        target, _ = merged(new_url(), [*order, *order])
        boards.add(boards_json(leaderboard(target.scores())))
        assert len(target) == 7
        target.close()
    assert len(boards) == 1
    [board] = json.loads(boards.pop())
    rows = {row["denoiser"]: row for row in board["rows"]}
    assert (rows["a"]["psnr"], rows["a"]["images"]) == (30.5, 2)
    assert (rows["b"]["psnr"], rows["b"]["images"]) == (25.5, 2)
    assert (rows["c"]["psnr"], rows["c"]["failures"]) == (27.5, {})  # a good result before a failure
    assert rows["d"]["psnr"] == 32.0  # the one that was measured first


def test_another_result_under_a_key_is_told_with_both_values_and_nothing_is_lost(three, new_url):
    target, tally = merged(new_url(), three)
    told = {
        (one.values["key"], one.values["psnr"], one.values["status"], one.other["psnr"], one.other["status"])
        for one in tally.conflicts
    }
    assert told == {
        ("c", 28.0, "ok", None, "timeout"),
        ("d", 32.0, "ok", 31.0, "ok"),
        ("d", 32.0, "ok", 33.0, "ok"),
    }
    assert (tally.added, tally.known) == (7, 4)
    assert sorted((values["key"], values["psnr"] or 0) for values in target.rivals()) == [
        ("c", 0),
        ("d", 31.0),
        ("d", 33.0),
    ]


def test_a_changed_result_never_takes_the_place_of_the_stored_one(new_url):
    """Of two results of one moment, the lower counts: nobody gains by a dispute."""
    url = store_of(new_url(), [measured("a", "1", 30.0, 1, key="k")])
    for psnr in (99.0, 30.000001):
        other = store_of(new_url(), [measured("a", "1", psnr, 1, key="k")])
        target, tally = merged(url, [other])
        assert [one.psnr for one in target.records()] == [30.0]
        assert [one.other["psnr"] for one in tally.conflicts] == [psnr]
        target.close()


def test_other_times_of_one_result_are_no_conflict(new_url):
    urls = [
        store_of(new_url(), [measured("a", "1", 30.0, day, key="k", wall_seconds=float(day))])
        for day in (2, 1)
    ]
    target, tally = merged(new_url(), urls)
    assert not tally.conflicts
    assert [one.wall_seconds for one in target.records()] == [1.0]  # measured first


def test_everything_comes_over(new_url):
    curve = Curve(iteration=(1, 2), wall_seconds=(0.1, 0.2), psnr=(20.0, None), residual=(0.1, 0.2))
    rich = measured("a", "caf\udce9.png", 30.0, 1, key="k", curve=curve, metrics={"m": 1.5})
    failed = measured(
        "b", "1", None, 1, key="l", status="crashed", error="signal 9", printed="last words\x1b[0m"
    )
    url = store_of(new_url(), [rich, failed])
    target, tally = merged(new_url(), [url])
    assert not tally.refused
    assert sorted(target.records(), key=lambda one: one.key) == sorted(
        [rich, failed], key=lambda one: one.key
    )


def line(**changes):
    """Return a line of an export."""
    values = from_json({**_plain(), **changes.pop("fields", {})})
    store_values = {name: getattr(values, name) for name in values.__dataclass_fields__}
    del store_values["crops"]
    return json.loads(json.dumps(store_values, default=list)) | changes


def _plain():
    one = record("k", psnr=30.0, mse=0.001)
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


REQUEST = {
    "suite": "s",
    "denoiser": {"name": "d", "label": "d", "parameters": {"k": 1}},
    "stopping": None,
    "image_set": {"label": "s", "name": "s", "parameters": {}, "choosing": [], "members": "", "count": None},
    "noise": {"name": "n", "label": "n", "parameters": {}},
    "operator": {"name": "identity", "label": "identity", "parameters": {}},
    "metrics": [],
    "device": "cpu",
    "threads": 1,
    "code": "c",
    "protocol": 1,
    "runs": [["abc", "2026-01-01T00:00:00+00:00"]],
}


def test_a_line_with_its_names_is_taken():
    item = item_of(line(requests=[REQUEST]))
    assert [(request.denoiser.label, key, run) for request, key, run in item.answers] == [("d", "k", "abc")]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"psnr": "30"}, "'psnr' is of the wrong type"),
        ({"psnr": True}, "'psnr' is no number"),
        ({"psnr": float("inf")}, "cannot be inf"),
        ({"status": "splendid"}, "no status 'splendid'"),
        ({"denoiser": "x\x1b[31m"}, "control characters or markup"),
        ({"denoiser": "<b>x</b>"}, "control characters or markup"),
        ({"denoiser": "x" * 2000}, "at most 1000"),
        ({"key": ""}, "the key"),
        ({"key": 7}, "'key' is of the wrong type"),
        ({"wall_seconds": -1.0}, "'wall_seconds' cannot be -1"),
        ({"repetition": -1}, "'repetition' cannot be -1"),
        ({"psnr": 1e308}, "'psnr' cannot be 1e\\+308"),
        ({"threads": 0}, "'threads' cannot be 0"),
        ({"schema": 99}, "schema 99"),
        ({"environment": {"fingerprint": "0123", "cores": 2}}, "not the one that its fingerprint"),
        ({"environment": ["x"]}, "'environment' is of the wrong type"),
        ({"requests": "x"}, "what it answers cannot be read"),
        ({"requests": [{"suite": "s"}]}, "what it answers cannot be read"),
        ({"requests": [REQUEST | {"runs": [["../x", ""]]}]}, "the id of a run"),
        ({"requests": [REQUEST | {"runs": [["x", "yesterday"]]}]}, "cannot be read"),
        ({"requests": [REQUEST | {"runs": [["x", 0]]}]}, "cannot be read"),
        ({"requests": [REQUEST | {"runs": [["x", "2026-01-01\x0000:00"]]}]}, "is no moment"),
        ({"requests": [REQUEST | {"runs": [["x", "2026-01-01\udcff00:00"]]}]}, "is no moment"),
        ({"requests": [REQUEST | {"runs": [["x", "2026-01-01T00:00:00." + "0" * 80]]}]}, "is no moment"),
        ({"key": "\udce9"}, "ASCII"),
        (
            {"requests": [REQUEST | {"denoiser": {"name": "d", "label": "a\nb", "parameters": {}}}]},
            "control characters",
        ),
        ({"requests": [REQUEST | {"threads": "many"}]}, "wrong type"),
        ({"curve": {"iteration": [1]}}, "other columns"),
        (
            {"curve": dict.fromkeys(("iteration", "wall_seconds", "psnr", "residual"), [1] * 100_001)},
            "more than 100000 points",
        ),
        ({"curve": {name: ["x"] for name in ("iteration", "wall_seconds", "psnr", "residual")}}, "no number"),
    ],
)
def test_what_is_no_record_is_refused_by_name(changes, reason):
    with pytest.raises(UnreadableError, match=reason):
        item_of(line(**changes))

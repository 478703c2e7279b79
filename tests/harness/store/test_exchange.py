"""Lines of an export that say something else than their record, or say it in another way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sample_records import record

from priorbench.store.database import Store
from priorbench.store.documents import UnreadableError
from priorbench.store.exchange import item_of


@pytest.fixture
def line(tmp_path: Path) -> dict[str, Any]:
    """The line of a record with one request."""
    store = Store(f"sqlite:///{tmp_path}/priorbench.db")
    told = {"parameters": {"a": 1}, "noise_parameters": {"sigma": 0.1}, "code": "c"}
    store.add([record("k", stopping_rule="fixed", psnr=30.0, **told)])
    [found] = store.exported()
    store.close()
    return found


@pytest.mark.parametrize("salt", ["0123456789abcde", "0123456789ABCDEF", "<b>", 5])
def test_the_hash_of_a_salt_is_16_hexadecimal_digits(line: dict[str, Any], salt: Any) -> None:
    assert item_of(line).values["salt"] == ""
    line["salt"] = line["requests"][0]["salt"] = salt
    with pytest.raises(UnreadableError, match="salt"):
        item_of(line)


def test_what_was_written_before_there_were_salts_has_none(line: dict[str, Any]) -> None:
    """Its request is written as it was, so that its number in a store is the same."""
    assert "salt" not in line["requests"][0]
    del line["salt"], line["noise_correlation"]
    assert item_of(line).values["salt"] == ""
    assert item_of(line).answers[0][0].salt == ""
    assert item_of(line).values["noise_correlation"] is None


@pytest.mark.parametrize(
    "tags",
    [
        *("first", 5, [["first"]], {"r": "first"}, {"r": [5]}, {"r": [""]}, {"r": ["a*"]}),
        *({"r": ["\x1b[1m"]}, {"r": ["<b>"]}, {"r": ["x" * 1001]}, {"r": ["x"] * 1001}, {"r": None}),
    ],
)
def test_what_is_no_tag_is_refused(line: dict[str, Any], tags: Any) -> None:
    line["requests"][0]["runs"] = [["r", "2026-11-29T10:00:00+00:00"]]
    line["run_tags"] = {"r": ["b", "a", "a"], "another": ["c"]}
    [run] = item_of(line).runs
    assert run.options == {"tags": ["a", "b"]}
    line["run_tags"] = tags
    with pytest.raises(UnreadableError, match="tag"):
        item_of(line)


def test_the_time_of_a_run_comes_in_utc(line: dict[str, Any]) -> None:
    line["requests"][0]["runs"] = [["r", "2026-11-29T23:59:00+14:00"], ["s", "2026-11-29T10:00:00+00:00"]]
    assert [run.asked_at for run in item_of(line).runs] == [
        "2026-11-29T09:59:00.000000+00:00",
        "2026-11-29T10:00:00+00:00",
    ]


def test_a_record_that_started_elsewhere_is_compared_in_utc(line: dict[str, Any]) -> None:
    line["started_at"] = "2026-11-29T23:59:00+14:00"
    assert item_of(line).values["started_at"] == "2026-11-29T09:59:00.000000+00:00"
    line["started_at"] = "soon"
    with pytest.raises(UnreadableError, match="the moment at which it started"):
        item_of(line)


@pytest.mark.parametrize(
    ("part", "change", "told"),
    [
        ("denoiser", {"name": "other"}, "another method"),
        ("denoiser", {"parameters": {"a": 2}}, "another method"),
        ("noise", {"name": "other"}, "another noise"),
        ("noise", {"parameters": {"sigma": 0.2}}, "another noise"),
        ("operator", {"name": "mask"}, "another operator"),
        ("stopping", {"name": "oracle"}, "another stopping rule"),
        ("stopping", {"parameters": {"iterations": 1}}, "another stopping rule"),
        ("image_set", {"name": "other"}, "another image set"),
        ("stopping", None, "another stopping rule"),
        ("device", "cuda", "another device"),
        ("threads", 8, "another number of threads"),
        ("protocol", 2, "another protocol"),
        ("code", "older", "another code"),
        ("salt", "0123456789abcdef", "another salt"),
    ],
)
def test_a_record_answers_no_request_for_something_else(
    line: dict[str, Any], part: str, change: Any, told: str
) -> None:
    """A board takes the noise and all else from the request: the number would stand on a wrong board."""
    item_of(line)
    request = line["requests"][0]
    request[part] = request[part] | change if isinstance(change, dict) else change
    with pytest.raises(UnreadableError, match=told):
        item_of(line)

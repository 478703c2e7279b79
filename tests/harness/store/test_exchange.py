"""Lines of an export that say something else than their record, or say it in another way."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pytest
from sample_records import record

from priorbench.contract.records import Curve, Record, to_json
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


def told_by(**changes: Any) -> str:
    """Return why a record with these numbers is refused; an empty string if it is taken."""
    curve = Curve(iteration=(1, 2), wall_seconds=(0.1, 0.2), psnr=(20.0, None), residual=(0.1, 0.0))
    good: Record = record("k", psnr=30.0, mse=1e-3, oracle_psnr=30.0, curve=curve)
    try:
        item_of(json.loads(json.dumps(to_json(good) | changes)))
    except UnreadableError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"psnr": math.nextafter(30.0, 31.0)},
        {"psnr": 29.99996, "oracle_psnr": 29.99996},  # written with fewer digits
        {"psnr": None, "mse": 0.0, "oracle_psnr": None},  # exact
        {"psnr": None, "mse": 0, "oracle_psnr": 20.0},
        {"psnr": None, "mse": None, "oracle_psnr": None, "curve": None, "status": "timeout"},
        {"psnr": 0, "mse": 1},
        {"psnr": 3200.0, "mse": 1e-320, "oracle_psnr": 3200.0},
        {"psnr": -3000.0, "mse": 1e300},
        {"noisy_psnr": 20.0, "noise_energy": 0.01},
        {"noisy_psnr": None, "noise_energy": 0.0},
        {"noisy_psnr": 20.0, "noise_energy": 0.5, "operator": "mask"},  # energy of what was measured
        {"curve": None, "oracle_psnr": 40.0},
        {"oracle_psnr": 29.0, "stopping_rule": "of-another-fit", "stopping_parameters": {}},
    ],
)
def test_numbers_that_agree_are_taken(changes: dict[str, Any]) -> None:
    assert told_by(**changes) == ""


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"psnr": 35.0, "oracle_psnr": 35.0}, "its psnr of 35 dB is 30 dB by its mse"),
        ({"psnr": 29.9}, "its psnr of 29.9 dB is 30 dB by its mse"),
        ({"mse": 1e-4}, "its psnr of 30 dB is 40 dB by its mse"),
        ({"mse": 0.0}, "its psnr of 30 dB contradicts the 0 of its mse"),
        ({"psnr": None}, "its psnr is missing, but it is 30 dB by its mse"),
        ({"noisy_psnr": 25.0, "noise_energy": 0.01}, "its noisy_psnr of 25 dB is 20 dB by its noise energy"),
        ({"oracle_psnr": 29.0}, "its oracle_psnr of 29 dB is less than 30 dB, which its psnr has"),
        (
            {"oracle_psnr": 29.0, "oracle": True, "stopping_rule": "sees-all", "stopping_parameters": {}},
            "its oracle_psnr of 29 dB is less than 30 dB, which its psnr has",
        ),
        (
            {"psnr": 10.0, "mse": 0.1, "oracle_psnr": 15.0},
            "its oracle_psnr of 15 dB is less than 20 dB, which its curve has",
        ),
    ],
)
def test_numbers_that_contradict_each_other_are_refused(changes: dict[str, Any], told: str) -> None:
    assert told_by(**changes) == told


def test_no_published_record_contradicts_itself() -> None:
    results = Path(__file__).parents[3] / "results"
    lines = (results / "standard-small.jsonl").read_text(encoding="utf-8").splitlines()
    for zipped in sorted(results.rglob("*records.jsonl.gz")):
        with gzip.open(zipped, "rt", encoding="utf-8") as file:
            lines += list(file)
    assert len(lines) > 3000
    for line in lines:
        item_of(json.loads(line))

"""Lines of an export that say something else than their record, or say it in another way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from priorbench.contract.records import Record
from priorbench.store.database import Store
from priorbench.store.documents import UnreadableError
from priorbench.store.exchange import item_of


@pytest.fixture
def line(tmp_path: Path) -> dict[str, Any]:
    """The line of a record with one request."""
    store = Store(f"sqlite:///{tmp_path}/priorbench.db")
    record = Record(
        key="k",
        denoiser="d",
        parameters={"a": 1},
        plugin="p",
        plugin_version="1",
        image_set="s",
        image="i",
        image_sha256="0",
        height=4,
        width=5,
        channels=3,
        noise="n",
        noise_parameters={},
        repetition=0,
        stopping_rule=None,
        psnr=30.0,
    )
    store.add([record])
    [found] = store.exported()
    store.close()
    return found


def test_the_time_of_a_run_comes_in_utc(line: dict[str, Any]) -> None:
    line["requests"][0]["runs"] = [["r", "2026-11-29T23:59:00+14:00"], ["s", "2026-11-29T10:00:00+00:00"]]
    assert [run.asked_at for run in item_of(line).runs] == [
        "2026-11-29T09:59:00.000000+00:00",
        "2026-11-29T10:00:00+00:00",
    ]


@pytest.mark.parametrize("change", [{"name": "other"}, {"parameters": {"a": 2}}])
def test_a_record_answers_no_request_for_another_method(line: dict[str, Any], change: dict[str, Any]) -> None:
    item_of(line)
    line["requests"][0]["denoiser"] |= change
    with pytest.raises(UnreadableError, match="another method, or has other parameters"):
        item_of(line)

"""A method gives the same under a judge in another process as in this one: no look more, none less."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_runs import records

WAYS = (
    *("plain", "nothing", "once", "ends", "counts", "draws", "late-shape", "fails", "double", "losses"),
    "bare",
)
RULES = ("fixed", "best-loss", "oracle:every=7", "fixed:iterations=33")


@pytest.fixture(scope="module")
def plugin() -> str:
    return str(Path(__file__).parents[2] / "support" / "odd_iterations.py")


@pytest.mark.slow(20)
def test_a_fit_in_another_process_is_that_in_this_one(command, plugin):
    methods = [word for way in WAYS for word in ("--denoiser", f"odd:way={way},label={way}")]
    rules = [word for rule in RULES for word in ("--stopping", rule)]
    given = ("run", "-", "--images", "ramps:count=1", "--noise", "gaussian-25", *methods, *rules)
    found = {}
    for executor in ("serial", "local"):
        store = ("--store", f"{executor}.db")
        done = command(*given, "--plugin", plugin, "--executor", executor, "--threads", "1", *store)
        assert done.returncode == 1, done.stderr  # some fail, as they should
        found[executor] = {record["key"]: told(record) for record in records(command, *store)}
    assert len(found["local"]) == len(WAYS) * len(RULES)
    assert found["local"] == found["serial"]


def told(record: dict) -> dict:
    """Return what does not hang on the process."""
    curve = record["curve"] or {}
    names = ("parameters", "stopping_rule", "status", "error", "output_sha256", "iterations", "oracle_psnr")
    return {name: record[name] for name in names} | {"curve": (curve.get("iteration"), curve.get("psnr"))}

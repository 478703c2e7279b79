"""A first call that takes long is told, once for each method."""

from __future__ import annotations

import io

import pytest
from asked_things import request
from sample_records import trial

from priorbench.cli.common.progress import ProgressView, starting_seconds
from priorbench.run.progress import Progress


@pytest.mark.parametrize(
    ("first", "wall", "iterations", "status", "long"),
    [
        (30.0, 20.0, 2000, "ok", 29.97),  # 3 of 2000 iterations take .03 s
        (10.0, 2.0, None, "ok", 8.0),
        (9.0, 3000.0, 1000, "ok", 0.0),  # iterations of a large picture take their time at first, too
        (30.0, 1.0, 2, "ok", 29.0),  # fewer iterations than a first call has
        (30.0, 1.0, 2, "error", 0.0),
        (None, 1.0, 2, "ok", 0.0),
    ],
)
def test_what_a_first_call_takes_longer_than_a_later_one(first, wall, iterations, status, long) -> None:
    given = {"first_call_seconds": first, "wall_seconds": wall, "iterations": iterations, "status": status}
    assert starting_seconds(trial("a", "x", 20.0, **given)) == pytest.approx(long)


def test_it_is_told_once_for_each_method() -> None:
    out = io.StringIO()
    slow = trial("slow", "x", 20.0, first_call_seconds=31.0, wall_seconds=1.0)
    quick = trial("quick", "x", 20.0, first_call_seconds=0.2, wall_seconds=0.1)
    with ProgressView("suite", 3, out) as view:
        for one in (slow, slow, quick):
            progress = Progress(planned=3)
            progress.count(((one, request(one.denoiser)),))
            view(progress)
    told = [line for line in out.getvalue().splitlines() if "first call" in line]
    assert len(told) == 1
    assert told[0].startswith("slow: its first call took 30 s more") and told[0].endswith(
        "outside of all times; if it compiles, 'priorbench prepare' does that beforehand"
    )

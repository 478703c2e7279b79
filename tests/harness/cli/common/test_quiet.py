"""Who wants no progress of a run is told what is wrong, and how it ended."""

from __future__ import annotations

import io

from asked_things import request
from sample_records import trial

from priorbench.cli.common.progress import ProgressView
from priorbench.contract.records import RunSummary
from priorbench.run.progress import Progress


def test_failures_remarks_skipped_images_and_the_end_are_told_and_nothing_else() -> None:
    out = io.StringIO()
    records = [
        trial("good", "x", 20.0, first_call_seconds=31.0, wall_seconds=1.0),
        trial("odd", "x", 20.0, wall_seconds=1.0, remark="on the scale to 255"),
        trial("asks-too-much", "x", None, status="refused", error="it takes no colour"),
        trial("bad", "x", None, status="error", error="ValueError: no luck"),
    ]
    with ProgressView("suite", 4, out, quiet=True) as view:
        progress = Progress(planned=4, skipped=[("photos/y.png", "too small")], waiting=1)
        for one in records:
            progress.count(((one, request(one.denoiser)),))
            view(progress)
        view.conclude(
            RunSummary(
                suite="suite", finished=3, resumed=0, failed=1, skipped=(), seconds=2.0, interrupted=False
            ),
            "a store",
        )
    lines = out.getvalue().splitlines()
    assert [line.partition(":")[0].rpartition(" ")[0] for line in lines[:1]] == ["skipped"]
    assert len(lines) == 4
    assert "odd" in lines[1] and "(!) on the scale to 255" in lines[1]
    assert "bad" in lines[2] and "error: ValueError: no luck" in lines[2]
    assert lines[3].startswith("suite: 3 trials run, 1 failed")

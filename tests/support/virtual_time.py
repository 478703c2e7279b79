"""A clock that only stands for the time that was slept: what a test says of times is exact on any machine."""

from __future__ import annotations

import time

import pytest

#: seconds that a look at the clock takes: no two are of the same moment
_LOOK = 1e-12


def stop_the_clock(patch: pytest.MonkeyPatch) -> None:
    """Let `time.perf_counter` tell how long was slept, and `time.sleep` return at once.

    Parameters
    ----------
    patch : pytest.MonkeyPatch
        puts both back at the end of the test.
    """
    now = [1.0]

    def pass_by(seconds: float) -> None:
        now[0] += seconds

    def look() -> float:
        pass_by(_LOOK)
        return now[0]

    patch.setattr(time, "sleep", pass_by)
    patch.setattr(time, "perf_counter", look)

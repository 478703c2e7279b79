"""Counts how often this process was stopped by a signal and went on."""

from __future__ import annotations

import signal
from typing import Any

_times = 0


def count_stops() -> None:
    """Begin to count; only the main thread may call this."""
    signal.signal(signal.SIGCONT, _went_on)


def stops() -> int:
    """Return how often this process was stopped since `count_stops`."""
    return _times


def _went_on(_number: int, _frame: Any) -> None:
    global _times
    _times += 1

"""The attacks on the clock, and the work that they would hide."""

from __future__ import annotations

import time

from tricks import Book

BOOK = Book("time", "time_attacks:Attacker")
#: seconds of work in each
WORK = 0.25
#: bytes that an attack on the memory figure takes
MUCH = 300_000_000
_clock = time.perf_counter


Attacker = BOOK.attacker("honest")


def work(seconds: float = WORK) -> None:
    """Keep a processor busy."""
    end = _clock() + seconds
    while _clock() < end:
        pass

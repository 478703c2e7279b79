"""The attacks on the clock, and the work that they would hide."""

from __future__ import annotations

import time

from tricks import Book

BOOK = Book("time", "time_attacks:Attacker")
#: seconds of work in each
WORK = 0.25
#: bytes that an attack on the memory figure takes
MUCH = 300_000_000
_clock, _processor = time.perf_counter, time.thread_time


Attacker = BOOK.attacker("honest")


def work(seconds: float = WORK) -> None:
    """Keep a processor busy for some time, of which others may have a part."""
    end = _clock() + seconds
    while _clock() < end:
        pass


def work_of_processor(seconds: float = WORK) -> None:
    """Keep a processor busy until it has worked as long for this thread, whatever others do."""
    end = _processor() + seconds
    while _processor() < end:
        pass

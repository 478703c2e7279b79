"""Attacks on the lines and the memory that a method's process shares with the harness."""

from __future__ import annotations

import _thread
import contextlib
import fcntl
import json
import os
import time

import numpy as np
from answer_book import BOOK, forged, say
from surroundings import descriptors, harness, lines, memories, siblings
from tricks import Case


@BOOK.attack()
def facts_changed(case: Case):
    """Write facts that are not so."""
    say(json.dumps({"facts": {"sigma": 9.0, "noisy_psnr": -50.0, "noisy_sha256": "x"}}).encode() + b"\n")


@BOOK.attack()
def garbage(case: Case):
    """Write random bytes and an end of a line."""
    say(bytes(range(256)) * 8 + b"\n")


@BOOK.attack()
def half_a_line(case: Case):
    """Write the beginning of a line."""
    say(b'{"records": [[{"status": "ok", "psnr": ')


@BOOK.attack()
def deep_line(case: Case):
    """Write lists in lists in lists."""
    say(b'{"records": ' + b"[" * 30_000 + b"\n")


@BOOK.attack()
def huge_number(case: Case):
    """Write a number of fifty thousand digits."""
    say(b'{"records": ' + b"9" * 50_000 + b"}\n")


@BOOK.attack()
def empty_lines(case: Case):
    """Write ten thousand empty lines."""
    say(b"\n" * 10_000)


@BOOK.attack()
def wrong_types(case: Case):
    """Write messages whose parts are of other types."""
    said = [
        [],
        7,
        None,
        "x",
        {"records": 7},
        {"records": [[7]]},
        {"facts": 7},
        {"ready": {}},
        {"look": []},
        {"output": "x"},
    ]
    say(b"".join(json.dumps(one).encode() + b"\n" for one in said))


@BOOK.attack()
def lines_closed(case: Case):
    """Close every descriptor but the standard streams."""
    os.closerange(3, 4096)


@BOOK.attack()
def lines_swapped(case: Case):
    """Put the lines in the places of each other."""
    there = lines()
    for one, other in zip(there, there[1:] + there[:1], strict=True):
        os.dup2(other, one)


@BOOK.attack()
def memory_truncated(case: Case):
    """Cut the shared memory off, so that who reads it gets a signal."""
    for fd in memories():
        with contextlib.suppress(OSError):
            os.ftruncate(fd, 0)


@BOOK.attack()
def memory_grown(case: Case):
    """Make the shared memory a terabyte."""
    for fd in memories():
        with contextlib.suppress(OSError):
            os.ftruncate(fd, 2**40)


@BOOK.attack()
def memory_overwritten(case: Case):
    """Write NaN over the whole shared memory, and behind it."""
    for fd in memories():
        with contextlib.suppress(OSError):
            size = os.fstat(fd).st_size
            os.pwrite(fd, np.full(size // 4 + 1000, np.nan, np.float32).tobytes(), 0)


@BOOK.attack()
def memory_sealed(case: Case):
    """Seal the shared memory against writing."""
    for fd in memories():
        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, 1033, 0xF)


@BOOK.attack(alone=True, right="detected")
def memory_changed_after_the_answer(case: Case):
    """Leave a thread that fills the shared memory with another image when the answer is given."""

    def later() -> None:
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            for fd in memories():
                with contextlib.suppress(OSError):
                    os.pwrite(fd, bytes(case.noisy.nbytes), 0)

    _thread.start_new_thread(later, ())


@BOOK.attack(goal="rival", alone=True)
def rival_through_the_parent(case: Case):
    """Write a record into the lines of other workers, through the descriptors of a parent."""
    _into_others(case, harness())


@BOOK.attack(goal="rival", alone=True)
def rival_through_its_descriptors(case: Case):
    """Write a record into the lines of other workers, through their own descriptors."""
    _into_others(case, siblings())


def _into_others(case: Case, processes: list[int]) -> None:
    mine = set(descriptors().values())
    for process in processes:
        with contextlib.suppress(OSError):
            for fd, what in descriptors(process).items():
                if what.startswith("pipe:") and what not in mine:
                    with contextlib.suppress(OSError):
                        line = os.open(f"/proc/{process}/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK)
                        say(forged(case).split(b"\n")[0] + b"\n", line)
                        os.close(line)

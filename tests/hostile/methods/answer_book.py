"""The attacks on the answer, and what a forged one looks like."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

from surroundings import lines
from tricks import Book, Case

BOOK = Book("answer", "answer_attacks:Attacker")
FORGED = 99.0


Attacker = BOOK.attacker("nothing")


def result(case: Case) -> dict[str, Any]:
    """Return a result that is too good."""
    return {
        "status": "ok", "psnr": FORGED, "mse": 1e-9, "ssim": 1.0, "metrics": {}, "output_sha256": "0" * 64,
        "noisy_sha256": "0" * 64, "noisy_psnr": 20.0, "wall_seconds": 1e-6,
        "device_seconds": 1e-6, "cpu_seconds": 1e-6,
        "started_at": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip


def forged(case: Case) -> bytes:
    """Return lines that a worker might say."""
    good = result(case)
    said = [
        {"records": [[good]]},
        {"result": good},
        {"results": [good]},
        {"done": good, "outcome": good},
        {"ready": True},
    ]
    return b"".join(json.dumps(one).encode() + b"\n" for one in said)


def say(text: bytes, *targets: int) -> None:
    """Write to lines, without waiting for anybody to read."""
    for fd in targets or lines():
        with contextlib.suppress(OSError):
            os.write(fd, text)

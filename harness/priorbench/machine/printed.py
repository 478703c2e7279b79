"""What a process prints: read for ever, counted, and the end kept."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from typing import IO


class Printed:
    """The standard error of a process.

    Parameters
    ----------
    pipe : IO[bytes]
        its other end; closed when the process closes it.

    Attributes
    ----------
    count : int
        bytes since the last `forget`.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self.count = 0
        self._pipe = pipe
        self._chunks: deque[bytes] = deque(maxlen=16)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def forget(self) -> None:
        """Begin anew."""
        self._chunks.clear()
        self.count = 0

    def finish(self) -> None:
        """Wait a moment for what a process that has ended printed last."""
        self._thread.join(timeout=1)

    def last_lines(self, most: int = 5) -> list[str]:
        """Return the last lines, at most this many."""
        text = b"".join(self._chunks)[-4000:].decode("utf-8", "backslashreplace")
        return [line.rstrip()[-300:] for line in text.splitlines() if line.strip()][-most:]

    def _read(self) -> None:
        with self._pipe as pipe, contextlib.suppress(OSError):
            while chunk := os.read(pipe.fileno(), 1 << 14):
                self.count += len(chunk)
                self._chunks.append(chunk[-2000:])

"""Messages between processes: JSON, one a line, of limited length."""

from __future__ import annotations

import contextlib
import json
import os
import select
import time
from typing import Any

#: bytes of a message
LONGEST = 2**24


class NoMessageError(Exception):
    """There is no message; the text says why."""


class ClosedError(NoMessageError):
    """The other end is closed."""


class Line:
    """Both directions of a conversation.

    Parameters
    ----------
    reading, writing : int
        descriptors; of a socket, the same twice.
    """

    def __init__(self, reading: int, writing: int) -> None:
        self.reading, self.writing = reading, writing
        self._buffer = bytearray()

    def say(self, message: Any) -> None:
        """Send a message.

        Raises
        ------
        ClosedError
            Where nobody takes it.
        """
        left = memoryview(json.dumps(message).encode() + b"\n")
        try:
            while left:
                left = left[os.write(self.writing, left) :]
        except OSError as error:
            raise ClosedError("the line is closed") from error

    def hear(self) -> Any:
        """Wait for the next message, for ever.

        Raises
        ------
        NoMessageError
            At the end, or where something else comes.
        """
        while (message := self.take()) is None:
            self.more()
        return self.parsed(message)

    def take(self) -> bytes | None:
        """Return the next whole message of what has been read, as it came; None where there is none."""
        text, found, rest = self._buffer.partition(b"\n")
        if not found:
            return None
        self._buffer = rest
        return bytes(text)

    def more(self) -> None:
        """Read what there is, at least one byte.

        Raises
        ------
        NoMessageError
            At the end, or where a message has no end.
        """
        try:
            chunk = os.read(self.reading, 1 << 16)
        except OSError:
            chunk = b""
        if not chunk:
            raise ClosedError("the line is closed")
        self._buffer += chunk
        if len(self._buffer) > LONGEST:
            self._buffer.clear()
            raise NoMessageError(f"a message has more than {LONGEST // 2**20} MiB")

    def ready(self, until: float) -> bool:
        """Wait until something can be read, or for a moment of `time.monotonic`; say which."""
        waiting = select.poll()
        waiting.register(self.reading, select.POLLIN)
        return bool(waiting.poll(1000 * max(0.0, until - time.monotonic())))

    def close(self) -> None:
        """Close both directions."""
        for descriptor in {self.reading, self.writing}:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    @staticmethod
    def parsed(message: bytes) -> Any:
        """Return what a message says.

        Raises
        ------
        NoMessageError
            Where it is no JSON.
        """
        try:
            return json.loads(message)
        except (ValueError, RecursionError) as error:
            raise NoMessageError("what came is no message") from error

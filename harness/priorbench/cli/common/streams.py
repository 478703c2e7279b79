"""Standard streams: what people are told never ends a command, results that are lost always do."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import TextIO, cast

from priorbench.errors import PriorbenchError

#: what these variables may say; nothing could be laid out in less
_SIZES = {"COLUMNS": range(20, 10_001), "LINES": range(2, 10_001)}


class Told:
    """A text stream that goes silent when it cannot be written to: full, closed, or its reader has gone.

    Parameters
    ----------
    stream : TextIO
        where to write.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._silent = False

    def write(self, text: str) -> int:
        """Write, if that is still possible."""
        if not self._silent:
            try:
                self._stream.write(text)
            except (OSError, ValueError):
                self._go_silent()
        return len(text)

    def flush(self) -> None:
        """Send what is buffered, if that is still possible."""
        if not self._silent:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._go_silent()

    def __getattr__(self, name: str) -> object:
        """Return what the stream itself has."""
        return getattr(self._stream, name)

    def _go_silent(self) -> None:
        """Write no more; what is still buffered goes nowhere, so that closing the stream does not fail."""
        self._silent = True
        with suppress(OSError, ValueError):
            drop(self._stream)


class Results:
    """A text stream for results: where they cannot be written, that is an error for people.

    A reader that has gone away stays a `BrokenPipeError`.

    Parameters
    ----------
    stream : TextIO
        where to write.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write; raises `PriorbenchError`."""
        if text == "":  # click asks whether this is a stream for text, and would swallow the error
            return 0
        with _told():
            return self._stream.write(text)

    def flush(self) -> None:
        """Send what is buffered; raises `PriorbenchError`."""
        with _told():
            self._stream.flush()

    def __getattr__(self, name: str) -> object:
        """Return what the stream itself has."""
        return getattr(self._stream, name)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise lost(error) from None


@contextmanager
def safe_streams() -> Iterator[None]:
    """Make standard output and standard error safe to write to, and forget sizes that no terminal has."""
    _open_the_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 must not end a run
    for name, allowed in _SIZES.items():
        value = os.environ.get(name, "")
        if value and not (value.isascii() and value.isdecimal() and int(value[:9]) in allowed):
            del os.environ[name]
    told, results = cast("TextIO", Told(sys.stderr)), cast("TextIO", Results(sys.stdout))
    with redirect_stderr(told), redirect_stdout(results):
        yield


def lost(error: OSError) -> PriorbenchError:
    """Return the error that says that results could not be written; nothing more is sent there."""
    with suppress(OSError, ValueError):
        drop(sys.stdout)
    return PriorbenchError(f"cannot write to standard output: {error.strerror or error}")


def drop(stream: TextIO) -> None:
    """Send what is still buffered nowhere: whoever read it has gone, and exiting must not fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _open_the_closed() -> None:
    """Open the null device in the place of closed streams, so that no other file gets their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # results that nobody gets are an error, so standard output is not for writing
            found = os.open(os.devnull, os.O_RDONLY if number == 1 else os.O_RDWR)
            if found != number:
                os.dup2(found, number)
                os.close(found)
            os.set_inheritable(number, True)
    sys.stdout = sys.stdout or _text(1)
    sys.stderr = sys.stderr or _text(2)


def _text(number: int) -> TextIO:
    raw = io.FileIO(number, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8")

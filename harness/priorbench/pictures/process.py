"""One decoder process, seen by the process that reads: started, sent files, waited for, ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.errors import PriorbenchError
from priorbench.machine.settings import import_path, inherited
from priorbench.pictures.limits import FIRST_SAMPLE
from priorbench.pictures.wanted import shown

#: seconds that the process may take to import what it needs
START_TIMEOUT = 300.0
#: seconds between two looks, and in which a process ends that was killed
_STEP, _LAST_BREATH = 1.0, 5.0
_LONGEST_ANSWER = 1 << 16
#: the program; written as a factory is, so that the digest of a plugin that reads pictures holds its code too
_PROGRAM = "priorbench.pictures.decoder:main"


class DecoderEndedError(Exception):
    """The decoder process ended; ``status`` is its exit status, negative for a signal."""

    def __init__(self, status: int | None) -> None:
        self.status = status
        super().__init__(status)


class DecoderTimeoutError(Exception):
    """The decoder process did not answer in time."""


class DecoderProcess:
    """A decoder process that is ready for files.

    Raises
    ------
    PriorbenchError
        it cannot be started.
    """

    def __init__(self) -> None:
        self._shared = _shared_memory()
        self._line, theirs = socket.socketpair()
        self._buffer = b""
        with theirs:
            try:
                self._process = _started(theirs, self._shared)
            except OSError as error:
                self._line.close()
                os.close(self._shared)
                raise PriorbenchError(_not_started(str(error))) from error
        self._end = weakref.finalize(self, _end, self._process, self._line, self._shared, os.getpid())
        try:
            self.line(lambda: START_TIMEOUT)
        except (DecoderEndedError, DecoderTimeoutError) as error:
            reason = _last_line(self._shared) or f"it does not answer ({error})"
            self.end()
            raise PriorbenchError(_not_started(reason)) from error

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def send(self, request: bytes, file: int) -> None:
        """Send a line, and an open file with it."""
        os.pwrite(self._shared, bytes(8), 0)
        try:
            socket.send_fds(self._line, [request], [file])
        except OSError:
            raise DecoderEndedError(self._status()) from None

    def announced(self) -> int:
        """Return the pixels that the file in work announces; 0 = its header has not been read."""
        return int.from_bytes(os.pread(self._shared, 8, 0), "little")

    def line(self, patience: Callable[[], float]) -> bytes:
        """Return the next line of the process, if it comes in time.

        Time in which this process was stopped does not count: it waits a number of steps.
        """
        waited = 0.0
        while b"\n" not in self._buffer:
            if not select.select([self._line], [], [], _STEP)[0]:
                waited += _STEP
                if waited >= patience():
                    raise DecoderTimeoutError
                continue
            try:
                chunk = self._line.recv(_LONGEST_ANSWER)
            except OSError:
                chunk = b""
            if not chunk or len(self._buffer) > _LONGEST_ANSWER:
                raise DecoderEndedError(self._status())
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def samples(self, shape: tuple[int, ...], dtype: np.dtype[Any], skipped: int = 0) -> NDArray[Any]:
        """Return a copy of what is in the shared memory, after so many bytes; ValueError where it is less."""
        values = np.empty(shape, dtype)
        data, done = values.reshape(-1).view(np.uint8).data, 0
        while done < len(data):
            count = os.preadv(self._shared, [data[done:]], FIRST_SAMPLE + skipped + done)
            if not count:
                raise ValueError("fewer samples than were announced")
            done += count
        return values

    def end(self) -> None:
        """Kill the process."""
        self._end()

    def _status(self) -> int | None:
        """Return how the process ended; None where it still runs and has only closed its line."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_LAST_BREATH)
        return None


def _started(line: socket.socket, shared: int) -> subprocess.Popen[bytes]:
    # In the group of its parent: what kills a worker with all that it started takes this along.
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", _module(), str(shared), str(os.getpid())],
        stdin=line.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=shared,  # until it is ready
        pass_fds=(shared,),
        env={**inherited(), **one_thread, "PYTHONPATH": import_path()},
    )


def _module() -> str:
    return _PROGRAM.partition(":")[0]


def _shared_memory() -> int:
    """Return a descriptor of memory without a name; of a file, where the system has no such memory."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("priorbench-pixels")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _end(process: subprocess.Popen[bytes], line: socket.socket, shared: int, owner: int) -> None:
    line.close()
    os.close(shared)
    if os.getpid() != owner:  # in a fork: the process is its parent's
        process.returncode = 0
        return
    process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_BREATH)


def _last_line(shared: int) -> str:
    text = os.pread(shared, 1 << 16, 0)[-2000:].decode("utf-8", "backslashreplace").strip()
    return shown(text.splitlines()[-1][:200]) if text else ""


def _not_started(reason: str) -> str:
    return (
        f"pictures cannot be read: the process that decodes them does not start: {reason}. "
        f"Try: {shown(sys.executable)} -m {_module()}"
    )


def signal_name(status: int) -> str:
    """Return the name of the signal of a negative exit status."""
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"

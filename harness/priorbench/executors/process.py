"""One worker process, as its parent sees it."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from typing import Any

from priorbench.environment import worker_environment
from priorbench.outcomes import failed_records
from priorbench.records import Record, from_json
from priorbench.registry import Registry
from priorbench.trial import Trial, trial_to_json

#: seconds that a worker may take to import what it needs
START_TIMEOUT = 300.0
#: last bytes of a method's own output that are kept for the reason of a failure
KEPT_OUTPUT = 2000


class WorkerDiedError(Exception):
    """The worker ended in the middle of a trial."""


class WorkerTimeoutError(Exception):
    """The worker did not answer in time."""


class WorkerProcess:
    """A worker for one method; it is killed after any trial that it does not answer.

    Parameters
    ----------
    registry : for the records of trials that the worker could not answer.
    threads : CPU threads, set before the worker imports anything.
    timeout : seconds that one trial may take; None = no limit.
    """

    def __init__(self, registry: Registry, threads: int, timeout: float | None) -> None:
        self._registry = registry
        self._timeout = timeout
        self._output: deque[bytes] = deque(maxlen=64)
        self._buffer = b""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "priorbench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **worker_environment(threads)},
            start_new_session=True,  # Ctrl-C reaches the parent alone; a kill takes the children too
        )
        self._drain = threading.Thread(target=self._keep_output, daemon=True)
        self._drain.start()
        self._ready = False

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def run(self, trial: Trial) -> tuple[Record, ...]:
        """Run a trial and return its records; a death or a timeout becomes a record too."""
        facts: dict[str, Any] = {}
        try:
            if not self._ready:
                self._read(START_TIMEOUT)
                self._ready = True
            self._send(trial)
            deadline = None if self._timeout is None else time.monotonic() + self._timeout
            while True:
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                message = self._read(left)
                if "records" in message:
                    return tuple(from_json(record) for record in message["records"])
                facts = message.get("facts", {})
        except WorkerTimeoutError:
            self.kill()
            reason = f"no result after {self._timeout:g} s" if self._ready else "the worker did not start"
            return failed_records(trial, self._registry, "timeout", reason, facts)
        except (WorkerDiedError, OSError, ValueError) as error:
            self.kill()
            return failed_records(trial, self._registry, "crashed", self._death(error), facts)

    def kill(self) -> None:
        """End the process and everything that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._drain.join(timeout=1)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _send(self, trial: Trial) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(trial_to_json(trial)).encode() + b"\n")
        self._process.stdin.flush()

    def _read(self, seconds: float | None) -> dict[str, Any]:
        """Return the next message."""
        assert self._process.stdout is not None
        deadline = None if seconds is None else time.monotonic() + seconds
        descriptor = self._process.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                if not selector.select(left):
                    raise WorkerTimeoutError
                chunk = os.read(descriptor, 1 << 16)
                if not chunk:
                    raise WorkerDiedError
                self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def _keep_output(self) -> None:
        """Read what the method prints, for ever, and keep the end."""
        assert self._process.stderr is not None
        with self._process.stderr as pipe:
            while chunk := os.read(pipe.fileno(), 4096):
                self._output.append(chunk)

    def _death(self, error: Exception) -> str:
        code = self._process.returncode
        if code is not None and code < 0:
            how = f"killed by {signal.Signals(-code).name}"
        else:
            how = f"ended with exit status {code}"
        printed = b"".join(self._output)[-KEPT_OUTPUT:].decode("utf-8", "backslashreplace")
        lines = [line.strip() for line in printed.splitlines() if line.strip()]
        said = f"; last words: {' | '.join(lines[-3:])}" if lines else ""
        detail = f" ({error})" if str(error) else ""
        return (
            f"the worker was {how}{detail}{said}"
            if code is not None and code < 0
            else f"the worker {how}{said}"
        )

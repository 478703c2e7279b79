"""Starts, feeds and kills one worker process, and applies the timeout."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from priorbench.contract.records import NOT_RUN, Record
from priorbench.contract.trial import Trial, trial_to_json
from priorbench.executors.answers import LONGEST, AnswerError, facts_of, message_of, records_of
from priorbench.executors.folders import new_folder
from priorbench.executors.patience import Patience
from priorbench.loading.registry import Registry
from priorbench.machine.settings import import_path, inherited, worker_environment
from priorbench.protocol.trial_records import failed_records
from priorbench.worker.limits import CPUS_VARIABLE, FOLDER_VARIABLE, MEMORY_VARIABLE

#: seconds that a worker may take to import what it needs
START_TIMEOUT = 300.0
#: seconds in which a process ends whose pipe is closed
_LAST_BREATH = 2.0
#: bytes that a method may print in one trial
PRINT_LIMIT = 1_000_000
#: statuses after which a worker may still be trusted with the next image
CLEAN = ("ok", "refused", NOT_RUN)


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerSettings:
    """What every worker of a run is given.

    Attributes
    ----------
    threads : int, default 1
        CPU threads, set before the worker imports anything.
    timeout : float or None, optional
        seconds that one trial may take; None = no limit.
    memory : int or None, optional
        bytes of address space that a method may add to an empty worker's; None = no limit.
    cpus : tuple of int, default ()
        processors that the worker stays on; empty = all.
    """

    threads: int = 1
    timeout: float | None = None
    memory: int | None = None
    cpus: tuple[int, ...] = ()

    def variables(self, folder: str) -> dict[str, str]:
        """Return the environment of a worker with a temporary folder of its own."""
        chosen = {**inherited(), **worker_environment(self.threads), "TMPDIR": folder}
        chosen["PYTHONPATH"] = import_path()
        chosen[FOLDER_VARIABLE] = folder
        chosen[CPUS_VARIABLE] = ",".join(map(str, self.cpus))
        chosen[MEMORY_VARIABLE] = "" if self.memory is None else str(self.memory)
        return chosen


class WorkerDiedError(Exception):
    """The worker ended in the middle of a trial."""


class WorkerTimeoutError(Exception):
    """The worker did not answer in time."""


class WorkerProcess:
    """A worker for one method. After a trial that went wrong it is killed, with all that it started.

    Parameters
    ----------
    registry : Registry
        for the records of trials that the worker could not answer.
    settings : WorkerSettings
        its limits.
    """

    def __init__(self, registry: Registry, settings: WorkerSettings) -> None:
        self._registry = registry
        self._settings = settings
        self._printed: deque[bytes] = deque(maxlen=16)
        self._count = 0
        self._buffer = b""
        # the worker makes it: whichever of the two is killed, the other one removes it
        self._folder = new_folder()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "priorbench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=settings.variables(self._folder),
            start_new_session=True,  # Ctrl-C reaches the parent alone; a kill takes the children too
        )
        self._drain = threading.Thread(target=self._keep_printed, daemon=True)
        self._drain.start()
        self._ready = False

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def run(self, trial: Trial) -> tuple[Record, ...]:
        """Run a trial and return its records; a death or a timeout becomes a record too."""
        (records,) = self.run_together((trial,))
        return records

    def run_together(self, trials: Sequence[Trial]) -> list[tuple[Record, ...]]:
        """Run trials as one fit and return the records of each; what goes wrong goes wrong for all."""
        facts: dict[str, Any] = {}
        timeout = None if self._settings.timeout is None else self._settings.timeout * len(trials)

        def failed(status: str, reason: str) -> list[tuple[Record, ...]]:
            return [failed_records(trial, self._registry, status, reason, facts) for trial in trials]

        try:
            if not self._ready:
                self._read(Patience(START_TIMEOUT, self._process.pid))
                self._ready = True
            self._printed.clear()
            self._count = 0
            self._send(trials)
            patience = Patience(timeout, self._process.pid)
            records = [_marked(own, patience.away) for own in self._answer(trials, facts, patience)]
        except WorkerTimeoutError:
            self.kill()
            if not self._ready:
                return failed(NOT_RUN, f"the worker did not start within {START_TIMEOUT:g} s")
            records = failed("timeout", f"no result after {timeout:g} s")
        except (WorkerDiedError, OSError):
            death = self._death()
            self.kill()
            if not self._ready:
                return failed(NOT_RUN, f"the worker did not start: {death}")
            records = failed("crashed", death)
        except AnswerError as error:
            self.kill()
            records = failed("error", f"the answer of the worker is no result: {error}")
        if self._count > PRINT_LIMIT:
            reason = f"printed {self._count / 1e6:.1f} MB; at most {PRINT_LIMIT / 1e6:.0f} MB are allowed"
            records = failed("error", reason)
        if all(record.status in CLEAN for own in records for record in own):
            return records
        self.kill()  # whatever a failed method did to its process, the next image gets a new one
        printed = self._last_lines()
        return [tuple(replace(record, printed=printed) for record in own) for own in records]

    def kill(self) -> None:
        """End the process and everything that it started, and remove its temporary files."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._drain.join(timeout=1)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _send(self, trials: Sequence[Trial]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([trial_to_json(trial) for trial in trials]).encode() + b"\n")
        self._process.stdin.flush()

    def _answer(
        self, trials: Sequence[Trial], facts: dict[str, Any], patience: Patience
    ) -> list[tuple[Record, ...]]:
        """Wait for the records; what is known before the method runs goes into `facts`, once."""
        while True:
            message = self._read(patience)
            if "records" in message:
                if self._buffer:
                    raise AnswerError("it says more than was asked")
                return records_of(message, trials, self._registry)
            facts.update({} if facts else facts_of(message))

    def _read(self, patience: Patience) -> dict[str, Any]:
        """Return the next message."""
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                found = selector.select(patience.step)
                patience.look()
                if patience.over:
                    raise WorkerTimeoutError
                if not found:
                    continue
                if len(self._buffer) > LONGEST:
                    raise AnswerError(f"it has more than {LONGEST // 2**20} MiB")
                chunk = os.read(descriptor, 1 << 16)
                if not chunk:
                    raise WorkerDiedError
                self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return message_of(line)

    def _keep_printed(self) -> None:
        """Read what the method prints, for ever; count it and keep the end."""
        assert self._process.stderr is not None
        with self._process.stderr as pipe:
            while chunk := os.read(pipe.fileno(), 1 << 14):
                self._count += len(chunk)
                self._printed.append(chunk[-2000:])

    def _last_lines(self) -> str | None:
        text = b"".join(self._printed)[-4000:].decode("utf-8", "backslashreplace")
        lines = [line.rstrip()[-300:] for line in text.splitlines() if line.strip()]
        return "\n".join(lines[-5:]) or None

    def _death(self) -> str:
        """Say how the process ended, before it is killed for what it left behind."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=_LAST_BREATH)
        code = self._process.returncode
        if code is None:
            return "the method closed the worker's line to the harness"
        if code >= 0:
            return f"the process ended with exit status {code}"
        name = signal.Signals(-code).name
        hint = " (the system kills with it when memory runs out)" if name == "SIGKILL" else ""
        return f"the process was killed by {name}{hint}"


def _marked(records: Sequence[Record], away: float) -> tuple[Record, ...]:
    """Return the records of a trial, their timing marked if this process was stopped meanwhile."""
    if not away:
        return tuple(records)
    stopped = f"the run was stopped for {away:.0f} s"
    return tuple(
        replace(record, tainted="; ".join(filter(None, (record.tainted, stopped)))) for record in records
    )


def processors(slot: int, threads: int) -> tuple[int, ...]:
    """Return the processors of the `slot`-th of several workers that run at once; empty = no choice."""
    if not hasattr(os, "sched_getaffinity"):
        return ()
    there = sorted(os.sched_getaffinity(0))
    mine = there[slot * threads : (slot + 1) * threads]
    return tuple(mine) if len(mine) == threads else ()

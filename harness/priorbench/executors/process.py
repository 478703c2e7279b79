"""Starts, feeds and ends one judge, which starts the players; see `priorbench.worker`."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from priorbench.contract.records import NOT_RUN, Record
from priorbench.contract.trial import Trial, trial_to_json
from priorbench.executors.answers import AnswerError, message_of, records_of
from priorbench.executors.devices import Assigned
from priorbench.loading.registry import Registry
from priorbench.machine.printed import Printed
from priorbench.machine.processes import kill_tree
from priorbench.machine.settings import (
    BESIDE_VARIABLE,
    CPUS_VARIABLE,
    MEMORY_VARIABLE,
    PICTURES_VARIABLE,
    TIMEOUT_VARIABLE,
    import_path,
    inherited,
    worker_environment,
)
from priorbench.protocol.trial_records import failed_records
from priorbench.worker.deaths import cause_of_death
from priorbench.worker.folders import remove_folders
from priorbench.worker.patience import Patience

#: seconds that a judge may take to import what it needs
START_TIMEOUT = 300.0
#: seconds beyond the limit of a trial in which its judge is to say that it was reached
GRACE = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerSettings:
    """What every judge of a run, and its players, are given.

    Attributes
    ----------
    threads : int, default 1
        CPU threads, set before anything is imported.
    timeout : float or None, optional
        seconds that one trial may take; None = no limit.
    memory : int or None, optional
        bytes of address space that a method may add to an empty player's; None = no limit.
    cpus : tuple of int, default ()
        processors that the players stay on; empty = all.
    device : Assigned or None, optional
        the only device that judge and players see; None = all.
    beside : bool, default False
        other workers run at the same time, on processors and devices of their own.
    plugins : mapping or None, optional
        variables of the process that planned, where that is on another machine: see
        `priorbench.machine.settings.inherited`.
    pictures : str, default ''
        folder with pictures by digest, for sets that are not on this machine: `priorbench.worker.pictures`.
    """

    threads: int = 1
    timeout: float | None = None
    memory: int | None = None
    cpus: tuple[int, ...] = ()
    device: Assigned | None = None
    beside: bool = False
    plugins: Mapping[str, str] | None = None
    pictures: str = ""

    def variables(self) -> dict[str, str]:
        """Return the environment of a judge."""
        chosen = {**inherited(self.plugins), **worker_environment(self.threads)}
        chosen |= {} if self.device is None else self.device.variables()
        chosen["PYTHONPATH"] = import_path()
        chosen[PICTURES_VARIABLE] = self.pictures
        chosen[BESIDE_VARIABLE] = "1" if self.beside else ""
        chosen[CPUS_VARIABLE] = ",".join(map(str, self.cpus))
        chosen[MEMORY_VARIABLE] = "" if self.memory is None else str(self.memory)
        chosen[TIMEOUT_VARIABLE] = "" if self.timeout is None else repr(float(self.timeout))
        return chosen


class JudgeDiedError(Exception):
    """The judge ended in the middle of a trial, or did not answer in time; the message says how."""


class NoAnswerError(Exception):
    """The judge failed, and has been killed; the message says how.

    Attributes
    ----------
    printed : str or None
        the last lines that it had printed.
    """

    def __init__(self, reason: str, printed: str | None) -> None:
        super().__init__(reason)
        self.printed = printed


class WorkerProcess:
    """A judge with its players. Where it fails, a trial has not been run: no method has a part in that.

    Parameters
    ----------
    registry : Registry
        for the records of trials that the judge could not answer.
    settings : WorkerSettings
        limits.
    """

    def __init__(self, registry: Registry, settings: WorkerSettings) -> None:
        self._registry, self._settings = registry, settings
        self._buffer = b""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "priorbench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=settings.variables(),
            start_new_session=True,  # Ctrl-C reaches the parent alone; a kill takes the players too
        )
        assert self._process.stderr is not None
        self._printed = Printed(self._process.stderr)
        self._ready = False

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def run(self, trials: Sequence[Trial]) -> list[tuple[Record, ...]]:
        """Run a trial, or several as one fit; return the records of each."""
        try:
            return self.answer(trials)
        except NoAnswerError as error:
            reason, printed = str(error), error.printed
        return [
            tuple(
                replace(record, printed=printed)
                for record in failed_records(trial, self._registry, NOT_RUN, reason, {})
            )
            for trial in trials
        ]

    def answer(self, trials: Sequence[Trial]) -> list[tuple[Record, ...]]:
        """Do what `run` does; raise `NoAnswerError` where the judge fails."""
        timeout = self._settings.timeout
        patience = Patience(None if timeout is None else timeout * len(trials) + GRACE, self._process.pid)
        try:
            if not self._ready:
                self._read(Patience(START_TIMEOUT, self._process.pid))
                self._ready = True
                patience.restart()
            self._send(trials)
            records = records_of(self._reply(patience), trials)
            return [_marked(own, patience.away) for own in records]
        except (JudgeDiedError, OSError, AnswerError) as error:
            reason = str(error) if self._ready else f"the worker did not start: {error}"
        self.kill()
        raise NoAnswerError(reason, "\n".join(self._printed.last_lines()) or None)

    def kill(self) -> None:
        """End the judge, its players and everything that they started, and remove their temporary files."""
        kill_tree(self._process.pid)
        self._process.kill()
        self._process.wait()
        self._printed.finish()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        remove_folders(self._process.pid)

    def _send(self, trials: Sequence[Trial]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([trial_to_json(trial) for trial in trials]).encode() + b"\n")
        self._process.stdin.flush()

    def _reply(self, patience: Patience) -> dict[str, object]:
        """Return the answer to a request; the judge counts a method's time, and tells that it does."""
        while "alive" in (message := self._read(patience)):
            patience.forgive()
        return message

    def _read(self, patience: Patience) -> dict[str, object]:
        """Return the next message."""
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                found = selector.select(patience.step)
                patience.look()
                if patience.over:
                    raise JudgeDiedError(f"the judge did not answer in {patience.seconds:g} s")
                if not found:
                    continue
                chunk = os.read(descriptor, 1 << 16)
                if not chunk:
                    raise JudgeDiedError(
                        f"the judge ended: {cause_of_death(self._process, 'it closed its line')}"
                    )
                self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return message_of(line)


def _marked(records: Sequence[Record], away: float) -> tuple[Record, ...]:
    """Return the records of a trial, their timing marked if this process was stopped meanwhile."""
    if not away:
        return tuple(records)
    stopped = f"the run was stopped for {away:.0f} s"
    return tuple(
        replace(record, tainted="; ".join(filter(None, (record.tainted, stopped)))) for record in records
    )


def processors(slot: int, threads: int, jobs: int = 1) -> tuple[int, ...]:
    """Return the processors of the `slot`-th of some workers that run at once; empty = no choice.

    Either each has its own, or none has: a worker without a choice would run on those of the others.
    """
    if not hasattr(os, "sched_getaffinity"):
        return ()
    there = sorted(os.sched_getaffinity(0))
    if jobs * threads > len(there):
        return ()
    return tuple(there[slot * threads : (slot + 1) * threads])

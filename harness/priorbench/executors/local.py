"""Supervised worker processes on this machine: the default way to run."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace

from priorbench.errors import PriorbenchError
from priorbench.executors import Started
from priorbench.executors.process import WorkerProcess
from priorbench.records import Record
from priorbench.registry import Registry
from priorbench.trial import Trial

#: idle workers that are kept for the next image of their method
KEPT_WORKERS = 8


class LocalExecutor:
    """Run trials in worker processes, each started for one method and reused for its next images.

    Parameters
    ----------
    registry : the plugins.
    jobs : workers that run at the same time. Beside another worker a timing means little, so with more
        than one every timing is marked as tainted.
    threads : CPU threads of each worker.
    timeout : seconds that one trial may take; None = no limit.
    """

    def __init__(
        self, *, registry: Registry, jobs: int = 1, threads: int = 1, timeout: float | None = None
    ) -> None:
        self._registry, self._jobs, self._threads, self._timeout = registry, jobs, threads, timeout
        self._idle: OrderedDict[int, tuple[str, WorkerProcess]] = OrderedDict()
        self._busy: set[WorkerProcess] = set()
        self._lock = threading.Lock()
        self._closed = False

    def run(self, trials: Iterable[Trial], started: Started) -> Iterator[tuple[Record, ...]]:
        """Yield the records of each trial when it ends; trials are read only as workers become free."""
        pending: set[Future[tuple[Record, ...]]] = set()
        with ThreadPoolExecutor(self._jobs, thread_name_prefix="worker") as threads:
            try:
                for trial in trials:
                    pending.add(threads.submit(self._run_one, trial, started))
                    if len(pending) >= self._jobs:
                        done, pending = wait(pending, return_when=FIRST_COMPLETED)
                        for future in done:
                            yield self._marked(future.result())
                while pending:
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield self._marked(future.result())
            finally:
                self.close()  # before the thread pool waits: its threads wait for the workers

    def close(self) -> None:
        """Kill every worker."""
        with self._lock:
            self._closed = True
            workers = [worker for _, worker in self._idle.values()] + list(self._busy)
            self._idle.clear()
        for worker in workers:
            worker.kill()

    def _run_one(self, trial: Trial, started: Started) -> tuple[Record, ...]:
        worker = self._take(trial.denoiser.name)
        try:
            started(trial)
            return worker.run(trial)
        finally:
            self._give_back(trial.denoiser.name, worker)

    def _take(self, method: str) -> WorkerProcess:
        """Return an idle worker of this method, or a new one."""
        with self._lock:
            if self._closed:
                raise PriorbenchError("the executor is closed")
            for number, (owner, worker) in list(self._idle.items()):
                if owner == method:
                    del self._idle[number]
                    self._busy.add(worker)
                    return worker
            worker = WorkerProcess(self._registry, self._threads, self._timeout)
            self._busy.add(worker)
            return worker

    def _give_back(self, method: str, worker: WorkerProcess) -> None:
        surplus: list[WorkerProcess] = []
        with self._lock:
            self._busy.discard(worker)
            if self._closed:
                surplus.append(worker)
            elif worker.alive:
                self._idle[id(worker)] = (method, worker)
            while len(self._idle) > KEPT_WORKERS:
                surplus.append(self._idle.popitem(last=False)[1][1])
        for old in surplus:
            old.kill()

    def _marked(self, records: tuple[Record, ...]) -> tuple[Record, ...]:
        if self._jobs == 1:
            return records
        reason = f"{self._jobs} workers ran at the same time"
        return tuple(replace(record, tainted=record.tainted or reason) for record in records)

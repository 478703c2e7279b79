"""Starts judges, one for each slot, gives them trials, and replaces those that were killed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from queue import SimpleQueue

from priorbench.contract.executor import Started
from priorbench.contract.limits import Limits, check_count
from priorbench.contract.records import NOT_RUN, Record
from priorbench.contract.trial import Trial
from priorbench.errors import PriorbenchError
from priorbench.executors.devices import Assigned, beside, environments_of
from priorbench.executors.groups import Group, groups
from priorbench.executors.process import WorkerProcess, WorkerSettings, processors
from priorbench.loading.registry import Registry
from priorbench.machine.confinement import hidden_memory
from priorbench.protocol.trial_records import failed_records
from priorbench.worker.folders import clear_away

#: a group and the records of each of its trials
Ended = tuple[Group, list[tuple[Record, ...]]]


class LocalExecutor:
    """Run trials under judges, which have each method run in a process of its own.

    Parameters
    ----------
    registry : Registry
        the plugins.
    jobs : int, default 1
        workers that run at the same time, each on processors of its own where there are enough. Beside
        another worker a timing means little, so with more than one every timing on the CPU is marked as
        tainted: see `priorbench.executors.devices.beside`.
    threads : int, default 1
        CPU threads of each worker.
    timeout : float or None, optional
        seconds that one trial may take; None = no limit.
    memory : int or None, optional
        bytes that a method may take beyond an empty worker; None = no limit.
    devices : sequence of Assigned, optional
        the device of each worker, which it has to itself; empty = all see what this process sees. Records
        name the device and its environment.
    batch : int, default 1
        images that a method which can do so fits at once; their timings are marked as throughput. Time and
        memory that such a trial may take are those of this many trials.

    Attributes
    ----------
    limits : Limits
        `timeout` and `memory`.
    environments : mapping of str to dict
        descriptions of the devices of workers by their fingerprints; records refer to them.

    Raises
    ------
    PriorbenchError
        For a number that is no count or no limit.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        jobs: int = 1,
        threads: int = 1,
        timeout: float | None = None,
        memory: int | None = None,
        batch: int = 1,
        devices: Sequence[Assigned] = (),
    ) -> None:
        limits = Limits(timeout=timeout, memory=memory)
        for what, value in {"jobs": jobs, "threads": threads, "batch": batch}.items():
            check_count(what, value)
        if devices and len(devices) != jobs:
            raise PriorbenchError(f"{len(devices)} devices for {jobs} workers: give one for each")
        clear_away()
        self.limits = limits
        self._registry, self._jobs, self._batch = registry, jobs, batch
        self._devices = tuple(devices)
        self._marks, self.environments = environments_of(devices, threads) if devices else ({}, {})
        self._apart = bool(processors(0, threads, jobs))
        self._settings = WorkerSettings(
            threads=threads,
            timeout=limits.timeout,
            memory=limits.memory,
            beside=jobs > 1 and self._apart and bool(devices),
        )
        self._judges: dict[int, WorkerProcess] = {}
        self._slots: SimpleQueue[int] = SimpleQueue()
        for slot in range(jobs):
            self._slots.put(slot)
        self._lock = threading.Lock()
        self._closed = False

    def run(self, trials: Iterable[Trial], started: Started) -> Iterator[tuple[Record, ...]]:
        """Yield the records of each trial when it ends; trials are read only as workers become free."""
        with self._lock:
            self._closed = False
        pending: set[Future[Ended]] = set()
        # this process has clean images, too, from planning
        with hidden_memory(), ThreadPoolExecutor(self._jobs, thread_name_prefix="worker") as threads:

            def again(trial: Trial) -> None:
                pending.add(threads.submit(self._run_group, (trial,), lambda trial: None))

            try:
                for group in groups(trials, self._registry, self._batch):
                    pending.add(threads.submit(self._run_group, group, started))
                    while len(pending) >= self._jobs:
                        yield from self._ended(pending, again)
                while pending:
                    yield from self._ended(pending, again)
            finally:
                self.close()  # before the thread pool waits: its threads wait for the workers

    def close(self) -> None:
        """Kill every judge and its players."""
        with self._lock:
            self._closed = True
            judges = [*self._judges.values()]
            self._judges.clear()
        for judge in judges:
            judge.kill()

    def _ended(
        self, pending: set[Future[Ended]], again: Callable[[Trial], None]
    ) -> Iterator[tuple[Record, ...]]:
        """Wait for a group to end; yield its records, or have its trials run one by one if one went wrong."""
        done, _ = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            pending.remove(future)
            group, found = future.result()
            if len(group) > 1 and any(record.status != "ok" for own in found for record in own):
                # one of them, or their company: each is to get the record that it would have had alone
                for trial in group:
                    again(trial)
            else:
                yield from found

    def _run_group(self, group: Group, started: Started) -> Ended:
        slot = self._slots.get()
        try:
            for trial in group:
                started(trial)
            try:
                judge = self._judge(slot)
            except OSError as error:
                reason = f"no worker could be started: {error}"
                failed = (failed_records(one, self._registry, NOT_RUN, reason, {}) for one in group)
                return group, [self._marked(own, slot) for own in failed]
            return group, [self._marked(own, slot) for own in judge.run(group)]
        finally:
            self._slots.put(slot)

    def _judge(self, slot: int) -> WorkerProcess:
        """Return the judge of a slot (a set of processors), or a new one."""
        with self._lock:
            if self._closed:
                raise PriorbenchError("the executor is closed")
            judge = self._judges.get(slot)
            if judge is None or not judge.alive:
                cpus = processors(slot, self._settings.threads, self._jobs)
                settings = replace(self._settings, cpus=cpus, device=self._device(slot))
                judge = WorkerProcess(self._registry, settings)
                self._judges[slot] = judge
            return judge

    def _device(self, slot: int) -> Assigned | None:
        return self._devices[slot] if self._devices else None

    def _marked(self, records: tuple[Record, ...], slot: int) -> tuple[Record, ...]:
        """Return the records of a worker's trial with its device, and what the others did to the timing."""
        own = self._device(slot)
        limits = self.limits.to_json()
        return tuple(self._told(replace(record, limits=limits), own) for record in records)

    def _told(self, record: Record, own: Assigned | None) -> Record:
        others = beside(record.device, own, self._jobs, apart=self._apart)
        if others:
            record = replace(record, tainted="; ".join(filter(None, (others, record.tainted))))
        if own is None or record.device != own.kind:
            return record
        return replace(record, device=own.name, environment=self._marks[own.name])

"""On a machine that takes orders: keeps judges between trials, and has them run what is ordered."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from priorbench.contract.records import to_json
from priorbench.contract.trial import trial_from_json
from priorbench.executors.process import NoAnswerError, WorkerProcess, WorkerSettings, processors
from priorbench.loading.registry import Registry
from priorbench.machine.confinement import hide_memory
from priorbench.remote.agreement import differences
from priorbench.remote.inspection import InspectionError, inspected
from priorbench.remote.shipping import PictureFolder
from priorbench.remote.wire import Order, Question
from priorbench.words import one_line

#: seconds for which it holds what a machine said of itself
_STILL_TRUE = 60.0
#: seconds without work after which judges end: who ordered may have been killed
_IDLE = 600.0


class DisagreementError(Exception):
    """This machine has not what the run was planned with; the message says in what it differs."""


class Judges:
    """The judges of one run in one process that takes its orders, one for each slot.

    A judge ends with that process, however it ends, and takes its players with it.

    Parameters
    ----------
    question : Question
        limits, threads, and what was agreed on.
    slots : int
        orders that run at the same time.
    folder : Path
        where pictures may be kept.
    """

    def __init__(self, question: Question, *, slots: int, folder: Path) -> None:
        self._question = question
        self._agreed, self._used = time.monotonic(), time.monotonic()
        self._judges: dict[int, WorkerProcess] = {}
        self._slots: SimpleQueue[int] = SimpleQueue()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._busy = 0
        hide_memory()  # trials, with their salt, pass through this process, and pictures do
        for slot in range(slots):
            self._slots.put(slot)
        self._pictures = PictureFolder(folder / f"pictures-{question.run}") if question.ships else None
        threading.Thread(target=self._watch, name="priorbench-idle", daemon=True).start()

    def close(self) -> None:
        """Kill every judge and its players."""
        self._ended.set()
        self._kill()
        if self._pictures is not None:
            self._pictures.remove()

    def answer(self, order: Order) -> dict[str, Any]:
        """Have an order run; return its records, or why there are none."""
        slot = self._slots.get()
        with self._lock:
            self._busy += 1
        try:
            if self._pictures is not None:
                self._pictures.take(order.pictures)
                if lacking := self._pictures.lacking(order.wanted):
                    return {"lacks": lacking}
            trials = [trial_from_json(trial) for trial in json.loads(order.trials)]
            records = self._judge(slot, alone=order.alone).answer(trials)
            return {"records": [[to_json(record) for record in own] for own in records]}
        except DisagreementError as error:
            return {"disagrees": str(error)}
        except NoAnswerError as error:
            return {"failed": str(error), "printed": error.printed}
        except (OSError, ValueError) as error:
            return {"failed": f"no worker could be started: {one_line(error)}", "printed": None}
        finally:
            with self._lock:
                self._busy -= 1
                self._used = time.monotonic()
            self._slots.put(slot)

    def _judge(self, slot: int, *, alone: bool) -> WorkerProcess:
        judge = self._judges.get(slot)
        if judge is not None and judge.alive:
            return judge
        self._agree()
        needs, limits = self._question.needs, self._question.limits
        settings = WorkerSettings(
            threads=needs.threads,
            timeout=limits.timeout,
            memory=limits.memory,
            cpus=processors(slot, needs.threads) if alone else (),
            plugins=self._question.plugins,
            pictures="" if self._pictures is None else str(self._pictures.path),
        )
        with self._lock:
            if self._ended.is_set():
                raise DisagreementError("the run has ended")
            judge = WorkerProcess(Registry(specs={}), settings)
            self._judges[slot] = judge
        return judge

    def _agree(self) -> None:
        """Look again, as a judge is about to import everything, whether all is as it was planned."""
        if time.monotonic() - self._agreed < _STILL_TRUE:
            return
        try:
            reasons = list(differences(self._question.needs, inspected(self._question, everything=False)))
        except InspectionError as error:
            reasons = [str(error)]
        if reasons:
            raise DisagreementError("; ".join(reasons))
        self._agreed = time.monotonic()

    def _watch(self) -> None:
        while not self._ended.wait(_IDLE / 10):
            with self._lock:
                idle = not self._busy and time.monotonic() - self._used > _IDLE
            if idle:
                self._kill()

    def _kill(self) -> None:
        with self._lock:
            judges = [*self._judges.values()]
            self._judges.clear()
        for judge in judges:
            judge.kill()

"""Computes an experiment's functions of seeds in processes of their own, and keeps every result.

Results are lines of a file, by key: function, its code, parameters, seed. The file may be copied to another
machine or put together from several.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from priorbench.errors import PriorbenchError
from priorbench.experiments.work import Computation
from priorbench.loading.digests import code_digest
from priorbench.machine.description import NUMERICAL, versions
from priorbench.machine.settings import worker_environment

#: told how many of how many are done
Told = Callable[[int, int], None]


class Notebook:
    """Results of computations by key, in a file of JSON lines.

    Parameters
    ----------
    path : Path
        the file; it need not be there. A line that cannot be read, such as the last one of an interrupted
        run, is computed again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, Mapping[str, Any]] = {}
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        for line in lines:
            try:
                entry = json.loads(line)
                self._values[entry["key"]] = entry["values"]
            except (ValueError, KeyError, TypeError):
                continue

    def get(self, key: str) -> Mapping[str, Any] | None:
        """Return a result, or None where there is none."""
        return self._values.get(key)

    def add(self, key: str, entry: Mapping[str, Any]) -> None:
        """Keep a result, in the file too."""
        line = json.dumps({"key": key, **entry}) + "\n"
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)
        self._values[key] = json.loads(line)["values"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call of a function; `key` says what determines its result."""

    function: str
    parameters: Mapping[str, Any]
    seed: int

    @property
    def key(self) -> str:
        code = code_digest(self.function)
        libraries = [versions(NUMERICAL), code.distributions]
        whole = [self.function, code.digest, libraries, dict(self.parameters), self.seed]
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()

    @property
    def title(self) -> str:
        """What messages call it."""
        given = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.function}({given}{', ' if given else ''}seed={self.seed})"


def calls(computation: Computation) -> list[Call]:
    """Return the calls of a computation, one for each seed."""
    return [
        Call(function=computation.function, parameters=computation.parameters, seed=seed)
        for seed in computation.seeds
    ]


def compute(wanted: Sequence[Call], notebook: Notebook, *, jobs: int, told: Told) -> None:
    """Compute what the notebook does not have.

    Raises
    ------
    PriorbenchError
        Where a call fails; what had ended is kept.
    KeyboardInterrupt
        Where the run was interrupted; what had ended is kept.
    """
    missing = {call.key: call for call in wanted if notebook.get(call.key) is None}
    if not missing:
        return
    done = 0
    with _pool(min(jobs, len(missing))) as pool:
        running = {
            pool.submit(_called, call.function, dict(call.parameters), call.seed): key
            for key, call in missing.items()
        }
        for future in as_completed(running):
            call = missing[running[future]]
            values, seconds = _result(future, call)
            about = {"function": call.function, "parameters": dict(call.parameters), "seed": call.seed}
            notebook.add(call.key, {**about, "seconds": round(seconds, 3), "values": values})
            done += 1
            told(done, len(missing))


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Give a pool of processes of one thread each; at an error or an interruption they end at once."""
    before = dict(os.environ)
    os.environ.update(worker_environment(1))
    pool = ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=_begin, initargs=(os.getpid(),)
    )
    try:
        yield pool
        pool.shutdown()
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(cancel_futures=True)
        raise
    finally:
        os.environ.clear()
        os.environ.update(before)


def _begin(waiting: int) -> None:
    """Leave Ctrl-C to the process that waits, and end when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == waiting:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _called(function: str, parameters: dict[str, Any], seed: int) -> tuple[Any, float]:
    module, _, name = function.partition(":")
    began = time.perf_counter()
    values = getattr(importlib.import_module(module), name)(seed=seed, **parameters)
    return _plain(values), time.perf_counter() - began


def _result(future: Future[tuple[Any, float]], call: Call) -> tuple[Any, float]:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise PriorbenchError(f"a process ended without a word, perhaps for memory: {call.title}") from error
    except Exception as error:
        raise PriorbenchError(f"{call.title}: {type(error).__name__}: {error}") from error


def _plain(value: Any) -> Any:
    """Return JSON values: arrays and numbers of numpy and torch as lists and numbers."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value

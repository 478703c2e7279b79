"""Trials one after the other in this process: for `priorbench.evaluate` and for debugging a method."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from priorbench.contract.executor import Started
from priorbench.contract.limits import Limits, check_count
from priorbench.contract.records import Record
from priorbench.contract.trial import Trial
from priorbench.loading.registry import Registry


class SerialExecutor:
    """Run trials in this process; a crash of a method is a crash of the run.

    Parameters
    ----------
    registry : Registry
        the plugins.
    jobs, threads, timeout, memory : int or float or None, optional
        taken for symmetry with other executors; one trial runs at a time, with the threads that this process
        has, and without limits.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        jobs: int = 1,
        threads: int = 1,
        timeout: float | None = None,
        memory: int | None = None,
    ) -> None:
        self.limits = Limits()
        Limits(timeout=timeout, memory=memory)
        for what, value in {"jobs": jobs, "threads": threads}.items():
            check_count(what, value)
        from priorbench.machine.memory import resident_bytes
        from priorbench.protocol.session import Session

        self._session = Session(registry, baseline_bytes=resident_bytes())

    def run(self, trials: Iterable[Trial], started: Started) -> Iterator[tuple[Record, ...]]:
        """Yield the records of each trial, in order."""
        for trial in trials:
            started(trial)
            yield self._session.run(trial)

    def close(self) -> None:
        """Nothing runs between trials."""

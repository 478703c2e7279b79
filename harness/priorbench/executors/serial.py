"""Trials one after the other in this process: for `priorbench.evaluate` and for debugging a method."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from priorbench.contract.executor import Started
from priorbench.contract.limits import Limits, check_count
from priorbench.contract.records import Record
from priorbench.contract.trial import Trial
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import Registry


def _settings() -> Callable[[], None]:
    """Return what puts back torch's settings of now."""
    import torch

    dtype, gradients, threads = torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads()

    def determinism() -> tuple[bool, bool]:
        exact = torch.are_deterministic_algorithms_enabled()
        return exact, torch.is_deterministic_algorithms_warn_only_enabled()

    exact, warns = determinism()

    def restore() -> None:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(gradients)
        torch.set_num_threads(threads)
        if determinism() != (exact, warns):  # the call imports torch's compiler
            torch.use_deterministic_algorithms(exact, warn_only=warns)

    return restore


class SerialExecutor:
    """Run trials in this process; a crash of a method is a crash of the run.

    Parameters
    ----------
    registry : Registry
        the plugins.
    jobs, threads : int, default 1
        taken for symmetry with other executors; one trial runs at a time, with the threads that this process
        has.
    timeout, memory : float or int or None, optional
        None: a process cannot end itself in the middle of a method.

    Raises
    ------
    PriorbenchError
        If a limit is given.
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
        if Limits(timeout=timeout, memory=memory) != self.limits:
            raise PriorbenchError(
                "the executor 'serial' cannot keep a timeout or memory limit: leave it out, or use 'local'"
            )
        for what, value in {"jobs": jobs, "threads": threads}.items():
            check_count(what, value)
        from priorbench.machine.memory import resident_bytes
        from priorbench.worker.seats import OwnSeat
        from priorbench.worker.session import Session

        self._session = Session(registry, OwnSeat(registry, resident_bytes()))

    def run(self, trials: Iterable[Trial], started: Started) -> Iterator[tuple[Record, ...]]:
        """Yield the records of each trial, in order."""
        for trial in trials:
            started(trial)
            restore = _settings()
            (records,) = self._session.run([trial])
            restore()  # methods share this process: what one changes is not to reach the next
            yield records

    def close(self) -> None:
        """Nothing runs between trials."""

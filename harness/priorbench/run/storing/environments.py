"""Which environment each record of a run points to, and that the store has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from priorbench.contract.executor import Executor, RemoteExecutor
from priorbench.contract.records import NOT_RUN, Record
from priorbench.errors import PriorbenchError
from priorbench.machine.description import describe, fingerprint
from priorbench.store.database import Store


class Environments:
    """The environments of a run's records: this machine's, or those that the executor tells.

    Parameters
    ----------
    store : Store
        gets each environment before the first record that points to it.
    executor : Executor
        one that runs trials elsewhere has the environments of its records, and one may have those of devices;
        all other records have that of this machine.
    threads, device : int or str
        of the run.
    """

    def __init__(self, store: Store, executor: Executor, *, threads: int, device: str) -> None:
        self._store, self._stored = store, set[str]()
        self._brought: set[str] = set()
        self._told: Mapping[str, Mapping[str, Any]] = getattr(executor, "environments", {})
        self._elsewhere, self._here = isinstance(executor, RemoteExecutor), ""
        if not self._elsewhere:
            environment = describe(threads, device)
            self._here = fingerprint(environment)
            store.add_environment(self._here, environment)

    def bring(self, mark: str) -> None:
        """Take note that a record which was measured earlier, in an environment of the store, comes again."""
        self._brought.add(mark)

    def of(self, record: Record) -> str:
        """Return the fingerprint of a record's environment, which is in the store.

        Raises
        ------
        PriorbenchError
            If the executor runs trials elsewhere and does not say where this one ran.
        """
        mark = record.environment
        if mark in self._brought:
            return mark
        if not self._elsewhere and mark not in self._told:
            return self._here
        if record.status == NOT_RUN:  # it is not stored
            return mark
        if mark not in self._stored:
            environment = self._told.get(mark)
            if environment is None or fingerprint(environment) != mark:
                raise PriorbenchError(
                    f"the executor does not say on which machine the trial of {record.denoiser} on "
                    f"{record.image_set}/{record.image} ran: its record would have the environment of "
                    "another one. The plugin of the executor must be mended"
                )
            self._store.add_environment(mark, environment)
            self._stored.add(mark)
        return mark

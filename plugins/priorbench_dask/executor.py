"""The executor: opens a cluster, asks its workers, and sends them trials."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from priorbench import Record, Started, Trial
from priorbench.errors import PriorbenchError
from priorbench.remote import (
    Group,
    Limits,
    Needs,
    check_count,
    check_seconds,
    groups,
    hidden_memory,
    not_run,
)

if TYPE_CHECKING:
    from priorbench.remote import Registry
    from priorbench_dask.connection import Connection
    from priorbench_dask.dispatch import Dispatch


class DaskExecutor:
    """Run trials under judges that dask workers keep.

    Parameters
    ----------
    registry : Registry
        the plugins.
    jobs : int, default 1
        not for this executor: the workers of the cluster say how many trials run at once.
    threads : int, default 1
        CPU threads of each trial.
    timeout, memory : float or int or None, optional
        as of `priorbench.executors.local.LocalExecutor`.
    batch : int, default 1
        images that a method which can do so fits at once.
    scheduler : str, default ''
        Address of a scheduler that runs, such as tcp://10.0.0.1:8786.
    cluster : str, default ''
        YAML file that says which cluster to start, in the place of `scheduler`.
    ship_images : bool, default False
        Send pictures with the trials, through the scheduler, to workers that do not have them.
    workers : int, default 1
        How many workers to wait for before it is checked what they have.
    wait : float, default 60.0
        Seconds to wait for the scheduler, for workers, and for others when all that can run a trial are lost.

    Attributes
    ----------
    limits : Limits
        `timeout` and `memory`.
    environments : dict[str, Mapping[str, Any]]
        the environments of the workers, by fingerprint.

    Raises
    ------
    PriorbenchError
        If something is given that is not for this executor, or something is missing.
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
        scheduler: str = "",
        cluster: str = "",
        ship_images: bool = False,
        workers: int = 1,
        wait: float = 60.0,
    ) -> None:
        self.limits = Limits(timeout=timeout, memory=memory)
        self.environments: dict[str, Mapping[str, Any]] = {}
        for what, value in {"threads": threads, "batch": batch, "workers": workers}.items():
            check_count(what, value)
        check_seconds("wait", wait)
        if jobs != 1:
            raise PriorbenchError(
                "--jobs is for this machine: with the executor 'dask', the workers of the cluster say how "
                "many trials run at once; leave it out"
            )
        if bool(scheduler) == bool(cluster):
            raise PriorbenchError(
                "the executor 'dask' needs either --scheduler ADDRESS (of one that runs, as "
                "tcp://10.0.0.1:8786) or --cluster FILE (of one to start)"
            )
        if cluster:
            from priorbench_dask.clusters import read_cluster

            read_cluster(Path(cluster).expanduser())
        self._registry, self._batch = registry, batch
        self._scheduler, self._cluster, self._ships = scheduler, cluster, ship_images
        self._workers, self._wait = workers, wait
        self._run = uuid.uuid4().hex[:12]
        self._needs: Callable[[], Needs] | None = None
        self._connection: Connection | None = None
        self._dispatch: Dispatch | None = None
        self._open = ExitStack()

    def prepare(self, needs: Callable[[], Needs]) -> None:
        """Take note of how to ask what the run needs."""
        self._needs = needs

    def run(self, trials: Iterable[Trial], started: Started) -> Iterator[tuple[Record, ...]]:
        """Yield the records of each trial when it ends; a trial is read only when a worker is free for it.

        Raises
        ------
        PriorbenchError
            If there is no scheduler or no worker, or one differs from the plan, or none can run what is
            wanted; all this before anything is sent. Later, if the scheduler or all workers are gone for
            good.
        """
        waiting = groups(trials, self._registry, self._batch)
        first = next(waiting, None)
        if first is None:
            return
        try:
            dispatch = self._begin()
            yield from dispatch.run(chain([first], waiting), started)
        finally:
            self.close()

    def close(self) -> None:
        """Take back what is on its way, end the judges, and the cluster if it was started for the run."""
        dispatch, self._dispatch = self._dispatch, None
        connection, self._connection = self._connection, None
        if dispatch is not None:
            dispatch.cancel()
        if connection is not None:
            connection.close(self._run)
        self._open.close()

    def _begin(self) -> Dispatch:
        """Open the cluster, and check that it can run what is planned."""
        from priorbench.remote import Pictures, Question
        from priorbench_dask.connection import Connection, quiet
        from priorbench_dask.desks import Desks
        from priorbench_dask.dispatch import Dispatch
        from priorbench_dask.fleet import Fleet
        from priorbench_dask.mustering import muster

        if self._needs is None:
            raise PriorbenchError("the executor 'dask' was not told what the run needs: call prepare first")
        needs = self._needs()
        self._open.enter_context(quiet())
        self._open.enter_context(hidden_memory())  # this process has clean images, too, from planning
        self._connection = Connection(self._scheduler, self._cluster, self._wait)
        question = Question(run=self._run, needs=needs, limits=self.limits, ships=self._ships)
        fleet = Fleet(self._connection, question, self.environments)
        muster(fleet, self._connection.address, needs, workers=self._workers, wait=self._wait)
        self._dispatch = Dispatch(
            self._connection,
            fleet,
            Desks(self._run, fleet, Pictures(self._registry) if self._ships else None),
            limits=self.limits,
            failed=self._failed,
            wait=self._wait,
            say=_say,
        )
        return self._dispatch

    def _failed(self, group: Group, reason: str, printed: str | None) -> list[tuple[Record, ...]]:
        return not_run(group, self._registry, reason, printed)


def _say(line: str) -> None:
    print(f"priorbench: {line}", file=sys.stderr, flush=True)

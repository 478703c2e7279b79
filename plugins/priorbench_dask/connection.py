"""The line to a scheduler: opened, opened again when the scheduler comes back, and closed."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from distributed import Client, Future

from priorbench.errors import PriorbenchError
from priorbench.remote import Order, one_line
from priorbench_dask.clusters import open_cluster
from priorbench_dask.tasks import ask_worker, end_run, run_order

#: seconds that one question to the scheduler may take, and that closing may
_PATIENCE, _CLOSING = 15.0, 10.0


_CHILDREN = "distributed."


class UnreachableError(Exception):
    """The scheduler does not answer; the message is the reason."""


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep dask's own log to itself: what matters is told in words of ours."""
    names = ["distributed", *(name for name in logging.root.manager.loggerDict if name.startswith(_CHILDREN))]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:  # dask's configuration gives some of them a level of their own
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


class Connection:
    """A client of a scheduler, or of a cluster that is started for this run.

    Parameters
    ----------
    scheduler : str
        address; empty where there is a file.
    cluster : str
        path of a file that describes a cluster.
    wait : float
        seconds to wait for a scheduler that does not answer.

    Raises
    ------
    PriorbenchError
        If there is none.
    """

    def __init__(self, scheduler: str, cluster: str, wait: float) -> None:
        self._wait = wait
        self._cluster = open_cluster(Path(cluster).expanduser()) if cluster else None
        self.address: str = scheduler if self._cluster is None else self._cluster.scheduler_address
        self._submitted = 0
        try:
            self._client: Any = self._connect(wait)
        except BaseException as error:
            self._close_cluster()
            if not isinstance(error, UnreachableError):
                raise
            raise PriorbenchError(
                f"no scheduler answers at {self.address} within {wait:g} s ({error}): start one with "
                "'dask scheduler', or correct the address"
            ) from None

    def workers(self) -> Mapping[str, int]:
        """Return the workers that the scheduler has now, by address, with their threads.

        Raises
        ------
        UnreachableError
            If it does not answer.
        """
        if self._client.status != "running":
            raise UnreachableError("the connection is lost")
        try:
            found: Mapping[str, int] = self._client.sync(
                self._client.scheduler.ncores, workers=None, callback_timeout=_PATIENCE
            )
        except Exception as error:  # of the network, of the event loop, of a client that closes just now
            raise UnreachableError(one_line(error) or type(error).__name__) from error
        return found

    def ask(self, question: str, workers: Sequence[str]) -> Mapping[str, Any]:
        """Return the answer of each worker to a question, or the exception that came in its place."""
        found: Mapping[str, Any] = self._client.run(
            ask_worker, question, workers=list(workers), on_error="return"
        )
        return found

    def submit(
        self, order: Order, worker: str, resources: Mapping[str, float], done: Callable[[object], None]
    ) -> Future[str]:
        """Send an order to a worker; `done` is called, in a thread, with its answer or with an exception."""
        self._submitted += 1
        future: Future[str] = self._client.submit(
            run_order,
            order,
            key=f"priorbench-{order.run}-{self._submitted}",
            workers=[worker],
            allow_other_workers=False,
            resources=dict(resources) or None,
            retries=0,
            pure=False,
            fifo_timeout=0,  # the first order of a worker is the first that it begins
        )

        def ended(landed: Future[str]) -> None:
            try:
                done(landed.result(timeout=_PATIENCE))
            except BaseException as error:
                done(error)

        future.add_done_callback(ended)
        return future

    def cancel(self, futures: Sequence[Future[str]]) -> None:
        """Take orders back; what a worker has begun goes on, and nobody hears of it."""
        with contextlib.suppress(Exception):  # who cannot be reached has lost them anyway
            self._client.sync(self._client._cancel, list(futures), force=True, callback_timeout=_PATIENCE)

    def reopen(self) -> None:
        """Wait for a scheduler that is gone to come back under its address.

        Raises
        ------
        PriorbenchError
            If it does not.
        """
        with contextlib.suppress(Exception):
            self._client.close(timeout=1)
        deadline = time.monotonic() + self._wait
        while self._cluster is None:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                self._client = self._connect(min(left, _PATIENCE))
                return
            except UnreachableError:
                time.sleep(min(1.0, max(0.0, deadline - time.monotonic())))
        waited = f", and has not come back in {self._wait:g} s" if self._cluster is None else ""
        raise PriorbenchError(
            f"the scheduler {self.address} is gone{waited}: what had ended is in the store; "
            "run the same command again when there is a scheduler"
        )

    def close(self, run: str) -> None:
        """End the judges of a run, and the cluster if it was started for it."""
        with contextlib.suppress(Exception):
            if self._client.status == "running":
                self._client.sync(
                    self._client._run, end_run, run, on_error="ignore", callback_timeout=_CLOSING
                )
        with contextlib.suppress(Exception):
            self._client.close(timeout=_CLOSING)
        self._close_cluster()

    def _connect(self, timeout: float) -> Client:
        try:
            return Client(
                self.address if self._cluster is None else self._cluster,
                timeout=timeout,
                set_as_default=False,
                name="priorbench",
            )
        except Exception as error:  # an address may be wrong in many ways
            raise UnreachableError(one_line(error) or type(error).__name__) from error

    def _close_cluster(self) -> None:
        if self._cluster is not None:
            with contextlib.suppress(Exception):
                self._cluster.close(timeout=_CLOSING)

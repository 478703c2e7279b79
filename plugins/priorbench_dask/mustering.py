"""Before the first trial: waits for workers, and checks that they can run what is planned."""

from __future__ import annotations

import time

from priorbench.errors import PriorbenchError, RequestError
from priorbench.remote import Needs, plural
from priorbench_dask.connection import UnreachableError
from priorbench_dask.fleet import Fleet, offers

_STEP = 0.1


def muster(fleet: Fleet, address: str, needs: Needs, *, workers: int, wait: float) -> None:
    """Wait for workers, and check all that are there.

    Parameters
    ----------
    fleet : Fleet
        the workers.
    address : str
        of their scheduler.
    needs : Needs
        of the run.
    workers, wait : int or float
        how many to wait for, and for how many seconds.

    Raises
    ------
    PriorbenchError
        If too few come, one of them differs from the plan or lacks an image set, or none can run the trials
        of a device.
    """
    deadline = time.monotonic() + wait
    while fleet.asking or len(fleet.members) + len(fleet.refused) < workers:
        try:
            fleet.look()
        except UnreachableError as error:
            raise PriorbenchError(
                f"the scheduler {address} is gone: {error}: run the same command again"
            ) from None
        if not fleet.asking and time.monotonic() > deadline:
            count = len(fleet.members) + len(fleet.refused)
            came = f"only {plural(count, 'worker')} of {workers} came" if count else "no worker came"
            raise PriorbenchError(
                f"{came} to the scheduler {address} in {wait:g} s: start one with 'dask worker {address} "
                "--nthreads 1 --memory-limit 0', or wait longer with --executor 'dask:wait=SECONDS'"
            )
        time.sleep(_STEP)
    if fleet.refused:
        lines = [f"worker {one} {reason}" for one, reason in fleet.refused.items()]
        raise RequestError([*lines, "nothing was run: mend these workers, or stop them"])
    for device in needs.devices:
        if not any(fleet.suiting(device, needs.threads)):
            tag = f"CPU={needs.threads}" if device == "cpu" else "GPU=1"
            raise PriorbenchError(
                f"no worker can run trials on {device}, which ask for {tag} where workers declare resources: "
                f"{offers([*fleet.members.values()])}; start a worker with --resources {tag}, or choose "
                "another --device or --threads"
            )

"""Limits that a worker sets for itself, from what its parent put into its environment."""

from __future__ import annotations

import contextlib
import functools
import os
import resource
import signal

from priorbench.machine import memory
from priorbench.machine.own_folder import OwnFolder, made_folder

CPUS_VARIABLE = "PRIORBENCH_WORKER_CPUS"
MEMORY_VARIABLE = "PRIORBENCH_WORKER_MEMORY"
FOLDER_VARIABLE = "PRIORBENCH_WORKER_FOLDER"


def pin() -> None:
    """Stay on the processors that the parent chose; before anything starts threads."""
    cpus = os.environ.get(CPUS_VARIABLE, "")
    if cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(cpu) for cpu in cpus.split(",")})
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_memory() -> None:
    """Limit what is added from now on to the address space; what asks for more gets a MemoryError."""
    allowed = os.environ.get(MEMORY_VARIABLE)
    if allowed:
        limit = memory.address_space_bytes() + int(allowed)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


@functools.cache
def make_folder() -> OwnFolder | None:
    """Make the folder for temporary files that the parent named; once, before anything of a method runs."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return made_folder(folder) if folder else None


def end_with_parent() -> None:
    """The parent is gone: remove the temporary files, and end with everything that a method started.

    The environment is a method's to change. So the folder is the one that was made at the start, whatever the
    environment says now, and one that this process did not make is left alone.
    """
    with contextlib.suppress(OSError):
        folder = make_folder()
        if folder is not None:
            folder.remove()
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(0)

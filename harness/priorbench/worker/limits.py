"""Limits that a worker sets for itself, from what its parent put into its environment."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from pathlib import Path

from priorbench.machine import memory

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


def make_folder() -> None:
    """Make the folder for temporary files that the parent named."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        Path(folder).mkdir(mode=0o700)


def end_with_parent() -> None:
    """The parent is gone: remove the temporary files, and end with everything that a method started."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(0)

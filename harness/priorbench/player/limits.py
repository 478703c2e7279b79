"""Limits that a player sets for itself, from what the judge put into its environment."""

from __future__ import annotations

import os
import resource

from priorbench.machine import memory
from priorbench.machine.settings import CPUS_VARIABLE, MEMORY_VARIABLE


def pin() -> None:
    """Stay on the processors that were chosen; before anything starts threads."""
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

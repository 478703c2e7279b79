"""Peak resident memory of this process, resettable where the system allows it."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

from priorbench.machine.procfs import read_small


def reset_peak() -> None:
    """Start a new high-water mark (Linux); elsewhere the mark of the whole process stays."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_bytes() -> int:
    """Return the high-water mark of resident memory in bytes."""
    mark = _status("VmHWM")
    if mark is not None:
        return mark
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def resident_bytes() -> int:
    """Return the resident memory now, in bytes; where the system does not tell, the high-water mark."""
    now = _status("VmRSS")
    return peak_bytes() if now is None else now


def address_space_bytes() -> int:
    """Return the size of the address space in bytes; 0 where the system does not tell."""
    return _status("VmSize") or 0


def available_bytes() -> int | None:
    """Return the bytes that programs may still take without swapping; None where the system is silent."""
    _, found, rest = (read_small("/proc/meminfo") or "").partition("\nMemAvailable:")
    return int(rest.split(maxsplit=1)[0]) * 1024 if found else None


def _status(field: str) -> int | None:
    _, found, rest = (read_small("/proc/self/status") or "").partition(f"\n{field}:")
    return int(rest.split(maxsplit=1)[0]) * 1024 if found else None

"""The heap settings of the protocol for a process that already runs: see `priorbench.machine.description`."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_LARGEST_INT = 2**31 - 1


def keep_heap() -> None:
    """Let glibc keep freed memory, so that a fit does not spend its time in page faults."""
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, _LARGEST_INT)
    mallopt(_M_TOP_PAD, 64 * 2**20)

"""Keeps processes apart (Linux): hidden memory, dropped privileges, an end with the parent, adopted strays.

Elsewhere every function does nothing, except that `end_with_parent` looks for the parent every second.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

#: options of prctl, in linux/prctl.h
_SET_PDEATHSIG, _GET_DUMPABLE, _SET_DUMPABLE, _CAPBSET_DROP = 1, 3, 4, 24
_SET_CHILD_SUBREAPER, _SET_NO_NEW_PRIVS = 36, 38
#: capabilities that open other processes or the kernel, in linux/capability.h: dac_read_search, setpcap,
#: sys_module, sys_rawio, sys_ptrace, sys_admin, sys_boot, perfmon, bpf, checkpoint_restore
_DROPPED = (2, 8, 16, 17, 19, 21, 22, 38, 39, 40)
_CAPABILITY_VERSION = 0x20080522

_LINUX = sys.platform == "linux"


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


@contextmanager
def hidden_memory() -> Iterator[None]:
    """Let no other process of this user read this one's memory, environment or open files meanwhile.

    It also leaves no core file. The superuser's processes still can, unless they have given that up
    (`give_up_privileges`).
    """
    before = _prctl(_GET_DUMPABLE)
    _prctl(_SET_DUMPABLE, 0)
    try:
        yield
    finally:
        if before == 1:
            _prctl(_SET_DUMPABLE, 1)


def hide_memory() -> None:
    """Do the same for the rest of this process's life."""
    _prctl(_SET_DUMPABLE, 0)


def adopt_strays() -> None:
    """Become the parent of whatever this process's children leave behind, however often it forks."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def end_with_parent(parent: int) -> None:
    """Be killed when the parent ends, even in the middle of C code; only the main thread may call this.

    Parameters
    ----------
    parent : int
        id of the process that started this one; if it is gone by now, this process ends at once.
    """
    if not _LINUX:
        threading.Thread(target=_watch_parent, args=(parent,), daemon=True).start()
        return
    signal_at_death_of_parent(parent, signal.SIGKILL)


def signal_at_death_of_parent(parent: int, number: int) -> None:
    """Have the system send this process a signal when its parent's thread that started it ends.

    Parameters
    ----------
    parent : int
        id of the parent; where it has ended already, the signal comes at once.
    number : int
        the signal.
    """
    _prctl(_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def give_up_privileges() -> None:
    """Give up, for good, what lets a superuser's process look into others; programs it starts have none."""
    if not _LINUX:
        return
    for capability in _DROPPED:
        _prctl(_CAPBSET_DROP, capability)
    _prctl(_SET_NO_NEW_PRIVS, 1)
    libc = _libc()
    header, sets = _Header(_CAPABILITY_VERSION, 0), (_Sets * 2)()
    if libc is None or libc.capget(ctypes.byref(header), sets) != 0:
        return
    for capability in _DROPPED:
        kept = ~(1 << capability % 32) & 0xFFFFFFFF
        own = sets[capability // 32]
        own.effective &= kept
        own.permitted &= kept
        own.inheritable &= kept
    libc.capset(ctypes.byref(header), sets)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def _prctl(option: int, value: int = 0) -> int:
    libc = _libc()
    return -1 if libc is None else int(libc.prctl(option, value, 0, 0, 0))


def _libc() -> ctypes.CDLL | None:
    if not _LINUX:
        return None
    with contextlib.suppress(OSError):
        return ctypes.CDLL(None, use_errno=True)
    return None

"""Keeps a process, and all that it will start, from acting on processes outside (Linux; elsewhere nothing).

Landlock forbids to trace, read or signal what is outside of the fence, to the superuser too, and a filter of
system calls to set the limits of others. Neither can be taken back. An older kernel has less of it: signals
are held since Linux 6.12, the rest since 5.13.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

#: system calls of Landlock, the same on all machines
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_ASK_VERSION, _SCOPES_SINCE = 1, 6
#: a right that no method needs, so that there is a rule at all: to make block devices
_MAKE_BLOCK = 1 << 11
_SCOPE_SIGNAL = 1 << 1
#: of prctl, in linux/prctl.h, and of filters, in linux/seccomp.h and linux/filter.h
_SET_NO_NEW_PRIVS, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_ALLOW, _NOT_PERMITTED = 0x7FFF0000, 0x00050001
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
#: machine -> its number in linux/audit.h, and that of prlimit64
_MACHINES = {"x86_64": (0xC000003E, 302), "aarch64": (0xC00000B7, 261)}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def fence_in() -> None:
    """Put this process behind the fence; before it starts threads."""
    if sys.platform != "linux":
        return
    try:
        libc = ctypes.CDLL(None, use_errno=True)
    except OSError:
        return
    libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _landlock(libc)
    _own_limits_only(libc)


def _landlock(libc: ctypes.CDLL) -> None:
    version = libc.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)
    if version < 1:
        return
    rules = struct.pack("QQQ", _MAKE_BLOCK, 0, _SCOPE_SIGNAL)
    rules = rules if version >= _SCOPES_SINCE else rules[:8]
    ruleset = libc.syscall(_CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), 0)
    if ruleset >= 0:
        libc.syscall(_RESTRICT_SELF, ruleset, 0)
        os.close(ruleset)


def _own_limits_only(libc: ctypes.CDLL) -> None:
    """Refuse prlimit64 for any process but the caller, which is named by 0."""
    if platform.machine() not in _MACHINES:
        return
    machine, prlimit = _MACHINES[platform.machine()]
    steps = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 0, 4, machine),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_EQUAL, 0, 2, prlimit),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_EQUAL, 0, 1, 0),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _NOT_PERMITTED),
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    libc.prctl(_SET_SECCOMP, _MODE_FILTER, ctypes.byref(_Program(len(steps), code)), 0, 0)

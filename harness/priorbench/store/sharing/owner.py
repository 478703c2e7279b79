"""Names a process, so that another one on the same machine can tell that it is no more."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

_PROC = Path("/proc")


def own_name() -> str:
    """Return what names this process: the machine since it was started, and what it is there; or nothing."""
    born = _born(os.getpid())
    return f"{_machine()} {os.getpid()} {born}" if born and _machine() else ""


def is_gone(name: str) -> bool:
    """Say whether a process is no more; False where that cannot be seen from here, as on another machine."""
    machine, _, process = name.rpartition(" ")[0].rpartition(" ")
    born = name.rpartition(" ")[2]
    if not machine or machine != _machine() or not process.isdecimal():
        return False
    return _born(int(process)) != born


@cache
def _machine() -> str:
    """Return this start of this machine, with the space of process numbers (containers have their own)."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _born(process: int) -> str:
    """Return when a process was started, in ticks; empty where there is none, or only what is left of one."""
    try:
        text = (_PROC / str(process) / "stat").read_text(errors="replace")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()
    return "" if len(fields) < 20 or fields[0] in "ZX" else fields[19]

"""How SQLite protects a file against a kill: a write-ahead log, or, where that cannot be, a rollback journal.

A write-ahead log has its index in memory that all processes share, and machines share none. On a network file
system a store is therefore written with a rollback journal.
"""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path

from priorbench.errors import PriorbenchError

#: environment variable: ``wal`` or ``rollback``, for file systems that are not known for what they are
JOURNAL_VARIABLE = "PRIORBENCH_JOURNAL"
_MOUNTS = Path("/proc/self/mountinfo")
#: file systems that several machines may have at once
_SHARED = frozenset(
    (
        *(
            "9p",
            "acfs",
            "afs",
            "beegfs",
            "ceph",
            "cifs",
            "coda",
            "drvfs",
            "gfs2",
            "glusterfs",
            "gpfs",
            "lustre",
        ),
        *("ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "prl_fs", "pvfs2", "smb3", "smbfs", "vboxsf"),
        *("virtiofs", "vmhgfs", "wekafs"),
    )
)


def shared_system(path: Path) -> str:
    """Return the kind of the network file system that a file is on, or is to be; empty for none.

    All those that a program of its own provides (``fuse.*``) count: what they are cannot be seen.
    """
    chosen = os.environ.get(JOURNAL_VARIABLE, "")
    if chosen not in ("", "wal", "rollback"):
        raise PriorbenchError(f"{JOURNAL_VARIABLE}={chosen}: it is 'wal' or 'rollback', or not set")
    kind = "" if chosen == "wal" else _kind(Path(os.path.realpath(path)))
    kind = kind if kind in _SHARED or kind.startswith("fuse.") else ""
    return kind or (JOURNAL_VARIABLE if chosen == "rollback" else "")


def _kind(path: Path) -> str:
    """Return the kind of a file system, from Linux's list of mounts; the last of two on one place counts."""
    try:
        lines = _MOUNTS.read_bytes().splitlines()
    except OSError:
        return ""
    name, best, kind = os.fsencode(path), -1, b""
    for line in lines:
        about, _, more = line.partition(b" - ")
        fields = about.split()
        place = re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), fields[4])
        inside = name == place or name.startswith(place.rstrip(b"/") + b"/")
        if inside and len(place) >= best:
            best, kind = len(place), more.split()[0]
    return kind.decode("ascii", "replace")


def set_journal(connection: sqlite3.Connection, path: Path) -> None:
    """Have a connection protect what it writes.

    Raises
    ------
    sqlite3.Error
        If it cannot, such as for a store with a log that another process has opened.
    """
    if not shared_system(path):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # the log of before is read without shared memory
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA locking_mode = NORMAL")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # lets go of the lock
    connection.execute("PRAGMA synchronous = EXTRA")


def journal_remark(path: Path, shown: str) -> str:
    """Return what to tell people about the journal of a store; an empty string if nothing."""
    kind = shared_system(path)
    if not kind:
        return ""
    reason = f"{kind} is set" if kind == JOURNAL_VARIABLE else f"it is on a file system of the kind {kind}"
    return (
        f"the store {shown} is written with a rollback journal, because {reason}: let one run at a time write"
        " to it (docs/how-to/sharing.md)"
    )

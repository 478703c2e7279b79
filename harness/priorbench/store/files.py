"""SQLite files: opened for writing, or read without leaving a trace; a file that was exchanged is noticed."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from priorbench.errors import PriorbenchError, nearest_path
from priorbench.store.sharing.journal import set_journal

_MAGIC = b"SQLite format 3\0"
#: place of the byte that says how a database is written: 2 = with a write-ahead log
_VERSION = 18
#: bytes of a value, at most; the largest of priorbench, curves and crops, have some hundred kilobytes
LARGEST = 2**26
#: seconds that a statement waits for another process; a writer tries several times
WAIT = 5.0

#: device, inode
Identity = tuple[int, int]
#: identity, size, time of the last change
State = tuple[int, int, int, int]
#: the same, and the time of the last change of anything
Stamp = tuple[int, int, int, int, int]
#: nanoseconds after which a change has another time than the one before: no file system's times are coarser
_SETTLED = 2 * 10**9


def check_file(path: Path, shown: str, *, create: bool) -> None:
    """Refuse what cannot be the file of a store, in one line.

    Raises
    ------
    PriorbenchError
        For a folder, a pipe, a device, a file of another kind, or, unless it may be created, a file that is
        missing or empty.
    """
    try:
        _check_kind(path.stat().st_mode, shown)
        start = _start(path, shown)
    except FileNotFoundError:
        if not create:
            near = nearest_path(path)
            raise PriorbenchError(
                f"no store at {shown}{near or ': run a suite first, or name one with --store'}"
            ) from None
        if not path.absolute().parent.is_dir():
            raise PriorbenchError(f"cannot make the store {shown}: there is no folder for it") from None
        return
    except OSError as error:
        raise PriorbenchError(f"cannot open the store {shown}: {error.strerror or error}") from None
    if start and start != _MAGIC:
        raise PriorbenchError(f"cannot open the store {shown}: the file is not a database of SQLite")
    if not start and not create:
        raise PriorbenchError(f"the store {shown} is an empty file: run a suite first")


def _check_kind(mode: int, shown: str) -> None:
    if stat.S_ISDIR(mode):
        raise PriorbenchError(f"cannot open the store {shown}: it is a folder, name a file in it")
    if not stat.S_ISREG(mode):
        raise PriorbenchError(f"cannot open the store {shown}: it is a pipe or a device, name a file")


def _start(path: Path, shown: str) -> bytes:
    """Return the first bytes; nothing waits for another process, whatever takes the file's place."""
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        _check_kind(os.fstat(file.fileno()).st_mode, shown)
        return file.read(len(_MAGIC))


def is_cut_off(path: Path) -> bool:
    """Say whether a file that was a store has no longer the beginning of one."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) != _MAGIC
    except OSError:
        return False


def parts_of(path: Path) -> list[tuple[str, str]]:
    """Return type and name of everything in a database that is to be written to, which stays as it is.

    Empty for one with a write-ahead log: to open it changes none of its bytes, and what is in the log is
    asked later.
    """
    with path.open("rb") as file:
        start = file.read(_VERSION + 1)
    if start[_VERSION:] in (b"", b"\2"):
        return []
    for options in ("mode=ro", "mode=ro&immutable=1"):  # the second reads past a journal that is left over
        try:
            with contextlib.closing(_connect(path, options)) as connection:
                return list(connection.execute("SELECT type, name FROM sqlite_master"))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
                raise
    return []


def connect_to_write(path: Path) -> sqlite3.Connection:
    """Open a file for reading and writing.

    It gets a write-ahead log: readers and writers side by side, and a killed process leaves a whole store;
    or what `set_journal` gives it on a network file system.
    """
    connection = _connect(path, "mode=rwc")
    try:
        set_journal(connection, path)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class Reading:
    """Connections that read an SQLite file and leave its folder as it is.

    SQLite makes files beside a store with a write-ahead log, for readers too. A store at rest is therefore
    opened as one that cannot change, and `check` tells if it did. One that is in use has these files already.
    One that a killed run left with a log and without its index is copied, because the index would have to be
    made. One without such a log, as on a network file system, is read under SQLite's locks, and copied where
    a killed run left a journal, because what is in that would have to be undone.

    Parameters
    ----------
    path : Path
        the file.
    shown : str
        its name in messages.
    """

    def __init__(self, path: Path, shown: str) -> None:
        self._path, self._shown = path, shown
        self._state: State | None = None
        self._copy: tempfile.TemporaryDirectory[str] | None = None

    def connect(self) -> sqlite3.Connection:
        """Open the file."""
        if not _size(_beside(self._path, "-wal")):
            if _has_rollback_journal(self._path):
                return self._under_locks()
            self._state = _state(self._path)
            return _connect(self._path, "mode=ro&immutable=1")
        if _size(_beside(self._path, "-shm")):
            try:
                return _readable(_connect(self._path, "mode=ro"))
            except sqlite3.OperationalError as error:
                if "locked" in str(error):
                    raise
        return _connect(self._copied(), "mode=rw")

    def _under_locks(self) -> sqlite3.Connection:
        try:
            return _readable(_connect(self._path, "mode=ro"))
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise
        return _connect(self._copied(), "mode=rw")

    def is_outdated(self) -> bool:
        """Say whether the connections so far would miss what was written since; forget them then."""
        if self._state is None or (
            self._state == _state(self._path) and not _size(_beside(self._path, "-wal"))
        ):
            return False
        self._state = None
        return True

    def check(self) -> None:
        """Raise if the file was changed while it was read as one that does not change."""
        if self._state is not None and self._state != _state(self._path):
            raise PriorbenchError(
                f"the store {self._shown} changed while it was read: give the command again"
            )

    def at_rest(self) -> Stamp | None:
        """Return the state of a file that nobody writes to and that does not change; None of any other.

        A file that changed less than two seconds ago could change again within one step of the clock.
        """
        now = time.time_ns()
        if self._state is None or self._state != _state(self._path) or _size(_beside(self._path, "-wal")):
            return None
        try:
            found = self._path.stat()
        except OSError:
            return None
        if max(found.st_mtime_ns, found.st_ctime_ns) > now - _SETTLED:
            return None
        return (*self._state, found.st_ctime_ns)

    def close(self) -> None:
        """Remove the copy."""
        if self._copy is not None:
            self._copy.cleanup()
            self._copy = None

    def _copied(self) -> Path:
        if self._copy is None:
            self._copy = tempfile.TemporaryDirectory(prefix="priorbench-store-")
            for part in (self._path, *(_beside(self._path, ending) for ending in ("-wal", "-journal"))):
                if part.exists():
                    shutil.copyfile(part, Path(self._copy.name, part.name))
        return Path(self._copy.name, self._path.name)


def identity(path: Path) -> Identity | None:
    """Return which file is at a path; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def identity_of_log(path: Path) -> Identity | None:
    """Return which file is the write-ahead log of a store; None if there is none."""
    return identity(_beside(path, "-wal"))


def _connect(path: Path, options: str) -> sqlite3.Connection:
    # the bytes of the path, so that any name can be opened
    name = quote(os.fsencode(path.absolute()))
    connection = sqlite3.connect(f"file:{name}?{options}", uri=True, timeout=WAIT, check_same_thread=False)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST)
    connection.execute("PRAGMA trusted_schema = OFF")  # the file may be a stranger's
    return connection


def _has_rollback_journal(path: Path) -> bool:
    """Say whether a database is written without a log."""
    try:
        with path.open("rb") as file:
            return file.read(_VERSION + 1)[_VERSION:] == b"\1"
    except OSError:
        return False


def _readable(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return the connection if it can read; SQLite opens the log at the first statement only."""
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _state(path: Path) -> State | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

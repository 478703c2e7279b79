"""The folder of what is remembered between commands: where it is, how a file gets there, what goes first."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

#: the folder of all that is remembered; ``off`` remembers nothing
VARIABLE = "PRIORBENCH_CACHE"
_OFF = frozenset({"off", "0", "no"})
#: seconds after which what a killed process was writing is removed
_LEFT_OVER = 86_400.0


def folder(kind: str) -> Path | None:
    """Return where things of a kind are remembered; None where nothing is."""
    given = os.environ.get(VARIABLE, "")
    if given.lower() in _OFF:
        return None
    try:
        return (Path(given) if given else _of_user()) / kind
    except RuntimeError:  # this user has no home
        return None


def _of_user() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "priorbench"
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if given.startswith("/") else Path.home() / ".cache"
    return base / "priorbench"


def used(file: Path) -> None:
    """Note that a file was used: the one that was not used for longest is the first to go."""
    with contextlib.suppress(OSError):
        os.utime(file)


def write(file: Path, parts: Iterable[bytes | memoryview], most: int) -> None:
    """Write a file beside its place and rename it, so that it is always whole; no error of it stops anything.

    Parameters
    ----------
    file : Path
        its place; files of one ending make up a kind.
    parts : Iterable[bytes or memoryview]
        what is in it.
    most : int
        bytes that all files of its kind may have together.
    """
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="new-", dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.writelines(parts)
            Path(name).replace(file)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        _make_room(file.parent, file.suffix, most)


def _make_room(place: Path, suffix: str, most: int) -> None:
    """Remove what was not used for longest, until all files together are small enough."""
    found = []
    for path in place.iterdir():
        about = path.stat()
        if path.name.startswith("new-"):
            if about.st_mtime < time.time() - _LEFT_OVER:
                path.unlink(missing_ok=True)
        elif path.suffix == suffix:
            found.append((about.st_mtime, about.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= most:
            break
        path.unlink(missing_ok=True)
        total -= size

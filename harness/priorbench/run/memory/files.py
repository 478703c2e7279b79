"""Files of what is remembered of pictures: whole or not at all, checked, and bounded in size."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Mapping
from pathlib import Path

#: the folder of all that is remembered; ``off`` remembers nothing
VARIABLE = "PRIORBENCH_CACHE"
_OFF = frozenset({"off", "0", "no"})
_MAGIC = b"priorbench pictures\n"
#: bytes of a file, packed and not, and of all files
_LARGEST, _UNPACKED, _ALL = 2**26, 2**28, 2**28
#: seconds after which what a killed process was writing is removed
_LEFT_OVER = 86_400.0
_KEY = 32


def folder() -> Path | None:
    """Return where pictures are remembered; None where nothing is."""
    given = os.environ.get(VARIABLE, "")
    if given.lower() in _OFF:
        return None
    try:
        return (Path(given) if given else _of_user()) / "pictures"
    except RuntimeError:  # this user has no home
        return None


def _of_user() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "priorbench"
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if given.startswith("/") else Path.home() / ".cache"
    return base / "priorbench"


def read(file: Path) -> dict[bytes, bytes]:
    """Return the entries of a file by their keys; none of one that is missing, damaged or too large."""
    try:
        with file.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
    except OSError:
        return {}
    digest, packed = data[len(_MAGIC) :][:32], data[len(_MAGIC) + 32 :]
    if not data.startswith(_MAGIC) or len(data) > _LARGEST or hashlib.sha256(packed).digest() != digest:
        return {}
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(packed, _UNPACKED)
    except zlib.error:
        return {}
    if not unpacking.eof:
        return {}
    with contextlib.suppress(OSError):
        os.utime(file)  # the file that was not used for longest is the first to go
    return {line[:_KEY]: line[_KEY + 1 :] for line in text.splitlines()}


def add(file: Path, entries: Mapping[bytes, bytes], most: int) -> None:
    """Add entries to a file, at most so many in all; another process may do the same meanwhile.

    The file is written beside and renamed, so that it is always whole; of two writers the last one wins, and
    what the other had is read again next time. No error of it stops a run.
    """
    merged = {**read(file), **entries}
    kept = list(merged.items())[-most:]
    packed = zlib.compress(b"".join(key + b" " + text + b"\n" for key, text in kept), 1)
    if len(packed) > _LARGEST - 100:
        return
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="new-", dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(_MAGIC + hashlib.sha256(packed).digest() + packed)
            Path(name).replace(file)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        _make_room(file.parent)


def _make_room(place: Path) -> None:
    """Remove what was not used for longest, until all files together are small enough."""
    found = []
    for path in place.iterdir():
        about = path.stat()
        if path.name.startswith("new-"):
            if about.st_mtime < time.time() - _LEFT_OVER:
                path.unlink(missing_ok=True)
        elif path.suffix == ".pictures":
            found.append((about.st_mtime, about.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= _ALL:
            break
        path.unlink(missing_ok=True)
        total -= size

"""Files of what is remembered of pictures: whole or not at all, checked, and bounded in size."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from pathlib import Path

from priorbench import caching

_MAGIC = b"priorbench pictures\n"
#: bytes of a file, packed and not, and of all files
_LARGEST, _UNPACKED, _ALL = 2**26, 2**28, 2**28
_KEY = 32


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
    caching.used(file)
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
    caching.write(file, [_MAGIC + hashlib.sha256(packed).digest() + packed], _ALL)

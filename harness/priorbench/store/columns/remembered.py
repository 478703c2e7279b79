"""What is remembered of a large store between commands: the columns of its scores and answers, in a file.

It counts only for the very file that it was made of: the same device and inode, size, time of the last change
of the content, and time of the last change of anything, which nobody can set. Whatever writes to a store
changes these, be it an earlier priorbench or another program. Only a store at rest is remembered, without a
log beside it, and only if its last change was more than two seconds before it was read: a second change could
carry the same time.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from priorbench import caching
from priorbench.store.columns.filling import COLUMNS, kind, without_values
from priorbench.store.columns.keys import DIGEST, Indices, KeyArray
from priorbench.store.files import Stamp

#: stores of fewer records are read as fast
FEWEST = 50_000
_MAGIC = b"priorbench scores\n"
#: of the form of these files
_FORM = 2
#: bytes of the length of the head, and of its checksum
_SIZES = 8
#: bytes of all files
_ALL = 2**30
#: bytes that are checked at a time
_CHUNK = 2**20
#: different texts of a column, at most
_TEXTS = 2**16
_KINDS = {letters: np.dtype(letters) for letters in ("<i4", "<f8", "|b1", DIGEST.str)}
#: of what stays in the file until it is used
_MAPPED = ("<f8", DIGEST.str)
_INDICES = ("entry", "problem", "record", "request", "run")


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """The columns of a store.

    Attributes
    ----------
    keys, entry, problem : ndarray
        (records,) keys in their order, indices of entries and of problems in the order of their ids.
    columns : Mapping[str, ndarray]
        (records,) the columns of `COLUMNS`.
    record, request, run : ndarray of int64
        (answers,) indices of records, and of requests and runs as `Asked` has them.
    """

    keys: KeyArray
    entry: Indices
    problem: Indices
    columns: Mapping[str, NDArray[Any]]
    record: Indices
    request: Indices
    run: Indices


def place(path: Path) -> Path | None:
    """Return the file for what is remembered of a store; None where nothing is."""
    folder = caching.folder("stores")
    name = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:32]
    return None if folder is None else folder / f"{name}.scores"


def recall(file: Path, stamp: Stamp, version: str) -> Columns | None:
    """Return what is remembered of a store in this state; None if nothing is, or if the file is damaged.

    Numbers stay in the file until they are used.

    Parameters
    ----------
    file, stamp : Path or Stamp
        `place` of the store, and its state.
    version : str
        of what columns say; those of another one do not count.
    """
    try:
        with file.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            head = _head(stream.read(len(_MAGIC) + _SIZES), stream.read)
            if head is None or (head["stamp"], head["version"]) != (list(stamp), version):
                return None
            start = stream.tell()
            check = 0
            while chunk := stream.read(_CHUNK):
                check = zlib.crc32(chunk, check)
            if check != head["check"] or size - start != head["size"]:
                return None
            found = _columns(stream, start, head)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    caching.used(file)
    return found


def _head(beginning: bytes, read: Any) -> dict[str, Any] | None:
    length, check = (int.from_bytes(beginning[len(_MAGIC) + at :][:4], "big") for at in (0, 4))
    text = read(length) if beginning.startswith(_MAGIC) else b""
    if zlib.crc32(text) != check or not text:
        return None
    head: dict[str, Any] = json.loads(text)
    return head if head["form"] == _FORM else None


def _columns(file: BinaryIO, start: int, head: Mapping[str, Any]) -> Columns:
    arrays: dict[str, NDArray[Any]] = {}
    for name, letters, count, offset in head["arrays"]:
        mapped = np.memmap(file, _KINDS[letters], "r", start + offset, (count,))
        arrays[name] = mapped if letters in _MAPPED else np.array(mapped)
    count = len(arrays["keys"])
    columns = {}
    for name in COLUMNS:
        if name in head["texts"]:
            columns[name] = np.array(head["texts"][name], dtype=np.object_)[arrays[name]]
        else:
            columns[name] = arrays.get(name, without_values(name, count))
    return Columns(keys=arrays["keys"], columns=columns, **{name: arrays[name] for name in _INDICES})


def remember(file: Path, stamp: Stamp, version: str, found: Columns) -> None:
    """Write what `recall` returns, if it is worth it, and of a store in which all is as usual."""
    count = len(found.keys)
    if count < FEWEST or found.keys.dtype != DIGEST or (len(found.record) and found.record.max() >= count):
        return
    arrays: dict[str, NDArray[Any]] = {"keys": found.keys}
    arrays |= {name: getattr(found, name).astype("<i4") for name in _INDICES}
    texts: dict[str, list[str | None]] = {}
    for name, column in found.columns.items():
        if column.strides == (0,):  # no row has a value
            continue
        arrays[name] = column
        if kind(name) is np.object_:
            arrays[name], texts[name] = _coded(column)
            if len(texts[name]) > _TEXTS:
                return
    # what is mapped has to begin at a multiple of eight
    arrays = dict(sorted(arrays.items(), key=lambda item: -item[1].dtype.itemsize))
    caching.write(file, _parts({"stamp": stamp, "version": version, "texts": texts}, arrays), _ALL)


def _coded(column: NDArray[Any]) -> tuple[NDArray[np.int32], list[str | None]]:
    """Return the number of each text, and the texts."""
    numbers: dict[str | None, int] = {}
    codes = [numbers.setdefault(text, len(numbers)) for text in column.tolist()]
    return np.array(codes, dtype="<i4"), list(numbers)


def _parts(about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Iterator[bytes | memoryview]:
    listed, offset, check = [], 0, 0
    for name, array in arrays.items():
        listed.append([name, array.dtype.str, len(array), offset])
        offset += array.nbytes
        check = zlib.crc32(_bytes(array), check)
    head = {**about, "form": _FORM, "arrays": listed, "check": check, "size": offset}
    text = json.dumps(head).encode()
    text += b" " * (-(len(_MAGIC) + _SIZES + len(text)) % 8)
    yield _MAGIC + b"".join(number.to_bytes(4, "big") for number in (len(text), zlib.crc32(text)))
    yield text
    yield from map(_bytes, arrays.values())


def _bytes(array: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(array).view(np.uint8).data

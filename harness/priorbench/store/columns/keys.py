"""Keys of records as arrays: digests, which nearly all are, take a third of the room and sort as numbers.

An array of keys has either 16 bytes for each (`DIGEST`), if all are digests as runs make them, or texts. Both
are in one order, that of code points.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: of keys, `DIGEST` or objects
KeyArray = NDArray[Any]
#: of rows; with 32 bits where there are many of them, so that products need `paired`
Indices = NDArray[np.signedinteger[Any]]

#: half a SHA-256, which is a key (`priorbench.run.keys`), as its bytes
DIGEST = np.dtype("V16")
_LETTERS = 2 * DIGEST.itemsize


def key_array(keys: Sequence[str]) -> KeyArray:
    """Return texts as an array of keys.

    Raises
    ------
    TypeError
        For what is no text.
    """
    if set(map(len, keys)) == {_LETTERS}:
        text = "".join(keys)
        try:
            packed = bytes.fromhex(text)
        except ValueError:
            return _texts(keys)
        if packed.hex() == text:  # spaces and capitals would be read, too
            return np.frombuffer(packed, DIGEST)
    return _texts(keys)


def _texts(keys: Sequence[str]) -> KeyArray:
    if not all(isinstance(key, str) for key in keys):
        raise TypeError("a key is no text")
    found = np.empty(len(keys), dtype=np.object_)
    found[:] = keys
    return found


def texts(keys: KeyArray) -> NDArray[np.object_]:
    """Return keys as texts."""
    if keys.dtype != DIGEST:
        return keys
    letters = keys.tobytes().hex()
    return _texts([letters[start : start + _LETTERS] for start in range(0, len(letters), _LETTERS)])


def concatenated(parts: Sequence[KeyArray]) -> KeyArray:
    """Return several arrays of keys as one."""
    parts = [part for part in parts if len(part)]
    if len({part.dtype for part in parts}) > 1:
        parts = [texts(part) for part in parts]
    return np.concatenate(parts) if parts else np.empty(0, np.object_)


def order_of(keys: KeyArray) -> Indices:
    """Return the order of keys, those that are equal in the order in which they stand."""
    if keys.dtype != DIGEST:
        return np.array(sorted(range(len(keys)), key=keys.tolist().__getitem__), dtype=np.int64)
    words = _words(keys)
    first = words[:, 0].astype(np.uint64)  # in the machine's own order of bytes
    order = np.argsort(first, kind="stable")
    first = first[order]
    if (first[1:] == first[:-1]).any():
        order = np.lexsort([words[:, place] for place in reversed(range(words.shape[1]))])
    return order


def numbered(keys: KeyArray) -> tuple[KeyArray, Indices]:
    """Return the distinct keys in their order, and the number of each key among them."""
    order = order_of(keys)
    found = keys[order]
    new = np.ones(len(keys), dtype=bool)
    new[1:] = found[1:] != found[:-1]
    numbers = np.empty(len(keys), dtype=np.int32)
    numbers[order] = np.cumsum(new, dtype=np.int32) - 1
    return found if new.all() else found[new], numbers


def places(known: KeyArray, wanted: KeyArray) -> Indices:
    """Return where each of `wanted` is in `known`, which is sorted and has each key once; -1 if nowhere."""
    if not len(known) or not len(wanted):
        return np.full(len(wanted), -1, dtype=np.int64)
    if known.dtype == wanted.dtype == DIGEST:
        numbers = numbered(concatenated([known, wanted]))[1]
        where = np.full(len(known) + len(wanted), -1, dtype=np.int64)
        where[numbers[: len(known)]] = np.arange(len(known))
        return where[numbers[len(known) :]]
    index = {key: number for number, key in enumerate(texts(known).tolist())}
    return np.array([index.get(key, -1) for key in texts(wanted).tolist()], dtype=np.int64)


def places_of(known: Indices, wanted: Indices) -> Indices:
    """Return where each of some numbers is in `known`, which is sorted; -1 if nowhere."""
    if not len(known):
        return np.full(len(wanted), -1, dtype=np.int64)
    found = np.searchsorted(known, wanted) % len(known)
    return np.where(known[found] == wanted, found, -1)


def paired(first: Indices, width: int, second: Indices) -> NDArray[np.int64]:
    """Return one number for each pair of indices; `second` is below `width`."""
    return first.astype(np.int64) * width + second


def small(indices: Indices) -> Indices:
    """Return indices in half the room, if they have it."""
    return indices.astype(np.int32) if indices.max(initial=0) < 2**31 else indices


def picked(column: NDArray[Any], members: Indices) -> NDArray[Any]:
    """Return some rows of a column; what was read from a file for that leaves the memory again."""
    found = column[members]
    mapped = getattr(column, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
    return found


def _words(keys: KeyArray) -> NDArray[np.uint64]:
    """Return digests as two numbers each, which sort as they do."""
    return np.ascontiguousarray(keys).view(">u8").reshape(len(keys), DIGEST.itemsize // 8)

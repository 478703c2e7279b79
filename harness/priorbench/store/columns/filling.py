"""Columns of scores that are filled as rows come, in no more room than they take in the end."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.store.columns.keys import (
    DIGEST,
    Indices,
    KeyArray,
    key_array,
    numbered,
    order_of,
    places,
    texts,
)

#: a record's row of values, in this order; None where there is no value
COLUMNS = (
    "status",
    "exact",
    "tainted",
    "metrics",
    "remark",
    "reason",
    "psnr",
    "ssim",
    "oracle_psnr",
    "wall_seconds",
    "peak_memory_bytes",
    "iterations",
    "stopped_at",
    "fired",
    "fit_failed",
    "noise_correlation",
    "started_at",
    "output",
    "elapsed_seconds",
)
#: what stands in the columns that are no floating-point numbers
_KINDS: Mapping[str, type[np.generic]] = {
    **dict.fromkeys(("exact", "tainted"), np.bool_),
    **dict.fromkeys(("status", "metrics", "remark", "reason"), np.object_),
}
#: what stands in a row without a value
_NOTHING: Mapping[type[np.generic], Any] = {np.float64: np.nan, np.bool_: False, np.object_: None}


def kind(name: str) -> type[np.generic]:
    """Return the type of a column."""
    return _KINDS.get(name, np.float64)


def without_values(name: str, count: int) -> NDArray[Any]:
    """Return a column in which no row has a value; it takes no room, and cannot be written to."""
    return np.broadcast_to(np.array(_NOTHING[kind(name)], dtype=kind(name)), (count,))


#: keys, entries, problems, and `COLUMNS`
Filled = tuple[KeyArray, Indices, Indices, dict[str, NDArray[Any]]]


class Filling:
    """Columns that are filled, with the keys of the rows.

    Parameters
    ----------
    count : int
        rows that are to come; there may be more or fewer.
    """

    def __init__(self, count: int) -> None:
        self._room, self._filled = count, 0
        self._keys: KeyArray = np.empty(count, DIGEST)
        self._shared = [np.empty(count, np.int64) for _ in range(2)]
        self._columns: dict[str, NDArray[Any]] = {}

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take in at least one row: key, entry, problem, and `COLUMNS`.

        Raises
        ------
        ValueError, TypeError
            For a number that is none.
        """
        start, self._filled = self._filled, self._filled + len(rows)
        if self._filled > self._room:
            self._grow()
        (
            key,
            *shared,
        ) = zip(*rows, strict=True)
        keys = key_array(key)
        if keys.dtype != self._keys.dtype == DIGEST:
            self._keys = _longer(texts(self._keys[:start]), self._room)
        self._keys[start : self._filled] = keys if keys.dtype == self._keys.dtype else texts(keys)
        for column, values in zip(self._shared, shared[:2], strict=True):
            column[start : self._filled] = values
        for name, values in zip(COLUMNS, shared[2:], strict=True):
            if values.count(None) < len(values):
                self._column(name)[start : self._filled] = _of_kind(name, values)

    def _grow(self) -> None:
        """Make room for twice the rows."""
        self._room = 2 * self._filled
        self._keys = _longer(self._keys, self._room)
        self._shared = [_longer(column, self._room) for column in self._shared]
        for name, column in self._columns.items():
            self._columns[name] = _longer(column, self._room, _NOTHING[kind(name)])

    def _column(self, name: str) -> NDArray[Any]:
        if name not in self._columns:
            self._columns[name] = np.full(self._room, _NOTHING[kind(name)], dtype=kind(name))
        return self._columns[name]

    def finish(
        self, without: Sequence[str] = ()
    ) -> tuple[KeyArray, Indices, Indices, dict[str, NDArray[Any]]]:
        """Return the keys in their order, and in that order entries, problems and `COLUMNS`.

        Nothing can be added after that.

        Parameters
        ----------
        without : sequence of str, optional
            keys of rows to leave out.
        """
        order = order_of(self._keys[: self._filled])
        keys = _sorted(self._keys, order)
        if without:
            kept = places(numbered(key_array(without))[0], keys) < 0
            keys, order = keys[kept], order[kept]
        entry, problem = (_sorted(column, order) for column in self._shared)
        columns = {name: _sorted(column, order) for name, column in self._columns.items()}
        empty = {name: without_values(name, len(order)) for name in COLUMNS if name not in columns}
        return keys, entry, problem, columns | empty


def _sorted(column: NDArray[Any], order: Indices) -> NDArray[Any]:
    """Bring a column into an order, in its place: two of each would be much memory."""
    column[: len(order)] = column[order]
    return column[: len(order)]


def _of_kind(name: str, values: Sequence[Any]) -> NDArray[Any]:
    if name == "status":
        values = tuple(map(sys.intern, map(str, values)))  # one text, not a million
    return np.array(values, kind(name))


def _longer(column: NDArray[Any], count: int, rest: Any = None) -> NDArray[Any]:
    found = np.empty(count, dtype=column.dtype)
    found[: len(column)] = column
    if rest is not None:
        found[len(column) :] = rest
    return found

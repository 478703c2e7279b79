"""Where a convolution finds its pixels: offsets in padded images, and what a reflection adds to gradients.

A padded image of a convolution with stride s is kept as s x s phases, each with every s-th row and column.
The pixels that a tap sees from an output row are then neighbours, whatever the stride.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Phase:
    """The pixels (s i + a, s j + b) of a gradient dx, for one (a, b).

    Attributes
    ----------
    row, column : int
        a and b.
    taps : ndarray of int64
        the taps that see these pixels.
    offsets : ndarray of int64
        for each tap, where dy's value for i = j = 0 lies in a plane with margins.
    starts : ndarray of int64
        (taps + 1,), which of the following belong to a tap.
    targets, sources : ndarray of int64
        pixels, counted row by row, that a tap sees in a mirror too, and where dy's values for that lie.
    """

    row: int
    column: int
    taps: Index
    offsets: Index
    starts: Index
    targets: Index
    sources: Index


class Geometry:
    """The tables of a k x k convolution that keeps the size, or divides it by a stride.

    Parameters
    ----------
    taps : int
        k, odd.
    stride : int
        divides height and width.
    height, width : int
        of the input.
    reflect : bool
        padding by reflection; otherwise by zeros.
    """

    def __init__(self, *, taps: int, stride: int, height: int, width: int, reflect: bool) -> None:
        self.taps, self.stride, self.pad = taps, stride, taps // 2
        self.input = height, width
        self.height, self.width = height // stride, width // stride
        pad = self.pad
        #: rows and columns of a phase
        self.rows, self.pitch = -(-(height + 2 * pad) // stride), -(-(width + 2 * pad) // stride)
        #: the source row, or column, of each padded one; -1 is a zero
        self.row_sources = _sources(height, pad, stride * self.rows, reflect=reflect)
        self.column_sources = _sources(width, pad, stride * self.pitch, reflect=reflect)
        self.padded_size = stride * stride * self.rows * self.pitch + taps
        down, across = np.divmod(np.arange(taps * taps), taps)
        phase = down % stride * stride + across % stride
        #: where each tap sees the first output pixel's value
        self.offsets = phase * self.rows * self.pitch + down // stride * self.pitch + across // stride
        reach = -(-pad // stride)
        self.margin = reach * self.pitch + reach
        self.positions = self.height * self.pitch
        self.gradient_size = self.positions + 2 * self.margin
        self.phases = [self._phase(a, b, reflect=reflect) for a in range(stride) for b in range(stride)]

    def _phase(self, a: int, b: int, *, reflect: bool) -> Phase:
        s, pad = self.stride, self.pad
        down, across = (tap - pad for tap in np.divmod(np.arange(self.taps**2), self.taps))
        seen = np.flatnonzero(((a - down) % s == 0) & ((b - across) % s == 0))
        offsets = self.margin + (a - down[seen]) // s * self.pitch + (b - across[seen]) // s
        mirrored = [
            self._mirrored(int(down[t]), int(across[t]), a, b)
            if reflect
            else (np.empty(0, np.int64), np.empty(0, np.int64))
            for t in seen
        ]
        return Phase(
            row=a,
            column=b,
            taps=seen,
            offsets=offsets.astype(np.int64),
            starts=np.cumsum([0, *(len(targets) for targets, _ in mirrored)]).astype(np.int64),
            targets=np.concatenate([np.empty(0, np.int64), *(targets for targets, _ in mirrored)]),
            sources=np.concatenate([np.empty(0, np.int64), *(sources for _, sources in mirrored)]),
        )

    def _mirrored(self, down: int, across: int, a: int, b: int) -> tuple[Index, Index]:
        """Return the pixels of a phase that a tap sees in a mirror, in order, and dy's places for them."""
        s, (height, width) = self.stride, self.input
        row, row_outside = _seen(self.height, s, down, height)
        column, column_outside = _seen(self.width, s, across, width)
        outside = row_outside[:, None] | column_outside
        mine = outside & (row % s == a)[:, None] & (column % s == b)
        i, j = np.nonzero(mine)
        targets = row[i] // s * self.width + column[j] // s
        sources = self.margin + i * self.pitch + j
        order = np.argsort(targets, kind="stable")
        return targets[order], sources[order]


def _seen(outputs: int, stride: int, shift: int, size: int) -> tuple[Index, NDArray[np.bool_]]:
    """Return the row that each output sees, mirrored where it is outside, and where it is."""
    found = stride * np.arange(outputs) + shift
    return _mirror(found, size), (found < 0) | (found >= size)


def _mirror(place: Index, size: int) -> Index:
    return np.where(place < 0, -place, np.where(place >= size, 2 * (size - 1) - place, place))


def _sources(size: int, pad: int, padded: int, *, reflect: bool) -> Index:
    place = np.arange(padded) - pad
    inside = (place >= 0) & (place < size)
    if reflect:
        return np.where(place < size + pad, _mirror(place, size), -1)
    return np.where(inside, place, -1)

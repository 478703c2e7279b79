"""Sum over k x k taps of shift(pad(upsample(.))) of one channel, from coarse to fine, and its adjoint.

A convolution of an upsampled image mixes channels and looks around. Mixing commutes with upsampling, padding
and shifting, so that it can be done first, on the coarse image, one product for each tap; this is the rest.
Rows first, then columns: a fine row that tap d of the kernel sees is a combination of two coarse ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.convolution.lines import SLACK, combine, double, halve

Index = NDArray[np.int64]
Weight = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Taps:
    """The rows that taps see, and the adjoint.

    Attributes
    ----------
    index, weight : ndarray of int64 or ndarray of float64
        (taps, fine, 2), the coarse rows of each fine one.
    back, back_weight : ndarray of int64 or ndarray of float64
        (taps, coarse, most), the fine rows of each coarse one; unused entries weigh nothing.
    count : ndarray of int64
        (taps, coarse), how many are used, rounded up to an even number.
    """

    index: Index
    weight: Weight
    back: Index
    back_weight: Weight
    count: Index


def upsampled(coarse: int, fine: int, *, bilinear: bool) -> tuple[Index, Weight]:
    """Return the two coarse rows (fine, 2) of each fine row, and their weights, as in ``interpolate``."""
    if not bilinear:
        nearest = (np.arange(fine) * np.float32(coarse / fine)).astype(np.int64).clip(max=coarse - 1)
        return np.stack([nearest, nearest], 1), np.tile([1.0, 0.0], (fine, 1))
    place = np.maximum((np.arange(fine) + 0.5) * (coarse / fine) - 0.5, 0)
    low = place.astype(np.int64)
    part = place - low
    return np.stack([low, np.minimum(low + 1, coarse - 1)], 1), np.stack([1 - part, part], 1)


def taps_of(coarse: int, fine: int, taps: int, *, bilinear: bool, reflect: bool) -> Taps:
    """Return the tables of one direction; reflection needs more than ``taps // 2`` fine rows."""
    index, weight = upsampled(coarse, fine, bilinear=bilinear)
    seen = np.arange(fine) + np.arange(taps)[:, None] - taps // 2
    inside = (seen >= 0) & (seen < fine)
    mirrored = np.where(seen < 0, -seen, np.where(seen >= fine, 2 * (fine - 1) - seen, seen))
    source = mirrored if reflect else np.where(inside, seen, 0)
    weight = weight[source] * (1 if reflect else inside[..., None])
    index = index[source]
    matrix = np.zeros((taps, coarse, fine))
    np.add.at(matrix, (np.arange(taps)[:, None, None], index, np.arange(fine)[:, None]), weight)
    used = matrix != 0
    count = (used.sum(-1) + 1) // 2 * 2
    order = np.argsort(~used, axis=-1, kind="stable")[..., : int(count.max())]
    return Taps(
        index=index,
        weight=weight,
        back=np.ascontiguousarray(order),  # of one layout whatever the size: compiled once
        back_weight=np.take_along_axis(matrix, order, -1),
        count=count,
    )


@inner
def add_shifted(
    products: Any,
    plane: Any,
    taps: int,
    coarse_width: int,
    rows: Any,
    weights: Any,
    columns: Any,
    bilinear: bool,
    reflect: bool,
) -> None:
    """Add to `plane` (fine, flat) what the taps see of `products` (taps, taps, coarse; flat).

    Parameters
    ----------
    rows, weights : Any
        `Taps.index` and `Taps.weight`.
    columns : Any
        coarse column of each fine one, for nearest.
    bilinear : bool
        upsampling by two; otherwise nearest, by any factor.
    reflect : bool
        padding; otherwise zero.
    """
    height, width = rows.shape[1], columns.size
    # the rows of one tap, and a gap that keeps it out of the next one's cache sets
    size = products.size // (taps * taps)
    pad = taps // 2
    coarse = np.empty(coarse_width + SLACK, plane.dtype)
    fine = np.empty((taps, width + 2 * pad + 2 * SLACK), plane.dtype)
    starts, weight = np.empty(2 * taps, np.int64), np.empty(2 * taps)
    for r in range(height):
        for dx in range(taps):
            for dy in range(taps):
                for q in range(2):
                    starts[2 * dy + q] = (dy * taps + dx) * size + rows[dy, r, q] * coarse_width
                    weight[2 * dy + q] = weights[dy, r, q]
            combine(coarse, 0, products, starts, weight, 2 * taps, coarse_width)
            spread_row(coarse, coarse_width, fine[dx], pad, columns, bilinear, reflect)
        line = plane[r * width : (r + 1) * width]
        if taps == 3:
            one, two, three = fine[0], fine[1, 1:], fine[2, 2:]
            for c in range(width):
                line[c] += one[c] + two[c] + three[c]
        else:
            for dx in range(taps):
                one = fine[dx, dx:]
                for c in range(width):
                    line[c] += one[c]


@inner
def collect_shifted(
    plane: Any,
    products: Any,
    taps: int,
    coarse_width: int,
    rows: Any,
    weights: Any,
    count: Any,
    columns: Any,
    column_weights: Any,
    bilinear: bool,
    reflect: bool,
) -> None:
    """Write into `products` the adjoint of `add_shifted` applied to `plane`.

    Parameters
    ----------
    rows, weights, count : Any
        `Taps.back`, `Taps.back_weight` and `Taps.count`.
    columns, column_weights : Any
        (fine, 2), of `upsampled`.
    """
    height, width = rows.shape[1], columns.shape[0]
    size = products.size // (taps * taps)
    pad = taps // 2
    # a line with room on both sides: what a tap sees of it is a view
    room = np.zeros(width + 2 * pad + 2 + 2 * SLACK, plane.dtype)
    line = room[pad + 1 : pad + 1 + width]
    starts = np.empty(rows.shape[2], np.int64)
    for i in range(height):
        for dy in range(taps):
            for q in range(count[dy, i]):
                starts[q] = rows[dy, i, q] * width
            combine(room, pad + 1, plane, starts, weights[dy, i], count[dy, i], width)
            room[pad + 1 + width :] = 0
            for dx in range(taps):
                first = (dy * taps + dx) * size + i * coarse_width
                row = products[first : first + coarse_width]
                seen = room[2 * pad - dx : 2 * pad - dx + width + 2]
                if bilinear:
                    halve(room, 2 * pad - dx, products, first, coarse_width)
                collect_row(seen, row, columns, bilinear)
                if reflect:
                    for q in range(dx, pad):
                        _add_at(row, pad - q, line[q - dx], columns, column_weights)
                    for q in range(dx - pad):
                        _add_at(row, width - 2 - q, line[width + pad + q - dx], columns, column_weights)


@inner
def spread_row(
    row: Any, size: int, padded: Any, pad: int, columns: Any, bilinear: bool, reflect: bool
) -> None:
    """Write the upsampled and padded `row`, of which the first `size` numbers count, into `padded`."""
    width = columns.size
    fine = padded[pad : pad + width]
    if bilinear:
        row[size] = row[size - 1]
        double(row, padded, pad + 1, size)
        fine[0] = row[0]
    elif width == 2 * size:
        for j in range(size):
            fine[2 * j] = row[j]
            fine[2 * j + 1] = row[j]
    else:
        for c in range(width):
            fine[c] = row[columns[c]]
    for q in range(pad):
        padded[pad - 1 - q] = fine[1 + q] if reflect else 0
        padded[pad + width + q] = fine[width - 2 - q] if reflect else 0


@inner
def collect_row(fine: Any, row: Any, columns: Any, bilinear: bool) -> None:
    """Write into `row` the adjoint of upsampling `fine` without its first and last column.

    Where it is `bilinear` the row has it already, as if there were no border.
    """
    if bilinear:
        far = row.dtype.type(0.25)
        # a border pixel repeats itself outwards instead
        row[0] += far * (fine[1] - fine[0])
        row[row.size - 1] += far * (fine[fine.size - 2] - fine[fine.size - 1])
    elif fine.size - 2 == 2 * row.size:
        for j in range(row.size):
            row[j] = fine[2 * j + 1] + fine[2 * j + 2]
    else:
        row[:] = 0
        for c in range(fine.size - 2):
            row[columns[c, 0]] += fine[c + 1]


@inner
def _add_at(row: Any, column: int, value: float, columns: Any, weights: Any) -> None:
    row[columns[column, 0]] += weights[column, 0] * value
    row[columns[column, 1]] += weights[column, 1] * value

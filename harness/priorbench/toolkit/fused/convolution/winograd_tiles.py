"""Between images and the tiles of `priorbench.toolkit.fused.convolution.winograd`, six by six numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from priorbench.toolkit.fused.barrier import Member, part
from priorbench.toolkit.fused.compiled import inner


@inner
def _combine(matrix: Any, given: Any, out: Any) -> None:
    """Write the product of a small matrix (n, 4 or 6) and `given` (4 or 6, length) to `out` (n, length)."""
    for k in range(matrix.shape[0]):
        m0, m1, m2, m3 = matrix[k, 0], matrix[k, 1], matrix[k, 2], matrix[k, 3]
        if matrix.shape[1] == 4:
            for i in range(given.shape[1]):
                out[k, i] = (m0 * given[0, i] + m1 * given[1, i]) + (m2 * given[2, i] + m3 * given[3, i])
        else:
            m4, m5 = matrix[k, 4], matrix[k, 5]
            for i in range(given.shape[1]):
                out[k, i] = (
                    (m0 * given[0, i] + m1 * given[1, i])
                    + (m2 * given[2, i] + m3 * given[3, i])
                    + (m4 * given[4, i] + m5 * given[5, i])
                )


@inner
def _split(line: Any, k: int, phases: Any) -> None:
    """Write every fourth number of row k of `line`, from each of the first, to the rows of `phases`."""
    for j in range(phases.shape[0]):
        for p in range(phases.shape[1]):
            phases[j, p] = line[k, 4 * p + j]


@inner
def _put(block: Any, k: int, c: int, start: int, tiles: Any) -> None:
    """Write six numbers of each tile of a row of tiles."""
    for j in range(6):
        for p in range(block.shape[1]):
            tiles[6 * k + j, c, start + p] = block[j, p]


@inner
def _get(tiles: Any, k: int, c: int, start: int, block: Any) -> None:
    """Read what `_put` writes."""
    for j in range(6):
        for p in range(block.shape[1]):
            block[j, p] = tiles[6 * k + j, c, start + p]


@inner
def to_tiles(place: Member, image: Any, height: int, width: int, rows: Any, matrix: Any, tiles: Any) -> None:
    """Write the `rows` of M x M' of every tile x of the image to `tiles` (6 rows, channels, tiles).

    With B' as the `matrix` M tiles overlap: `from_values` transposed. With A they do not: `add_products`
    transposed. `rows` are some of the rows of M.
    """
    side = matrix.shape[1]
    edge = (side - 4) // 2
    down, across = -(-height // 4), -(-width // 4)
    wide = 4 * across + 2 * edge
    lines, mixed = np.zeros((side, wide), image.dtype), np.empty((len(rows), wide), image.dtype)
    phases, block = np.empty((side, across), image.dtype), np.empty((6, across), image.dtype)
    zero = image.dtype.type(0)
    begin, end = part(place, image.shape[0])
    for c in range(begin, end):
        for i in range(down):
            for j in range(side):
                r = 4 * i + j - edge
                inside = 0 <= r < height
                for q in range(width):
                    lines[j, q + edge] = image[c, r * width + q] if inside else zero
            _combine(rows, lines, mixed)
            for k in range(len(rows)):
                _split(mixed, k, phases)
                _combine(matrix, phases, block)
                _put(block, k, c, i * across, tiles)


@inner
def add_products(
    place: Member, products: Any, height: int, width: int, two: Any, a: Any, fresh: bool, y: Any
) -> None:
    """Write two rows' part of A' m A of every tile to `y` where that is `fresh`, else add it.

    `two` are the columns of A' for these rows.
    """
    down, across = -(-height // 4), -(-width // 4)
    wide = 4 * across
    lines = np.empty((2, wide), y.dtype)
    phases, block = np.empty((4, across), y.dtype), np.empty((6, across), y.dtype)
    upper, lower = lines[0], lines[1]
    begin, end = part(place, products.shape[1])
    for c in range(begin, end):
        for i in range(down):
            for k in range(2):
                _get(products, k, c, i * across, block)
                _combine(a, block, phases)
                for j in range(4):
                    for p in range(across):
                        lines[k, 4 * p + j] = phases[j, p]
            for j in range(min(4, height - 4 * i)):
                row = y[c, (4 * i + j) * width : (4 * i + j + 1) * width]
                m0, m1 = two[j, 0], two[j, 1]
                if fresh:
                    for q in range(width):
                        row[q] = m0 * upper[q] + m1 * lower[q]
                else:
                    for q in range(width):
                        row[q] += m0 * upper[q] + m1 * lower[q]


@inner
def from_values(place: Member, values: Any, height: int, width: int, b: Any, dx: Any) -> None:
    """With B as `b`, write the sum over tiles of B dv B' to the image `dx`: `to_tiles` transposed."""
    down, across = -(-height // 4), -(-width // 4)
    wide = 4 * across + 2
    lines, mixed = np.empty((6, wide), dx.dtype), np.empty((6, wide), dx.dtype)
    phases, block = np.empty((6, across), dx.dtype), np.empty((6, across), dx.dtype)
    begin, end = part(place, values.shape[1])
    for c in range(begin, end):
        for q in range(height * width):
            dx[c, q] = 0
        for i in range(down):
            for k in range(6):
                _get(values, k, c, i * across, block)
                _combine(b, block, phases)
                lines[k, wide - 2] = lines[k, wide - 1] = 0
                for j in range(4):
                    for p in range(across):
                        lines[k, 4 * p + j] = phases[j, p]
                for j in range(4, 6):
                    for p in range(across):
                        lines[k, 4 * p + j] += phases[j, p]
            _combine(b, lines, mixed)
            for j in range(6):
                r = 4 * i + j - 1
                if 0 <= r < height:
                    for q in range(width):
                        dx[c, r * width + q] += mixed[j, q + 1]

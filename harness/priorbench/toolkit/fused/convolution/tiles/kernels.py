# mypy: allow-untyped-defs, allow-untyped-calls
"""Convolutions by the algorithms of `algorithms`, some rows of tiles after the others.

The tiles of a few rows make the factors of `products` squared matrix products; they stay in the processor's
cache until the result is an image again. Threads share channels, then matrices, then channels.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from priorbench.toolkit.fused.barrier import part, wait_for_all
from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.convolution.tiles.algorithms import DOUBLED
from priorbench.toolkit.fused.convolution.tiles.doubling import BEFORE, smooth_rows, spread_rows
from priorbench.toolkit.fused.convolution.tiles.rows import (
    add_lines,
    from_products,
    from_values,
    read_lines,
    to_products,
    to_values,
    transform_gradient,
    transform_weight,
)
from priorbench.toolkit.fused.convolution.tiles.transforms import SLACK, filtered
from priorbench.toolkit.fused.convolution.turning import pack_rows
from priorbench.toolkit.fused.product import multiply, panels_in

#: panels that are filled at once
_AT_ONCE = 4
_copy = filtered(np.ones(1), add=False)


class Layout(NamedTuple):
    """Sizes: what a kind of algorithm makes of an image."""

    kind: int
    products: int
    side: int
    numbers: int
    down: int
    across: int
    rows: int
    height: int
    width: int
    out_height: int
    out_width: int


class Tables(NamedTuple):
    """Where rows and columns of the extended image come from."""

    rows: Any
    row_weights: Any
    columns: Any
    column_weights: Any
    number: int
    plain: Any


@inner
def pitch_of(layout):
    """Return how far rows of an image, or what is made of them, are apart."""
    return 4 * layout.across + 2 * SLACK


@inner
def room_of(layout):
    """Return how far the tiles of two channels are apart."""
    return layout.rows * layout.across + 16


@inner
def apart_of(layout, channels):
    """Return how far factors are apart: a little more than they take, else all are in the same cache set."""
    return channels * room_of(layout) + 80


@inner
def _weight_of(place, layout, weight, first, transformed):
    begin, end = part(place, len(weight))
    transform_weight(layout.kind, begin, end, weight, first, transformed)


@inner
def _read_values(place, layout, tables, x, chunk, values):
    """Write the factors of x of a chunk of tiles."""
    pitch, apart = pitch_of(layout), apart_of(layout, len(x))
    lines = np.zeros(layout.side * pitch + SLACK, x.dtype)
    mixed = np.empty(layout.products * pitch + SLACK, x.dtype)
    step, width = 2 if layout.kind == DOUBLED else 4, layout.width
    begin, end = part(place, len(x))
    for c in range(begin, end):
        plane = x[c]
        for i in range(chunk, min(chunk + layout.rows, layout.down)):
            to = c * room_of(layout) + (i - chunk) * layout.across
            how = values, to, apart, layout.products, layout.across
            if tables.plain[i]:
                given = tables.rows[step * i, 0] * width, width, mixed, pitch, width, tables
                to_values(layout.kind, plane, *given, *how)
            else:
                read_lines(plane, width, step * i, lines, pitch, layout.side, tables)
                to_values(layout.kind, lines, 0, pitch, mixed, pitch, width, tables, *how)


@inner
def forward(place, layout, tables, weight, first, transformed, x, y, factors, carried):
    """Write the convolution to `y`, or add it to y where it is `DOUBLED`."""
    values, products = factors
    inputs, outputs = len(x), len(y)
    room = room_of(layout)
    _weight_of(place, layout, weight, first, transformed)
    memory = np.empty(_room_for(inputs, room), values.dtype)
    for chunk in range(0, layout.down, layout.rows):
        tiles = min(layout.rows, layout.down - chunk) * layout.across
        _read_values(place, layout, tables, x, chunk, values)
        wait_for_all(place)
        begin, end = part(place, layout.products * layout.products)
        for k in range(begin, end):
            panels = panels_in(memory, inputs, tiles)
            _pack(layout, values, k, panels, memory)
            multiply(transformed[k], panels, True, _matrix(layout, products, k, outputs, tiles))
        wait_for_all(place)
        _write(place, layout, products, chunk, y, carried)


@inner
def _room_for(depth, n):
    """Return how many numbers are enough for the panels of a matrix (depth, n), or of the turned one."""
    return (depth + 64) * (n + 64)


@inner
def _matrix(layout, factors, k, channels, tiles):
    """Return the factor number k of some tiles, (channels, tiles)."""
    begin, room = k * apart_of(layout, channels), room_of(layout)
    return factors[begin : begin + channels * room].reshape(channels, room)[:, :tiles]


@inner
def _pack(layout, factors, k, panels, memory):
    """Copy the factor number k to `panels`, which begin where `memory` does; what is behind it, too.

    A few panels are filled at once, so that a row is read in longer parts.
    """
    number, channels, columns = panels.shape
    begin, room = k * apart_of(layout, channels), room_of(layout)
    for first in range(0, number, _AT_ONCE):
        last = min(first + _AT_ONCE, number)
        for c in range(channels):
            for panel in range(first, last):
                to = (panel * channels + c) * columns
                _copy(factors, begin + c * room + panel * columns, 0, memory, to, 0, columns)


@inner
def _write(place, layout, products, chunk, y, carried):
    """Make an image of the products of a chunk of tiles."""
    pitch, apart = pitch_of(layout), apart_of(layout, len(y))
    number, length = layout.numbers, layout.numbers * layout.across
    before = BEFORE if layout.kind == DOUBLED else 0
    mixed = np.empty(layout.products * pitch + SLACK, y.dtype)
    last = min(chunk + layout.rows, layout.down)
    lines = np.zeros((before + number * (last - chunk)) * pitch + SLACK, y.dtype)
    line = np.zeros(pitch + SLACK, y.dtype)
    begin, end = part(place, len(y))
    for o in range(begin, end):
        if layout.kind == DOUBLED:
            lines[: before * pitch] = carried[o]
        for i in range(chunk, last):
            at = o * room_of(layout) + (i - chunk) * layout.across
            to = (before + number * (i - chunk)) * pitch
            how = layout.products, layout.across, mixed, pitch, length
            from_products(layout.kind, products, at, apart, *how, lines, to)
        if layout.kind == DOUBLED:
            rows = number * (last - chunk)
            size = layout.out_height, layout.out_width
            smooth_rows(lines, pitch, number * chunk, rows, y[o], *size, line)
            carried[o] = lines[rows * pitch : (rows + before) * pitch]
        else:
            for r in range(number * chunk, min(number * last, layout.out_height)):
                to = y[o, r * layout.out_width : (r + 1) * layout.out_width]
                given = lines[(r - number * chunk) * pitch :]
                for q in range(layout.out_width):
                    to[q] = given[q]


@inner
def _read_products(place, layout, dy, chunk, products):
    """Write the factors of dy of a chunk of tiles."""
    pitch, apart = pitch_of(layout), apart_of(layout, len(dy))
    number, length = layout.numbers, layout.numbers * layout.across
    lines = np.zeros(number * pitch + SLACK, dy.dtype)
    mixed = np.empty(layout.products * pitch + SLACK, dy.dtype)
    room = np.zeros(pitch + SLACK, dy.dtype)
    starts, weights = np.empty(8, np.int64), np.empty(8)
    height, width = layout.out_height, layout.out_width
    begin, end = part(place, len(dy))
    for o in range(begin, end):
        plane = dy[o]
        for i in range(chunk, min(chunk + layout.rows, layout.down)):
            at = o * room_of(layout) + (i - chunk) * layout.across
            how = products, at, apart, layout.products, layout.across
            if layout.kind == DOUBLED:
                given = number * i, number, room, starts, weights
                spread_rows(plane, height, width, *given, lines, pitch)
                to_products(layout.kind, lines, 0, pitch, mixed, pitch, length, *how)
            elif number * (i + 1) < height and number * layout.across == width:
                given = number * i * width, width, mixed, pitch, length
                to_products(layout.kind, plane, *given, *how)
            else:
                for j in range(number):
                    r = number * i + j
                    line = lines[j * pitch : j * pitch + width]
                    if r < height:
                        row = plane[r * width : (r + 1) * width]
                        for q in range(width):
                            line[q] = row[q]
                    else:
                        line[:] = 0
                to_products(layout.kind, lines, 0, pitch, mixed, pitch, length, *how)


@inner
def _write_values(place, layout, tables, values, chunk, dx):
    """Add what a chunk of tiles gives to the gradient of x."""
    pitch, apart = pitch_of(layout), apart_of(layout, len(dx))
    mixed = np.zeros(layout.products * pitch + SLACK, dx.dtype)
    lines = np.zeros(layout.side * pitch + SLACK, dx.dtype)
    step = 2 if layout.kind == DOUBLED else 4
    width = layout.width
    begin, end = part(place, len(dx))
    for c in range(begin, end):
        plane = dx[c]
        if chunk == 0:
            plane[: layout.height * layout.width] = 0
        for i in range(chunk, min(chunk + layout.rows, layout.down)):
            at = c * room_of(layout) + (i - chunk) * layout.across
            how = layout.products, layout.across, mixed, pitch, width
            from_values(layout.kind, values, at, apart, *how, tables, lines)
            add_lines(plane, width, step * i, lines, pitch, layout.side, tables)


@inner
def backward(place, layout, tables, weight, first, transformed, x, dy, factors, sums, gradient, dx):
    """Write dx, and the gradient of the weight's inputs from the `first` on."""
    values, products = factors
    inputs, outputs = len(x), len(dy)
    room = room_of(layout)
    memory = np.empty(_room_for(max(inputs, outputs), room), values.dtype)
    for chunk in range(0, layout.down, layout.rows):
        tiles = min(layout.rows, layout.down - chunk) * layout.across
        _read_values(place, layout, tables, x, chunk, values)
        _read_products(place, layout, dy, chunk, products)
        wait_for_all(place)
        begin, end = part(place, layout.products * layout.products)
        for k in range(begin, end):
            mine = _matrix(layout, values, k, inputs, tiles)
            d = _matrix(layout, products, k, outputs, tiles)
            panels = panels_in(memory, tiles, inputs)
            pack_rows(mine, panels)
            multiply(d, panels, chunk == 0, sums[k])
            panels = panels_in(memory, outputs, tiles)
            _pack(layout, products, k, panels, memory)
            multiply(transformed[k].T, panels, True, mine)
        wait_for_all(place)
        _write_values(place, layout, tables, values, chunk, dx)
    begin, end = part(place, len(dy))
    transform_gradient(layout.kind, begin, end, sums, gradient, first)

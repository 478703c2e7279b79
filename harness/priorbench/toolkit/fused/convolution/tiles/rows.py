# mypy: allow-untyped-defs, allow-untyped-calls
"""From images to the factors of a tile algorithm and back, one row of tiles of one channel at a time.

A `kind` is one of `priorbench.toolkit.fused.convolution.tiles.algorithms`. Factors lie in flat memory, the
tiles of a row beside each other: number (k, j) of a tile is `apart` times (`products` k + j) from the first.
"""

from __future__ import annotations

import numpy as np

from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.convolution.tiles.algorithms import ALGORITHMS, SAME
from priorbench.toolkit.fused.convolution.tiles.transforms import SLACK, along, filtered, join, split

_b_along_same, _b_along_doubled = (along(o.b) for o in ALGORITHMS)
_b_split_same, _b_split_doubled = (split(o.b, o.step) for o in ALGORITHMS)
_b_join_same, _b_join_doubled = (join(o.b.T, o.step) for o in ALGORITHMS)
_b_back_same, _b_back_doubled = (along(o.b.T) for o in ALGORITHMS)
_a_along_same, _a_along_doubled = (along(o.a) for o in ALGORITHMS)
_a_join_same, _a_join_doubled = (join(o.a, len(o.a)) for o in ALGORITHMS)
_a_split_same, _a_split_doubled = (split(o.a.T, len(o.a)) for o in ALGORITHMS)
_a_back_same, _a_back_doubled = (along(o.a.T) for o in ALGORITHMS)
_g_same, _g_doubled = (along(o.g) for o in ALGORITHMS)
_g_back_same, _g_back_doubled = (along(o.g.T) for o in ALGORITHMS)
_add = filtered(np.ones(1), add=True)


@inner
def read_lines(plane, width, first, lines, pitch, side, tables):
    """Write `side` rows of the extended image from number `first` on, `pitch` apart; see `Extended`."""
    for j in range(side):
        inside = lines[j * pitch : j * pitch + width]
        one, two = tables.row_weights[first + j]
        begin, other = tables.rows[first + j, 0] * width, tables.rows[first + j, 1] * width
        given, more = plane[begin : begin + width], plane[other : other + width]
        u, v = plane.dtype.type(one), plane.dtype.type(two)
        for q in range(width):
            inside[q] = u * given[q] + v * more[q]


@inner
def add_lines(plane, width, first, lines, pitch, side, tables):
    """Add `side` rows of the extended image's gradient to the image's own: `read_lines` transposed."""
    for j in range(side):
        for n in range(2):
            weight, begin = tables.row_weights[first + j, n], tables.rows[first + j, n] * width
            if weight == 1:
                _add(lines, j * pitch, 0, plane, begin, 0, width)
            elif weight != 0:
                to, given = plane[begin : begin + width], lines[j * pitch : j * pitch + width]
                factor = plane.dtype.type(weight)
                for q in range(width):
                    to[q] += factor * given[q]


@inner
def _extend(mixed, pitch, products, width, tables):
    """Write the columns beside those of the image, which begin at number 1."""
    number, columns, weights = tables.number, tables.columns, tables.column_weights
    for k in range(products):
        at = k * pitch
        mixed[at] = 0
        for c in range(at + 1 + width, at + number):
            mixed[c] = 0
        for n in range(len(columns)):
            u, v = mixed.dtype.type(weights[n, 0]), mixed.dtype.type(weights[n, 1])
            one, two = mixed[at + 1 + columns[n, 1]], mixed[at + 1 + columns[n, 2]]
            mixed[at + columns[n, 0]] = u * one + v * two


@inner
def _fold(mixed, pitch, products, tables):
    """Add the columns beside those of the image to the ones that they are made of."""
    columns, weights = tables.columns, tables.column_weights
    for k in range(products):
        at = k * pitch
        for n in range(len(columns)):
            u, v = mixed.dtype.type(weights[n, 0]), mixed.dtype.type(weights[n, 1])
            more = mixed[at + columns[n, 0]]
            mixed[at + 1 + columns[n, 1]] += u * more
            mixed[at + 1 + columns[n, 2]] += v * more


@inner
def to_values(kind, given, begin, apart_rows, mixed, pitch, width, tables, out, at, apart, products, across):
    """Write B' x B of each tile of a row: its rows of x, without the columns beside it, are in `given`."""
    if kind == SAME:
        _b_along_same(given, begin, apart_rows, mixed, 1, pitch, width)
    else:
        _b_along_doubled(given, begin, apart_rows, mixed, 1, pitch, width)
    _extend(mixed, pitch, products, width, tables)
    for k in range(products):
        to = at + k * products * apart
        if kind == SAME:
            _b_split_same(mixed, k * pitch, 0, out, to, apart, across)
        else:
            _b_split_doubled(mixed, k * pitch, 0, out, to, apart, across)


@inner
def from_values(kind, values, at, apart, products, across, mixed, pitch, width, tables, lines):
    """Write the rows of B v B' of a row of tiles, overlapping ones added: `to_values` transposed."""
    for k in range(products):
        begin = at + k * products * apart
        if kind == SAME:
            _b_join_same(values, begin, apart, mixed, k * pitch, 0, across)
        else:
            _b_join_doubled(values, begin, apart, mixed, k * pitch, 0, across)
    _fold(mixed, pitch, products, tables)
    if kind == SAME:
        _b_back_same(mixed, 1, pitch, lines, 0, pitch, width)
    else:
        _b_back_doubled(mixed, 1, pitch, lines, 0, pitch, width)


@inner
def from_products(kind, given, at, apart, products, across, mixed, pitch, length, lines, to):
    """Write the rows of A' m A of a row of tiles to `lines`, from number `to` on."""
    for k in range(products):
        begin = at + k * products * apart
        if kind == SAME:
            _a_join_same(given, begin, apart, mixed, k * pitch, 0, across)
        else:
            _a_join_doubled(given, begin, apart, mixed, k * pitch, 0, across)
    if kind == SAME:
        _a_along_same(mixed, 0, pitch, lines, to, pitch, length)
    else:
        _a_along_doubled(mixed, 0, pitch, lines, to, pitch, length)


@inner
def to_products(kind, given, begin, apart_rows, mixed, pitch, length, out, at, apart, products, across):
    """Write A d A' of each tile of a row: `from_products` transposed."""
    if kind == SAME:
        _a_back_same(given, begin, apart_rows, mixed, 0, pitch, length)
    else:
        _a_back_doubled(given, begin, apart_rows, mixed, 0, pitch, length)
    for k in range(products):
        to = at + k * products * apart
        if kind == SAME:
            _a_split_same(mixed, k * pitch, 0, out, to, apart, across)
        else:
            _a_split_doubled(mixed, k * pitch, 0, out, to, apart, across)


@inner
def transform_weight(kind, begin, end, weight, first, transformed):
    """Write G w G' of the w (outputs, inputs, 9), inputs from the `first` on, for some outputs.

    `transformed` is (products products, outputs, inputs).
    """
    inputs = transformed.shape[2]
    products = 6 if kind == SAME else 5
    room = inputs + SLACK
    lines, found = np.zeros(9 * room, weight.dtype), np.empty(6 * room, weight.dtype)
    mixed = np.empty(18 * room + SLACK, weight.dtype)
    for o in range(begin, end):
        for t in range(9):
            line = lines[t * room : t * room + inputs]
            for i in range(inputs):
                line[i] = weight[o, first + i, t]
        if kind == SAME:
            _g_same(lines, 0, 3 * room, mixed, 0, 3 * room, 3 * room - SLACK)
        else:
            _g_doubled(lines, 0, 3 * room, mixed, 0, 3 * room, 3 * room - SLACK)
        for k in range(products):
            if kind == SAME:
                _g_same(mixed, 3 * k * room, room, found, 0, room, inputs)
            else:
                _g_doubled(mixed, 3 * k * room, room, found, 0, room, inputs)
            for j in range(products):
                to, given = transformed[products * k + j, o], found[j * room : j * room + inputs]
                for i in range(inputs):
                    to[i] = given[i]


@inner
def transform_gradient(kind, begin, end, sums, gradient, first):
    """Write G' d G of the d (products products, outputs, inputs): `transform_weight` transposed."""
    inputs = sums.shape[2]
    products = 6 if kind == SAME else 5
    room = inputs + SLACK
    lines, found = np.zeros(36 * room, sums.dtype), np.empty(3 * room, sums.dtype)
    mixed = np.empty(18 * room + SLACK, sums.dtype)
    for o in range(begin, end):
        for k in range(products * products):
            line, given = lines[k * room : k * room + inputs], sums[k, o]
            for i in range(inputs):
                line[i] = given[i]
        wide = products * room
        if kind == SAME:
            _g_back_same(lines, 0, wide, mixed, 0, wide, wide - SLACK)
        else:
            _g_back_doubled(lines, 0, wide, mixed, 0, wide, wide - SLACK)
        for a in range(3):
            if kind == SAME:
                _g_back_same(mixed, a * wide, room, found, 0, room, inputs)
            else:
                _g_back_doubled(mixed, a * wide, room, found, 0, room, inputs)
            for b in range(3):
                line, t = found[b * room : b * room + inputs], 3 * a + b
                for i in range(inputs):
                    gradient[o, first + i, t] = line[i]

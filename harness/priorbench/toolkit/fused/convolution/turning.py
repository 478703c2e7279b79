# mypy: allow-untyped-defs, allow-untyped-calls
"""Lays out rows as the columns of a product's panels: squares are turned in the processor's registers."""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba.extending import intrinsic

from priorbench.toolkit.fused.block import COLUMN_BYTES
from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.vectors import INDEX, Matrix, vectors_of

#: vectors in a row of a panel
_VECTORS = 2


def _turn_square(typing_context, rows, row, column, panel, depth, to):
    """Write a square of `rows`, as large as a vector, with its rows as columns: to panel[depth, to]."""
    index = numba.types.intp
    return numba.types.void(rows, index, index, panel, index, index), _generate


turn_square: Any = intrinsic(_turn_square)


def _generate(context, builder, signature, arguments):
    kinds = signature.args
    given, panel = (Matrix(context, builder, kinds[n], arguments[n]) for n in (0, 3))
    row, column, depth, to = (arguments[n] for n in (1, 2, 4, 5))
    kind = kinds[0].dtype
    lanes = 8 * COLUMN_BYTES // _VECTORS // kind.bitwidth
    vectors = vectors_of(context, kind, lanes)
    lines = [
        builder.load(given.address(builder.add(row, INDEX(i)), column, vectors.vector), align=vectors.size)
        for i in range(lanes)
    ]
    step = 1
    while step < lanes:
        lines = _exchanged(builder, lines, step)
        step *= 2
    for i, line in enumerate(lines):
        at = panel.address(builder.add(depth, INDEX(i)), to, vectors.vector)
        builder.store(line, at, align=vectors.size)
    return context.get_dummy_value()


def _exchanged(builder, lines, step):
    """Exchange the off-diagonal squares of a size in each square of twice the size."""
    lanes, found = len(lines), list(lines)
    odd = [bool(lane & step) for lane in range(lanes)]
    upper = _mask(lanes + lane - step if odd[lane] else lane for lane in range(lanes))
    lower = _mask(lanes + lane if odd[lane] else lane + step for lane in range(lanes))
    for i in range(lanes):
        if not i & step:
            one, two = lines[i], lines[i + step]
            found[i] = builder.shuffle_vector(one, two, upper)
            found[i + step] = builder.shuffle_vector(one, two, lower)
    return found


def _mask(lanes):
    number, chosen = ir.IntType(32), list(lanes)
    return ir.Constant(ir.VectorType(number, len(chosen)), [number(lane) for lane in chosen])


@inner
def pack_rows(rows, panels):
    """Copy rows (n, depth), each contiguous, to panels as their columns; missing ones become zero."""
    n, depth = rows.shape
    lanes = COLUMN_BYTES // _VECTORS // panels.itemsize
    whole = depth - depth % lanes
    for number in range(len(panels)):
        panel = panels[number]
        for part in range(_VECTORS):
            to = part * lanes
            first = number * _VECTORS * lanes + to
            begin = 0
            if first + lanes <= n:
                for d in range(0, whole, lanes):
                    turn_square(rows, first, d, panel, d, to)
                begin = whole
            for d in range(begin, depth):
                for c in range(lanes):
                    panel[d, to + c] = rows[first + c, d] if first + c < n else 0

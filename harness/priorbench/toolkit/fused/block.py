# mypy: allow-untyped-defs, allow-untyped-calls
"""The innermost part of a matrix product: a block of the result that stays in the processor's registers.

Compilers do not find this form by themselves: it is written for LLVM, in vectors of the machine's width. Each
number of the result is added up over the depth in order, whatever that width.
"""

from __future__ import annotations

from typing import Any

import numba
from numba.core import cgutils
from numba.extending import intrinsic

from priorbench.toolkit.fused.vectors import FEATURES, INDEX, Matrix, vectors_of

#: bytes of a vector
_WIDTH = 64 if "+avx512f" in FEATURES else 32 if "+avx" in FEATURES else 16
#: rows of a block: of 32 registers, or of 16, as many as leave some for the factors
ROWS = 8 if "+avx512f" in FEATURES or "+neon" in FEATURES else 6
#: vectors in a row of a block
_VECTORS = 2
#: bytes of a row of a block
COLUMN_BYTES = _VECTORS * _WIDTH


def _multiply_block(typing_context, a, row, panel, fresh, out, to_row, to_column):
    """Write a block of a `panel` to `out` where that is `fresh`, else add it.

    Parameters
    ----------
    a : ndarray
        (m, depth), laid out in any way.
    row : int
        first of the block's `ROWS` rows; rows after the last one of `a` are like the last one.
    panel : ndarray
        (depth, columns of a block), contiguous.
    fresh : bool
        see above.
    out : ndarray
        rows are contiguous.
    to_row, to_column : int
        where the block begins in it.
    """
    index = numba.types.intp
    signature = numba.types.void(a, index, panel, numba.types.boolean, out, index, index)
    return signature, _generate


multiply_block: Any = intrinsic(_multiply_block)


def _generate(context, builder, signature, arguments):
    kinds = signature.args
    a, panel, out = (Matrix(context, builder, kinds[n], arguments[n]) for n in (0, 2, 4))
    row, fresh, to_row, to_column = (arguments[n] for n in (1, 3, 5, 6))
    kind = kinds[0].dtype
    vectors = vectors_of(context, kind, 8 * _WIDTH // kind.bitwidth)
    sums = _multiply(builder, a, row, panel, vectors)
    for i, line in enumerate(sums):
        for v, total in enumerate(line):
            column = builder.add(to_column, INDEX(v * vectors.lanes))
            at = out.address(builder.add(to_row, INDEX(i)), column, vectors.vector)
            found = builder.load(total)
            before = builder.load(at, align=vectors.size)
            builder.store(builder.select(fresh, found, builder.fadd(found, before)), at, align=vectors.size)
    return context.get_dummy_value()


def _multiply(builder, a, row, panel, vectors):
    """Return pointers to the sums of a block, (rows, vectors)."""
    multiply_add, zero = vectors.multiply_add(builder), vectors.zero()
    sums = [[cgutils.alloca_once_value(builder, zero) for _ in range(_VECTORS)] for _ in range(ROWS)]
    for line in sums:
        for total in line:
            builder.store(zero, total)
    last = builder.sub(a.rows, INDEX(1))
    offsets = []
    for i in range(ROWS):
        wanted = builder.add(row, INDEX(i))
        offsets.append(a.offset(builder.select(builder.icmp_signed("<", wanted, last), wanted, last)))
    columns = [INDEX(v * vectors.lanes) for v in range(_VECTORS)]
    with cgutils.for_range(builder, a.columns) as loop:
        places = [panel.address(loop.index, column, vectors.vector) for column in columns]
        right = [builder.load(place, align=vectors.size) for place in places]
        for line, offset in zip(sums, offsets, strict=True):
            left = vectors.full_of(builder, builder.load(a.at(offset, loop.index, vectors.number)))
            for v, total in enumerate(line):
                builder.store(builder.call(multiply_add, [left, right[v], builder.load(total)]), total)
    return sums

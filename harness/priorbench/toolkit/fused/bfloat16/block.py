# mypy: allow-untyped-defs, allow-untyped-calls
"""The innermost part of a product in bfloat16: a block of float32 sums in the registers of AVX-512.

Two bfloat16 numbers that follow each other along the depth are one uint32, a *pair*: what the instruction
wants. It multiplies sixteen pairs by sixteen and adds both products of each to a float32, the second number's
first. Products are exact, each addition is rounded, and numbers too small for the exponent count as zero.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

from priorbench.toolkit.fused.vectors import INDEX, Matrix, Vectors

#: numbers of a vector of sums
_LANES = 16
#: rows of a block, and vectors in each of them
ROWS, _VECTORS = 8, 2
#: columns of a block
COLUMNS = _VECTORS * _LANES

_WORD = ir.IntType(32)
_SUMS = Vectors(ir.FloatType(), 4, _LANES, ir.VectorType(ir.FloatType(), _LANES))
_PAIRS = Vectors(_WORD, 4, _LANES, ir.VectorType(_WORD, _LANES))


class _BFloat(ir.Type):  # type: ignore[misc]
    """LLVM's bfloat, which llvmlite does not name."""

    def _to_string(self):
        return "bfloat"

    def __eq__(self, other):
        return isinstance(other, _BFloat)

    def __hash__(self):
        return hash(_BFloat)


_NUMBERS = ir.VectorType(_BFloat(), 2 * _LANES)


def _multiply_pairs(typing_context, a, row, panel, fresh, out, to_row, to_column):
    """Write a block of a `panel` to `out` where that is `fresh`, else add it.

    Parameters
    ----------
    a : ndarray
        pairs, (m, half the depth), laid out in any way.
    row : int
        first of the block's `ROWS` rows; rows after the last one of `a` are like the last one.
    panel : ndarray
        pairs, (half the depth, `COLUMNS`), contiguous.
    fresh : bool
        see above.
    out : ndarray
        float32, rows are contiguous.
    to_row, to_column : int
        where the block begins in it.
    """
    index = numba.types.intp
    signature = numba.types.void(a, index, panel, numba.types.boolean, out, index, index)
    return signature, _generate


multiply_pairs: Any = intrinsic(_multiply_pairs)


def _generate(context, builder, signature, arguments):
    kinds = signature.args
    a, panel, out = (Matrix(context, builder, kinds[n], arguments[n]) for n in (0, 2, 4))
    row, fresh, to_row, to_column = (arguments[n] for n in (1, 3, 5, 6))
    for i, line in enumerate(_sums(builder, a, row, panel)):
        for v, total in enumerate(line):
            column = builder.add(to_column, INDEX(v * _LANES))
            at = out.address(builder.add(to_row, INDEX(i)), column, _SUMS.vector)
            found = builder.load(total)
            before = builder.load(at, align=4)
            builder.store(builder.select(fresh, found, builder.fadd(found, before)), at, align=4)
    return context.get_dummy_value()


def _sums(builder, a, row, panel):
    """Return pointers to the sums of a block, (rows, vectors)."""
    kind = ir.FunctionType(_SUMS.vector, [_SUMS.vector, _NUMBERS, _NUMBERS])
    add_products = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx512bf16.dpbf16ps.512")
    zero = _SUMS.zero()
    sums = [[cgutils.alloca_once_value(builder, zero) for _ in range(_VECTORS)] for _ in range(ROWS)]
    for line in sums:
        for total in line:
            builder.store(zero, total)
    last = builder.sub(a.rows, INDEX(1))
    offsets = []
    for i in range(ROWS):
        wanted = builder.add(row, INDEX(i))
        offsets.append(a.offset(builder.select(builder.icmp_signed("<", wanted, last), wanted, last)))
    with cgutils.for_range(builder, a.columns) as loop:
        right = []
        for v in range(_VECTORS):
            place = panel.address(loop.index, INDEX(v * _LANES), _PAIRS.vector)
            right.append(builder.bitcast(builder.load(place, align=4), _NUMBERS))
        for line, offset in zip(sums, offsets, strict=True):
            pair = builder.load(a.at(offset, loop.index, _WORD))
            left = builder.bitcast(_PAIRS.full_of(builder, pair), _NUMBERS)
            for v, total in enumerate(line):
                builder.store(builder.call(add_products, [builder.load(total), left, right[v]]), total)
    return sums


def _pair_of(typing_context, low, high):
    """Return two float32 numbers, rounded to the nearest bfloat16 (ties to even), as a pair."""

    def generate(context, builder, signature, arguments):
        low, high = (_rounded(builder, number) for number in arguments)
        return builder.or_(builder.lshr(low, _WORD(16)), builder.and_(high, _WORD(0xFFFF0000)))

    number = numba.types.float32
    return numba.types.uint32(number, number), generate


pair_of: Any = intrinsic(_pair_of)


def _rounded(builder, number):
    """Return the bits of a float32; the upper half is the nearest bfloat16."""
    bits = builder.bitcast(number, _WORD)
    odd = builder.and_(builder.lshr(bits, _WORD(16)), _WORD(1))
    nearest = builder.add(builder.add(bits, _WORD(0x7FFF)), odd)
    undefined = builder.fcmp_unordered("uno", number, number)
    return builder.select(undefined, _WORD(0x7FC00000), nearest)

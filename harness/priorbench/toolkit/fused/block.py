# mypy: allow-untyped-defs, allow-untyped-calls
"""The innermost part of a matrix product: a block of the result that stays in the processor's registers.

Compilers do not find this form by themselves: it is written for LLVM, in vectors of the machine's width.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import llvmlite.binding
import numba
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

_config: Any = numba.config
if _config.CPU_FEATURES is None:
    _FEATURES = llvmlite.binding.get_host_cpu_features().flatten().split(",")
else:  # numba is told what the processor can do
    _FEATURES = _config.CPU_FEATURES.split(",")
#: bytes of a vector
_WIDTH = 64 if "+avx512f" in _FEATURES else 32 if "+avx" in _FEATURES else 16
#: rows of a block: of 32 registers, or of 16, as many as leave some for the factors
ROWS = 8 if "+avx512f" in _FEATURES or "+neon" in _FEATURES else 6
#: vectors in a row of a block
_VECTORS = 2
#: bytes of a row of a block
COLUMN_BYTES = _VECTORS * _WIDTH
_INDEX, _BYTE = ir.IntType(64), ir.IntType(8)


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


class _Vectors(NamedTuple):
    """Vectors of a product: a number's type and size, a vector's type, and how many numbers it has."""

    number: Any
    size: int
    vector: Any
    lanes: int


def _generate(context, builder, signature, arguments):
    kinds = signature.args
    a, panel, out = (_Matrix(context, builder, kinds[n], arguments[n]) for n in (0, 2, 4))
    row, fresh, to_row, to_column = (arguments[n] for n in (1, 3, 5, 6))
    number = context.get_data_type(kinds[0].dtype)
    size = kinds[0].dtype.bitwidth // 8
    vectors = _Vectors(number, size, ir.VectorType(number, _WIDTH // size), _WIDTH // size)
    sums = _multiply(builder, a, row, panel, vectors)
    for i, line in enumerate(sums):
        for v, total in enumerate(line):
            column = builder.add(to_column, _INDEX(v * vectors.lanes))
            at = out.address(builder.add(to_row, _INDEX(i)), column, vectors.vector)
            found = builder.load(total)
            before = builder.load(at, align=size)
            builder.store(builder.select(fresh, found, builder.fadd(found, before)), at, align=size)
    return context.get_dummy_value()


class _Matrix:
    """A matrix's memory: where a number of it is."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = context.make_array(kind)(context, builder, value)
        self._builder = builder
        self._begin = builder.bitcast(array.data, _BYTE.as_pointer())
        self._strides = cgutils.unpack_tuple(builder, array.strides, 2)
        if kind.layout in "CF":  # one stride is a number that the compiler knows
            self._strides["FC".index(kind.layout)] = _INDEX(kind.dtype.bitwidth // 8)
        self.rows, self.columns = cgutils.unpack_tuple(builder, array.shape, 2)

    def offset(self, row):
        return self._builder.mul(row, self._strides[0])

    def address(self, row, column, kind):
        """Return a pointer to the number, or the vector of this kind, in a row and column."""
        return self.at(self.offset(row), column, kind)

    def at(self, offset, column, kind):
        """Return the same for a row by its `offset`."""
        b = self._builder
        place = b.add(offset, b.mul(column, self._strides[1]))
        return b.bitcast(b.gep(self._begin, [place]), kind.as_pointer())


def _multiply(builder, a, row, panel, vectors):
    """Return pointers to the sums of a block, (rows, vectors)."""
    number, size, vector, lanes = vectors
    nothing = ir.Constant(vector, ir.Undefined)
    spread = ir.Constant(ir.VectorType(ir.IntType(32), lanes), None)
    name, kind = f"llvm.fmuladd.v{lanes}f{8 * size}", ir.FunctionType(vector, [vector] * 3)
    multiply_add = cgutils.get_or_insert_function(builder.module, kind, name)
    zero = ir.Constant(vector, [number(0.0)] * lanes)
    sums = [[cgutils.alloca_once_value(builder, zero) for _ in range(_VECTORS)] for _ in range(ROWS)]
    for line in sums:
        for total in line:
            builder.store(zero, total)
    last = builder.sub(a.rows, _INDEX(1))
    offsets = []
    for i in range(ROWS):
        wanted = builder.add(row, _INDEX(i))
        offsets.append(a.offset(builder.select(builder.icmp_signed("<", wanted, last), wanted, last)))
    with cgutils.for_range(builder, a.columns) as loop:
        right = [
            builder.load(panel.address(loop.index, _INDEX(v * lanes), vector), align=size)
            for v in range(_VECTORS)
        ]
        for line, offset in zip(sums, offsets, strict=True):
            factor = builder.load(a.at(offset, loop.index, number))
            factor = builder.insert_element(nothing, factor, ir.IntType(32)(0))
            left = builder.shuffle_vector(factor, nothing, spread)
            for v, total in enumerate(line):
                builder.store(builder.call(multiply_add, [left, right[v], builder.load(total)]), total)
    return sums

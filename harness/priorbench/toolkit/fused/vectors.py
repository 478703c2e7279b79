# mypy: allow-untyped-defs, allow-untyped-calls
"""Vectors for code that is written for LLVM: what the processor has, where numbers lie, multiply and add.

A product and the addition that follows are rounded once, on every processor: the bits of a result depend on
the order of its additions alone, and not on the width of vectors.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import llvmlite.binding
import numba
from llvmlite import ir
from numba.core import cgutils

_config: Any = numba.config
if _config.CPU_FEATURES is None:
    FEATURES = frozenset(llvmlite.binding.get_host_cpu_features().flatten().split(","))
else:  # numba is told what the processor can do
    FEATURES = frozenset(_config.CPU_FEATURES.split(","))
INDEX, BYTE = ir.IntType(64), ir.IntType(8)
_LANE = ir.IntType(32)


def fuses() -> bool:
    """Say whether the processor multiplies and adds in one instruction; a call of a function is slow."""
    return not FEATURES.isdisjoint({"+fma", "+neon"})


class Vectors(NamedTuple):
    """A kind of vector: a number's type and size in bytes, how many numbers it has, and its type."""

    number: Any
    size: int
    lanes: int
    vector: Any

    def multiply_add(self, builder):
        """Return LLVM's function a b + c for such vectors, rounded once."""
        return _multiply_add(builder, self.vector, f"v{self.lanes}f{8 * self.size}")

    def multiply_add_numbers(self, builder):
        """Return it for single numbers."""
        return _multiply_add(builder, self.number, f"f{8 * self.size}")

    def full_of(self, builder, number):
        """Return a vector of one number."""
        nothing = ir.Constant(self.vector, ir.Undefined)
        first = builder.insert_element(nothing, number, _LANE(0))
        return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_LANE, self.lanes), None))

    def zero(self):
        """Return a vector of zeros."""
        return ir.Constant(self.vector, [self.number(0.0)] * self.lanes)


def vectors_of(context, kind, lanes):
    """Return the kind of vector with this many numbers of a numba type."""
    number = context.get_data_type(kind)
    return Vectors(number, kind.bitwidth // 8, lanes, ir.VectorType(number, lanes))


def _multiply_add(builder, kind, name):
    return cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(kind, [kind] * 3), f"llvm.fma.{name}"
    )


class Matrix:
    """A matrix's memory: where a number of it is."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = context.make_array(kind)(context, builder, value)
        self._builder = builder
        self._begin = builder.bitcast(array.data, BYTE.as_pointer())
        self._strides = cgutils.unpack_tuple(builder, array.strides, 2)
        if kind.layout in "CF":  # one stride is a number that the compiler knows
            self._strides["FC".index(kind.layout)] = INDEX(kind.dtype.bitwidth // 8)
        self.rows, self.columns = cgutils.unpack_tuple(builder, array.shape, 2)

    def offset(self, row):
        """Return how many bytes a row is from the beginning."""
        return self._builder.mul(row, self._strides[0])

    def address(self, row, column, kind):
        """Return a pointer to the number, or the vector of this kind, in a row and column."""
        return self.at(self.offset(row), column, kind)

    def at(self, offset, column, kind):
        """Return the same for a row by its `offset`."""
        b = self._builder
        place = b.add(offset, b.mul(column, self._strides[1]))
        return b.bitcast(b.gep(self._begin, [place]), kind.as_pointer())

# mypy: allow-untyped-defs, allow-untyped-calls
"""Weighted sums of rows, and rows of twice the length and back, written for LLVM: also short rows in vectors.

The last vector of a row may reach beyond it, by less than `SLACK` numbers. There has to be memory; what it
holds does not count.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

from priorbench.toolkit.fused.vectors import INDEX, vectors_of

#: numbers of a vector
_LANES = 16
#: numbers behind a row that may be read or written
SLACK = 2 * _LANES


class _Row:
    """An array's memory, one-dimensional and contiguous."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        self._builder = builder
        self._data = context.make_array(kind)(context, builder, value).data

    def number(self, index):
        """Load a number."""
        return self._builder.load(self._builder.gep(self._data, [index]))

    def at(self, index, vectors):
        """Return a pointer to a vector."""
        return self._builder.bitcast(self._builder.gep(self._data, [index]), vectors.vector.as_pointer())

    def load(self, index, vectors):
        """Load a vector."""
        return self._builder.load(self.at(index, vectors), align=vectors.size)


def _combine(typing_context, out, to, flat, starts, weights, count, length):
    """Write the weighted sum of `count` rows of `flat`, which begin at `starts`, to out[to : to + length].

    All arrays are contiguous; `starts` are int64.
    """
    index = numba.types.intp
    signature = numba.types.void(out, index, flat, starts, weights, index, index)
    return signature, _generate_combine


def _generate_combine(context, builder, signature, arguments):
    kinds = signature.args
    out, flat, starts, weights = (_Row(context, builder, kinds[n], arguments[n]) for n in (0, 2, 3, 4))
    to, count, length = (arguments[n] for n in (1, 5, 6))
    vectors = vectors_of(context, kinds[0].dtype, _LANES)
    multiply_add = vectors.multiply_add(builder)
    total = cgutils.alloca_once(builder, vectors.vector)
    with cgutils.for_range_slice(builder, INDEX(0), length, INDEX(_LANES), INDEX) as (column, _):
        builder.store(vectors.zero(), total)
        with cgutils.for_range(builder, count) as loop:
            weight = weights.number(loop.index)
            if kinds[4].dtype.bitwidth > kinds[0].dtype.bitwidth:
                weight = builder.fptrunc(weight, vectors.number)
            row = flat.load(builder.add(starts.number(loop.index), column), vectors)
            factor = vectors.full_of(builder, weight)
            builder.store(builder.call(multiply_add, [factor, row, builder.load(total)]), total)
        place = out.at(builder.add(to, column), vectors)
        builder.store(builder.load(total), place, align=vectors.size)
    return context.get_dummy_value()


def _double(typing_context, row, out, to, length):
    """Write 3/4 and 1/4, then 1/4 and 3/4, of `length` numbers and their right neighbours to out[to:]."""
    index = numba.types.intp
    return numba.types.void(row, out, index, index), _generate_double


def _generate_double(context, builder, signature, arguments):
    row, out = (_Row(context, builder, signature.args[n], arguments[n]) for n in (0, 1))
    to, length = arguments[2:]
    vectors = vectors_of(context, signature.args[0].dtype, _LANES)
    near, far = _weights(vectors)
    with cgutils.for_range_slice(builder, INDEX(0), length, INDEX(_LANES), INDEX) as (column, _):
        left = row.load(column, vectors)
        right = row.load(builder.add(column, INDEX(1)), vectors)
        one = _sum(builder, vectors, near, left, builder.fmul(far, right))
        two = _sum(builder, vectors, near, right, builder.fmul(far, left))
        for half in (0, 1):
            lanes = [half * _LANES // 2 + n // 2 + n % 2 * _LANES for n in range(_LANES)]
            mixed = builder.shuffle_vector(one, two, _mask(lanes))
            at = builder.add(builder.mul(column, INDEX(2)), builder.add(to, INDEX(half * _LANES)))
            builder.store(mixed, out.at(at, vectors), align=vectors.size)
    return context.get_dummy_value()


def _halve(typing_context, fine, begin, out, to, length):
    """Write 1/4, 3/4, 3/4, 1/4 of four numbers, from each second of fine[begin:], to `length` of out[to:]."""
    index = numba.types.intp
    return numba.types.void(fine, index, out, index, index), _generate_halve


def _generate_halve(context, builder, signature, arguments):
    fine, out = (_Row(context, builder, signature.args[n], arguments[n]) for n in (0, 2))
    begin, to, length = (arguments[n] for n in (1, 3, 4))
    vectors = vectors_of(context, signature.args[0].dtype, _LANES)
    near, far = _weights(vectors)
    even, odd = ([2 * lane + first for lane in range(_LANES)] for first in (0, 1))
    with cgutils.for_range_slice(builder, INDEX(0), length, INDEX(_LANES), INDEX) as (column, _):
        at = builder.add(begin, builder.mul(column, INDEX(2)))
        found = []
        for shift in (0, 2):
            low = fine.load(builder.add(at, INDEX(shift)), vectors)
            high = fine.load(builder.add(at, INDEX(shift + _LANES)), vectors)
            found += [builder.shuffle_vector(low, high, _mask(lanes)) for lanes in (even, odd)]
        total = builder.fmul(far, found[0])
        for weight, part in zip((near, near, far), found[1:], strict=True):
            total = _sum(builder, vectors, weight, part, total)
        builder.store(total, out.at(builder.add(to, column), vectors), align=vectors.size)
    return context.get_dummy_value()


combine: Any = intrinsic(_combine)
double: Any = intrinsic(_double)
halve: Any = intrinsic(_halve)


def _sum(builder, vectors, weight, part, total):
    return builder.call(vectors.multiply_add(builder), [weight, part, total])


def _weights(vectors):
    """Return vectors of 3/4 and of 1/4."""
    return [ir.Constant(vectors.vector, [vectors.number(w)] * vectors.lanes) for w in (0.75, 0.25)]


def _mask(lanes):
    number = ir.IntType(32)
    return ir.Constant(ir.VectorType(number, len(lanes)), [number(lane) for lane in lanes])

# mypy: allow-untyped-defs, allow-untyped-calls
"""Products of rows with rows: sums along the rows, in an order that is the same on every processor.

A sum runs in `LANES` partial sums, whatever the width of the processor's vectors, which are then added in
halves; what is left at the end of a row is added number by number. It is written for LLVM: a compiler may
use vectors for a sum only where it may choose its order.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.vectors import INDEX, Matrix, vectors_of

#: partial sums of a sum
LANES = 16


def _mixer(outputs: int, pixels: int) -> Any:
    """Return a compiled function for blocks of this many rows of each factor."""

    def multiply(typing_context, weight, o, x, p, out):
        """Write the products of rows o, o + 1, ... of `weight` and p, p + 1, ... of `x` to `out` (p, o).

        Rows are contiguous, all of one type and length.
        """
        index = numba.types.intp

        def generate(context, builder, signature, arguments):
            weight, x, out = (Matrix(context, builder, signature.args[n], arguments[n]) for n in (0, 2, 4))
            o, p = arguments[1], arguments[3]
            vectors = vectors_of(context, signature.args[0].dtype, LANES)
            rows = [builder.add(o, INDEX(i)) for i in range(outputs)]
            others = [builder.add(p, INDEX(i)) for i in range(pixels)]
            sums = _sums(builder, weight, rows, x, others, vectors)
            for i, line in enumerate(sums):
                for j, total in enumerate(line):
                    builder.store(total, out.address(others[i], rows[j], vectors.number))
            return context.get_dummy_value()

        return numba.types.void(weight, index, x, index, out), generate

    return intrinsic(multiply)


_three_of_two, _three_of_one, _one_of_one = _mixer(3, 2), _mixer(3, 1), _mixer(1, 1)


@inner
def multiply_rows(weight, begin, end, x, out):
    """Write the products of all rows of x and the rows begin to end - 1 of a `weight` to `out` (x, weight).

    Rows are contiguous.
    """
    pixels = len(x)
    pairs, threes = pixels - pixels % 2, end - (end - begin) % 3
    for o in range(begin, threes, 3):
        for p in range(0, pairs, 2):
            _three_of_two(weight, o, x, p, out)
        for p in range(pairs, pixels):
            _three_of_one(weight, o, x, p, out)
    for o in range(threes, end):
        for p in range(pixels):
            _one_of_one(weight, o, x, p, out)


def _sums(builder, weight, rows, x, others, vectors):
    """Return the products of each of `others` with each of `rows`."""
    kind, number, size = vectors.vector, vectors.number, vectors.size
    lefts, rights = [weight.offset(row) for row in rows], [x.offset(row) for row in others]
    whole = builder.sub(x.columns, builder.urem(x.columns, INDEX(LANES)))
    parts = [_cleared(builder, vectors.zero()) for _ in range(len(lefts) * len(rights))]
    with cgutils.for_range_slice(builder, INDEX(0), whole, INDEX(LANES), INDEX) as (column, _):
        _add(builder, vectors.multiply_add(builder), kind, size, (weight, lefts), (x, rights), column, parts)
    found = _totals(builder, [builder.load(part) for part in parts], LANES)
    totals = [cgutils.alloca_once(builder, number) for _ in parts]
    for n, total in enumerate(totals):
        builder.store(builder.extract_element(found, ir.IntType(32)(n)), total)
    add = vectors.multiply_add_numbers(builder)
    with cgutils.for_range_slice(builder, whole, x.columns, INDEX(1), INDEX) as (column, _):
        _add(builder, add, number, size, (weight, lefts), (x, rights), column, totals)
    found = [builder.load(total) for total in totals]
    return [found[i : i + len(lefts)] for i in range(0, len(found), len(lefts))]


def _cleared(builder, zero):
    """Return memory on the stack that is zero each time that this place is reached."""
    place = cgutils.alloca_once_value(builder, zero)
    builder.store(zero, place)
    return place


def _add(builder, multiply_add, kind, size, weight, x, column, totals):
    """Add the products of a column, or of as many as the vectors of a `kind` have, to `totals`."""
    (matrix, lefts), (other, rights) = weight, x
    found = [builder.load(matrix.at(left, column, kind), align=size) for left in lefts]
    places = iter(totals)
    for right in rights:
        factor = builder.load(other.at(right, column, kind), align=size)
        for left in found:
            place = next(places)
            builder.store(builder.call(multiply_add, [left, factor, builder.load(place)]), place)


def _totals(builder, vectors, lanes):
    """Return the sum of the lanes of each of some vectors, in a vector: halves are added to halves.

    Two vectors become one, with twice as many groups of half as many lanes, until a group is one number.
    """
    width, nothing = lanes, ir.Constant(vectors[0].type, [vectors[0].type.element(0.0)] * lanes)
    while len(vectors) > 1:
        vectors = [*vectors, nothing][: len(vectors) + len(vectors) % 2]
        pairs = zip(vectors[::2], vectors[1::2], strict=True)
        vectors = [_halved(builder, one, two, 2 * lanes, width) for one, two in pairs]
        width //= 2
    (total,) = vectors
    while width > 1:
        total = _halved(builder, total, total, lanes, width)
        lanes, width = lanes // 2, width // 2
    return total


def _halved(builder, one, two, lanes, width):
    """Return the sum of the first and the second half of each group of a `width` in the first `lanes`."""
    first = [lane for lane in range(lanes) if lane % width < width // 2]
    second = [lane + width // 2 for lane in first]
    halves = [builder.shuffle_vector(one, two, _mask(chosen)) for chosen in (first, second)]
    return builder.fadd(*halves)


def _mask(lanes):
    number = ir.IntType(32)
    return ir.Constant(ir.VectorType(number, len(lanes)), [number(lane) for lane in lanes])

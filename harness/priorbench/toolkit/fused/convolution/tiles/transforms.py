# mypy: allow-untyped-defs, allow-untyped-calls
"""Small constant matrices applied to rows of numbers: written for LLVM, in vectors.

All arrays are flat, contiguous and of one type. The last vector of a row may reach beyond it, by less than
`SLACK` numbers: there has to be memory, and what it holds does not count. A sum is in order, each product
fused with its addition: the same bits on every processor.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from priorbench.toolkit.fused.vectors import INDEX, vectors_of

#: numbers of a vector
_LANES = 16
#: numbers behind a row that may be read or written: a tile has up to four
SLACK = 4 * _LANES


def along(matrix: NDArray[np.float64]) -> Any:
    """Return code that writes the product of a matrix and rows, which lie `apart`, to rows `out_apart`.

    Called with (given, at, apart, out, to, out_apart, length).
    """

    def generate(context, builder, signature, arguments):
        given, out = (_Row(context, builder, signature.args[n], arguments[n]) for n in (0, 3))
        at, apart, to, out_apart, length = (arguments[n] for n in (1, 2, 4, 5, 6))
        vectors = vectors_of(context, signature.args[0].dtype, _LANES)
        with _Columns(builder, length) as column:
            places = _places(builder, builder.add(at, column), apart, matrix.shape[1])
            rows = [given.load(place, vectors) for place in places]
            outs = _places(builder, builder.add(to, column), out_apart, matrix.shape[0])
            for place, weights in zip(outs, matrix, strict=True):
                out.store(_weighted(builder, vectors, weights, rows), place, vectors)
        return context.get_dummy_value()

    return _code(generate)


def split(matrix: NDArray[np.float64], step: int) -> Any:
    """Return code for the tiles of a row, which begin `step` numbers after each other.

    It writes the products of the matrix and each tile's numbers, as many as the matrix has columns: product
    k of tile p to out[to + k out_apart + p]. Called with (given, at, unused, out, to, out_apart, tiles).
    """
    side = matrix.shape[1]

    def generate(context, builder, signature, arguments):
        given, out = (_Row(context, builder, signature.args[n], arguments[n]) for n in (0, 3))
        at, to, out_apart, tiles = (arguments[n] for n in (1, 4, 5, 6))
        vectors = vectors_of(context, signature.args[0].dtype, _LANES)
        with _Columns(builder, tiles) as tile:
            begin = builder.add(at, builder.mul(tile, INDEX(step)))
            phases: list[Any] = []
            for first in range(0, side, step):
                wanted = min(step, side - first)
                phases += _every(builder, given, builder.add(begin, INDEX(first)), vectors, step, wanted)
            outs = _places(builder, builder.add(to, tile), out_apart, matrix.shape[0])
            for place, weights in zip(outs, matrix, strict=True):
                out.store(_weighted(builder, vectors, weights, phases), place, vectors)
        return context.get_dummy_value()

    return _code(generate)


def join(matrix: NDArray[np.float64], step: int) -> Any:
    """Return code that writes the numbers of tiles, which begin `step` numbers after each other, to a row.

    They are the products of the matrix and the tile's numbers in rows that lie `apart`. Where a tile has
    more than `step` numbers they are added to the next tile's, and the last one's are written, too.
    Called with (given, at, apart, out, to, unused, tiles); a number before the first may be read.
    """
    reach = -(-matrix.shape[0] // step)

    def generate(context, builder, signature, arguments):
        given, out = (_Row(context, builder, signature.args[n], arguments[n]) for n in (0, 3))
        at, apart, to, tiles = (arguments[n] for n in (1, 2, 4, 6))
        vectors = vectors_of(context, signature.args[0].dtype, _LANES)
        with _Columns(builder, builder.add(tiles, INDEX(reach - 1))) as tile:
            totals: list[Any] = [None] * step
            for back in range(reach):
                begin = builder.sub(builder.add(at, tile), INDEX(back))
                places = _places(builder, begin, apart, matrix.shape[1])
                rows = [given.load(place, vectors) for place in places]
                if reach > 1:
                    rows = _inside(builder, vectors, builder.sub(tile, INDEX(back)), tiles, rows)
                for n, weights in enumerate(matrix[back * step : (back + 1) * step]):
                    totals[n] = _weighted(builder, vectors, weights, rows, totals[n])
            first = builder.add(to, builder.mul(tile, INDEX(step)))
            for n, part in enumerate(_mixed(builder, totals)):
                out.store(part, builder.add(first, INDEX(n * _LANES)), vectors)
        return context.get_dummy_value()

    return _code(generate)


def filtered(weights: NDArray[np.float64], *, add: bool) -> Any:
    """Return code that writes, or adds, the sum of n weighted numbers from each one of a row on to another.

    It writes no number behind the row's. Called with (given, at, unused, out, to, unused, length).
    """

    def generate(context, builder, signature, arguments):
        given, out = (_Row(context, builder, signature.args[n], arguments[n]) for n in (0, 3))
        at, to, length = (arguments[n] for n in (1, 4, 6))
        whole = builder.sub(length, builder.urem(length, INDEX(_LANES)))
        for lanes, begin, end in ((_LANES, INDEX(0), whole), (1, whole, length)):
            vectors = vectors_of(context, signature.args[0].dtype, lanes)
            with cgutils.for_range_slice(builder, begin, end, INDEX(lanes), INDEX) as (column, _):
                places = _places(builder, builder.add(at, column), INDEX(1), len(weights))
                rows = [given.load(place, vectors) for place in places]
                total = _weighted(builder, vectors, weights, rows)
                place = builder.add(to, column)
                out.store(builder.fadd(out.load(place, vectors), total) if add else total, place, vectors)
        return context.get_dummy_value()

    return _code(generate)


def _code(generate: Any) -> Any:
    def apply(typing_context, given, at, apart, out, to, out_apart, length):
        index = numba.types.intp
        return numba.types.void(given, index, index, out, index, index, index), generate

    return intrinsic(apply)


class _Row:
    """An array's memory."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        self._builder = builder
        self._data = context.make_array(kind)(context, builder, value).data

    def load(self, index, vectors):
        """Load a vector."""
        return self._builder.load(self._at(index, vectors), align=vectors.size)

    def store(self, value, index, vectors):
        """Write one."""
        self._builder.store(value, self._at(index, vectors), align=vectors.size)

    def _at(self, index, vectors):
        place = self._builder.gep(self._data, [index])
        return self._builder.bitcast(place, vectors.vector.as_pointer())


class _Columns:
    """Loop over columns, a vector at a time."""

    def __init__(self, builder: Any, length: Any) -> None:
        self._loop = cgutils.for_range_slice(builder, INDEX(0), length, INDEX(_LANES), INDEX)

    def __enter__(self) -> Any:
        return self._loop.__enter__()[0]

    def __exit__(self, *failure: Any) -> Any:
        return self._loop.__exit__(*failure)


def _places(builder, first, apart, number):
    return [builder.add(first, builder.mul(apart, INDEX(n))) for n in range(number)]


def _inside(builder, vectors, tile, tiles, rows):
    """Return vectors with zeros where there is no tile, for those from number `tile` on."""
    kind = ir.VectorType(ir.IntType(64), vectors.lanes)
    nothing = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(nothing, tile, ir.IntType(32)(0))
    same = ir.Constant(ir.VectorType(ir.IntType(32), vectors.lanes), None)
    numbers = builder.add(
        builder.shuffle_vector(first, nothing, same),
        ir.Constant(kind, [INDEX(lane) for lane in range(vectors.lanes)]),
    )
    last = builder.shuffle_vector(builder.insert_element(nothing, tiles, ir.IntType(32)(0)), nothing, same)
    there = builder.icmp_unsigned("<", numbers, last)
    return [builder.select(there, row, vectors.zero()) for row in rows]


def _weighted(builder, vectors, weights, rows, total=None):
    """Return the weighted sum of some vectors, added to a total where there is one."""
    multiply_add = vectors.multiply_add(builder)
    for weight, row in zip(weights, rows, strict=True):
        if weight == 0:
            continue
        factor = ir.Constant(vectors.vector, [vectors.number(float(weight))] * vectors.lanes)
        if total is None:
            total = row if weight == 1 else builder.fmul(factor, row)
        else:
            total = builder.call(multiply_add, [factor, row, total])
    return vectors.zero() if total is None else total


def _every(builder, given, begin, vectors, step, wanted):
    """Return every step-th number from `begin` on, and from the next ones, `wanted` of these vectors."""
    parts = [given.load(builder.add(begin, INDEX(n * _LANES)), vectors) for n in range(step)]
    found = []
    for first in range(wanted):
        chosen = [(first + step * lane) for lane in range(_LANES)]
        found.append(_chosen(builder, parts, chosen))
    return found


def _mixed(builder, rows):
    """Return vectors of the first number of each row, then of the second, and so on."""
    step = len(rows)
    order = [n % step * _LANES + n // step for n in range(step * _LANES)]
    return [_chosen(builder, rows, order[first : first + _LANES]) for first in range(0, len(order), _LANES)]


def _chosen(builder, parts, lanes):
    """Return a vector of some lanes of vectors, counted through all of them, one, two or four."""
    while len(parts) > 1:
        halves: list[Any] = []
        for low, high in zip(parts[::2], parts[1::2], strict=True):
            base = 2 * _LANES * len(halves)
            mask = [lane - base if 0 <= lane - base < 2 * _LANES else 0 for lane in lanes]
            halves.append(builder.shuffle_vector(low, high, _mask(mask)))
        lanes = [lane // (2 * _LANES) * _LANES + n for n, lane in enumerate(lanes)]
        parts = halves
    return parts[0]


def _mask(lanes):
    number = ir.IntType(32)
    return ir.Constant(ir.VectorType(number, len(lanes)), [number(lane) for lane in lanes])

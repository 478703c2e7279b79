# mypy: allow-untyped-defs, allow-untyped-calls
"""Kernels of a k x k convolution: one matrix product over what the taps see, laid out panel by panel.

Tables are those of `priorbench.toolkit.fused.convolution.geometry`. ``memory[thread]`` is each thread's own.
"""

from __future__ import annotations

import numpy as np

from priorbench.toolkit.fused.barrier import part, wait_for_all
from priorbench.toolkit.fused.block import COLUMN_BYTES, ROWS
from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.convolution.correlate import DEPTH, multiply_channels
from priorbench.toolkit.fused.convolution.turning import pack_rows
from priorbench.toolkit.fused.product import multiply, panels_in


@inner
def pad(place, x, width, stride, edge, row_sources, column_sources, pitch, padded):
    """Write each channel of x, padded by `edge` pixels, to the phases of `padded` (channels, size)."""
    rows = len(row_sources) // stride
    begin, end = part(place, len(x))
    line = np.zeros(stride * pitch, x.dtype)
    inside = line[edge : edge + width]
    for c in range(begin, end):
        for r in range(len(row_sources)):
            source = row_sources[r]
            if source < 0:
                line[:] = 0
            else:
                row = x[c, source * width : (source + 1) * width]
                for j in range(width):
                    inside[j] = row[j]
                for j in range(edge):
                    line[j] = row[column_sources[j]] if column_sources[j] >= 0 else 0
                for j in range(edge + width, len(line)):
                    line[j] = row[column_sources[j]] if column_sources[j] >= 0 else 0
            at = (r % stride * stride * rows + r // stride) * pitch
            _split(line, stride, rows * pitch, padded[c, at:], pitch)


@inner
def _split(line, stride, apart, to, pitch):
    """Write every stride-th number of a line, from each of the first, to rows that lie `apart`."""
    if stride == 1:
        for j in range(pitch):
            to[j] = line[j]
    elif stride == 2:
        even, odd = to[:pitch], to[apart : apart + pitch]
        for j in range(pitch):
            even[j] = line[2 * j]
            odd[j] = line[2 * j + 1]
    else:
        for b in range(stride):
            for j in range(pitch):
                to[b * apart + j] = line[stride * j + b]


@inner
def share_out(place, panels, outputs):
    """Return a thread's panels, begin to end - 1, and its rows of the result."""
    if panels >= 2 * place.threads:
        begin, end = part(place, panels)
        return begin, end, 0, outputs
    begin, end = part(place, -(-outputs // ROWS))
    return 0, panels, min(begin * ROWS, outputs), min(end * ROWS, outputs)


@inner
def find_places(first, pixels, width, pitch, places):
    """Write where the pixels from number `first` on lie in rows of a `pitch`."""
    for q in range(len(places)):
        pixel = first + q
        places[q] = pixel // width * pitch + pixel % width if pixel < pixels else 0


@inner
def lay_out(planes, offsets, places, eights, panel):
    """Write to the panel what each tap sees of each plane from the `places`, eight neighbours at once."""
    taps = len(offsets)
    for c in range(len(planes)):
        plane = planes[c]
        for t in range(taps):
            to, offset = panel[c * taps + t], offsets[t]
            if eights:
                for start in range(0, len(places), 8):
                    at = offset + places[start]
                    given, out = plane[at : at + 8], to[start : start + 8]
                    for q in range(8):
                        out[q] = given[q]
            else:
                for q in range(len(places)):
                    to[q] = plane[offset + places[q]]


@inner
def convolve(place, padded, offsets, width, pitch, weight, memory, pixels, y):
    """Write the convolution to `y` (outputs, stride); the weight is (outputs, inputs x taps)."""
    columns, depth = COLUMN_BYTES // y.itemsize, weight.shape[1]
    panel = panels_in(memory[place.thread], depth, columns)
    places, eights = np.empty(columns, np.int64), columns % 8 == 0 and width % 8 == 0
    begin, end, top, bottom = share_out(place, -(-pixels // columns), len(weight))
    if top == bottom:
        return
    for number in range(begin, end):
        first = number * columns
        last = min(first + columns, pixels)
        find_places(first, pixels, width, pitch, places)
        lay_out(padded, offsets, places, eights, panel[0])
        multiply(weight[top:bottom], panel, True, y[top:bottom, first:last])


@inner
def pad_and_convolve(place, x, frame, tables, padded, weight, memory, pixels, y):
    """Do `pad` and `convolve`; `frame` is x's width, stride, edge, pitch and the output's width."""
    width, stride, edge, pitch, fine = frame
    row_sources, column_sources, offsets = tables
    pad(place, x, width, stride, edge, row_sources, column_sources, pitch, padded)
    wait_for_all(place)
    convolve(place, padded, offsets, fine, pitch, weight, memory, pixels, y)


@inner
def turn(place, weight, taps, turned):
    """Write a weight (outputs, inputs, k k) to `turned` (inputs, outputs x taps), for some of the taps."""
    number = len(taps)
    begin, end = part(place, len(turned))
    for c in range(begin, end):
        to = turned[c]
        for o in range(len(weight)):
            given = weight[o, c]
            for t in range(number):
                to[o * number + t] = given[taps[t]]


@inner
def add_margins(place, dy, height, width, pitch, margin, planes):
    """Copy each channel of dy to `planes`, whose rows are `pitch` apart, after a margin."""
    begin, end = part(place, len(dy))
    for o in range(begin, end):
        for i in range(height):
            row = dy[o, i * width : (i + 1) * width]
            to = planes[o, margin + i * pitch : margin + i * pitch + width]
            for j in range(width):
                to[j] = row[j]


@inner
def convolve_back(
    place, planes, offsets, starts, targets, sources, width, pitch, turned, memory, pixels, phase, dx
):
    """Write the pixels of a phase (stride, row, column) of dx (inputs, size), `pixels` of each channel."""
    columns, depth, inputs = COLUMN_BYTES // dx.itemsize, turned.shape[1], len(turned)
    stride, _, _ = phase
    mine = memory[place.thread]
    panel = panels_in(mine, depth, columns)
    block = mine[depth * columns : (depth + inputs) * columns].reshape(inputs, columns)
    places, eights = np.empty(columns, np.int64), columns % 8 == 0 and width % 8 == 0
    begin, end, top, bottom = share_out(place, -(-pixels // columns), inputs)
    if top == bottom:
        return
    for number in range(begin, end):
        first = number * columns
        last = min(first + columns, pixels)
        find_places(first, pixels, width, pitch, places)
        lay_out(planes, offsets, places, eights, panel[0])
        _add_mirrored(planes, starts, targets, sources, first, last, panel[0])
        if stride == 1:
            multiply(turned[top:bottom], panel, True, dx[top:bottom, first:last])
        else:
            multiply(turned[top:bottom], panel, True, block[top:bottom, : last - first])
            spread(block, top, bottom, first, last, width, phase, dx)


@inner
def turn_and_convolve_back(place, weight, taps, turned, planes, tables, size, memory, pixels, phase, dx):
    """Do `turn` and `convolve_back`; `size` is the width and the pitch."""
    turn(place, weight, taps, turned)
    wait_for_all(place)
    offsets, starts, targets, sources = tables
    width, pitch = size
    given = width, pitch, turned, memory, pixels, phase, dx
    convolve_back(place, planes, offsets, starts, targets, sources, *given)


@inner
def _add_mirrored(planes, starts, targets, sources, first, last, panel):
    """Add to the panel of the pixels first to last - 1 what taps see in a mirror."""
    taps = len(starts) - 1
    for t in range(taps):
        mine = targets[starts[t] : starts[t + 1]]
        begin, end = np.searchsorted(mine, first), np.searchsorted(mine, last)
        for n in range(begin, end):
            column, source = mine[n] - first, sources[starts[t] + n]
            for o in range(len(planes)):
                panel[o * taps + t, column] += planes[o, source]


@inner
def spread(block, top, bottom, first, last, width, phase, dx):
    """Write a block of a phase's pixels to where they belong in dx."""
    stride, a, b = phase
    for c in range(top, bottom):
        pixel = first
        while pixel < last:
            i, j = pixel // width, pixel % width
            number = min(width - j, last - pixel)
            begin = (stride * i + a) * stride * width + stride * j + b
            to, given = dx[c, begin:], block[c, pixel - first :]
            for q in range(number):
                to[stride * q] = given[q]
            pixel += number


@inner
def convolve_back_thin(place, planes, geometry, tables, turned, products, dx):
    """Write dx (inputs, size) of a convolution with stride 1 and few inputs, tap by tap.

    `geometry` is height, width, pitch and margin, `tables` are offsets, starts, targets and sources, and
    `turned` (inputs x taps, outputs) is the weight.
    """
    height, _, pitch, margin = geometry
    multiply_channels(place, turned, planes, 2 * margin + height * pitch, True, products)
    wait_for_all(place)
    add_taps(place, products, geometry, tables, dx)


@inner
def add_taps(place, products, geometry, tables, dx):
    """Write to dx what its taps see of the `products` (inputs x taps, stride), see `convolve_back_thin`."""
    height, width, pitch, _ = geometry
    offsets, starts, targets, sources = tables
    taps = len(offsets)
    begin, end = part(place, len(dx))
    for c in range(begin, end):
        mine = products[c * taps : (c + 1) * taps]
        for i in range(height):
            row = dx[c, i * width : (i + 1) * width]
            row[:] = 0
            for t in range(taps):
                given = mine[t, offsets[t] + i * pitch : offsets[t] + i * pitch + width]
                for j in range(width):
                    row[j] += given[j]
        for t in range(taps):
            for n in range(starts[t], starts[t + 1]):
                dx[c, targets[n]] += mine[t, sources[n]]


@inner
def correlate_taps(place, padded, offsets, planes, margin, positions, memory, sums, gradient):
    """Write the gradient (outputs, inputs, taps) of the weight; `sums` (taps, inputs, outputs) are its own.

    `planes` have dy with zeros between its rows, where `padded` has what is not an output's.
    """
    begin, end = part(place, len(padded))
    if begin == end:
        return
    taps, outputs = len(offsets), len(planes)
    for first in range(0, positions, DEPTH):
        last = min(first + DEPTH, positions)
        panels = panels_in(memory[place.thread], last - first, outputs)
        pack_rows(planes[:, margin + first : margin + last], panels)
        for t in range(taps):
            a = padded[begin:end, offsets[t] + first : offsets[t] + last]
            multiply(a, panels, first == 0, sums[t, begin:end])
    for o in range(outputs):
        for c in range(begin, end):
            to = gradient[o, c]
            for t in range(taps):
                to[t] = sums[t, c, o]


@inner
def spread_and_correlate(place, dy, size, planes, padded, offsets, positions, memory, sums, gradient):
    """Do `add_margins` and `correlate_taps`; `size` is the height, the width, the pitch and the margin."""
    height, width, pitch, margin = size
    add_margins(place, dy, height, width, pitch, margin, planes)
    wait_for_all(place)
    correlate_taps(place, padded, offsets, planes, margin, positions, memory, sums, gradient)

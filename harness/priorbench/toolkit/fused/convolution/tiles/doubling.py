# mypy: allow-untyped-defs, allow-untyped-calls
"""Bilinear upsampling by two after a convolution has put its numbers on every second place, and back.

With s the convolution's numbers, first what is before the image, y_r = s_(r-1) / 4 + 3 s_r / 4 +
3 s_(r+1) / 4 + s_(r+2) / 4, where s_(-1) is s_1. Numbers 4 and 6 after those of the image are what a padding
adds to the first and the last y, see `priorbench.toolkit.fused.convolution.tiles.algorithms.extended`.
"""

from __future__ import annotations

import numpy as np

from priorbench.toolkit.fused.compiled import inner
from priorbench.toolkit.fused.convolution.lines import combine
from priorbench.toolkit.fused.convolution.tiles.transforms import along, filtered

#: rows before those of a row of tiles that are needed again
BEFORE = 3
_WEIGHTS = np.array([0.25, 0.75, 0.75, 0.25])
_smooth = along(_WEIGHTS[None])
_add_filtered, _filter = (filtered(_WEIGHTS, add=add) for add in (True, False))


@inner
def smooth_rows(sums, pitch, first, number, plane, height, width, line):
    """Add to the image what `number` rows complete, from row `first` of s on; `BEFORE` of them are before."""
    if first == 0:
        before, same = sums[2 * pitch : 3 * pitch], sums[4 * pitch : 5 * pitch]
        for q in range(pitch):
            before[q] = same[q]
    for r in range(max(0, first - 2), min(height, first + number - 2)):
        _smooth(sums, (r + 2 - first) * pitch, pitch, line, 16, 0, width + 8)
        _add_smooth(line, plane, r * width, width)
    for r, extra in ((0, height + 4), (height - 1, height + 6)):
        if first <= extra < first + number:
            begin = (extra - first + BEFORE) * pitch
            given = sums[begin : begin + width + 8]
            for q in range(width + 8):
                line[16 + q] = given[q]
            _add_smooth(line, plane, r * width, width)


@inner
def _add_smooth(line, plane, begin, width):
    """Add to a row what its sums, from number 16 of the line on, are upsampled."""
    line[15] = line[17]
    _add_filtered(line, 15, 0, plane, begin, 0, width)
    plane[begin] += line[16 + width + 4]
    plane[begin + width - 1] += line[16 + width + 6]


@inner
def spread_rows(plane, height, width, first, number, room, starts, weights, lines, pitch):
    """Write `number` rows of the gradient by s, from row `first` on, to `lines`: transposed."""
    far = plane.dtype.type(0.25)
    for n in range(number):
        j = first + n
        count = 0
        if j < height + 2:
            for back in range(4):
                if 0 <= j + 1 - back < height:
                    starts[count] = (j + 1 - back) * width
                    weights[count] = 0.25 if back == 0 or back == 3 else 0.75
                    count += 1
        if j == 1 or j == height + 4:
            starts[count], weights[count] = 0, 0.25 if j == 1 else 1
            count += 1
        elif j == height + 6:
            starts[count], weights[count] = (height - 1) * width, 1
            count += 1
        if count == 0:
            lines[n * pitch : n * pitch + width + 8] = 0
            continue
        combine(room, 16, plane, starts, weights, count, width)
        room[16 + width : 16 + width + 4] = 0
        begin = n * pitch
        _filter(room, 14, 0, lines, begin, 0, width + 2)
        lines[begin + 1] += far * room[16]
        for c in range(width + 2, width + 8):
            lines[begin + c] = 0
        lines[begin + width + 4], lines[begin + width + 6] = room[16], room[15 + width]

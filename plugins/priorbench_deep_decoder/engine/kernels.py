# mypy: allow-untyped-defs, allow-untyped-calls
"""Kernels of one hidden layer: Z = B C is kept, its activation X is made again, in tiles, where it is needed.

With U the upsampling (or nothing), V = U Z, and x^ the normalisation without its trainable scale and shift:

* after activation: X = x^ = (relu(V) - mean) / std; scale and shift are part of the mixing that follows;
* before activation: X = relu(scale x^ + shift) with x^ = (V - mean) / std.

Either way X = max(max(V, lower) a + b, outer), a and b a number for each channel: all that the kernels know.

Z is (height, width, k), what belongs to X is (pixels, ...). A call does the bands of one thread, that at
`place`; `memory` and `layer` are what `priorbench_deep_decoder.engine.memory` says.
"""

from __future__ import annotations

from priorbench.toolkit.fused.barrier import part
from priorbench.toolkit.fused.compiled import inlined, inner
from priorbench_deep_decoder.engine import flat, products, upsampled
from priorbench_deep_decoder.engine.bands import limits, pixels_of, step_of
from priorbench_deep_decoder.engine.memory import bounds_of, edges_of, panels_of


@inner
def _expand(z, up, begin, end, lower, scale, offset, outer, tile):
    """Return X of rows of cells, or pixels, in memory of the tile."""
    first, last = pixels_of(z, up, begin, end)
    x = tile[: last - first]
    if up:
        rows = x.reshape((last - first) // (2 * z.shape[1]), 2 * z.shape[1], z.shape[2])
        upsampled.expand(z, begin, end, lower, scale, offset, outer, rows)
    else:
        flat.expand(z.reshape(-1, z.shape[2])[begin:end], lower, scale, offset, outer, x)
    return x


@inlined
def statistics(place, memory, layer, shift):
    """Write to ``memory.totals`` each band's sums of x - shift and (x - shift)^2 over x = max(V, lower)."""
    _, z, up, bands = layer
    lower, _ = bounds_of(memory)
    begin, end = part(place, bands)
    for band in range(begin, end):
        totals = memory.totals[band]
        totals[:] = 0
        start, stop = limits(z, up, band, bands)
        if up:
            upsampled.statistics(z, start, stop, lower, shift, totals)
        else:
            flat.statistics(z.reshape(-1, z.shape[2])[start:stop], lower, shift, totals)


@inlined
def mix(place, memory, layer, weight, bias, out):
    """Write X weight^T + bias to `out` (pixels, outputs); ``memory.panels`` hold weight^T."""
    n, z, up, bands = layer
    lower, outer = bounds_of(memory)
    transform, tile = memory.transform[n], memory.tiles[place.thread]
    scale, offset = transform[0], transform[1]
    panels, step = panels_of(memory, weight.T), step_of(z, up, tile)
    begin, end = part(place, bands)
    for band in range(begin, end):
        top, bottom = limits(z, up, band, bands)
        for start in range(top, bottom, step):
            stop = min(start + step, bottom)
            first, last = pixels_of(z, up, start, stop)
            x = _expand(z, up, start, stop, lower, scale, offset, outer, tile)
            products.mix(x, weight, panels, memory.halves, place.thread, bias, out[first:last])


@inlined
def correlate(place, memory, layer, d, parts, columns):
    """Write d^T X to `parts` (bands, outputs, k) and the sum of d over pixels to `columns` (bands, outputs).

    Sums of d are left out where the normalisation is not last.
    """
    n, z, up, bands = layer
    lower, outer = bounds_of(memory)
    transform, tile = memory.transform[n], memory.tiles[place.thread]
    scale, offset = transform[0], transform[1]
    step = step_of(z, up, tile)
    begin, end = part(place, bands)
    for band in range(begin, end):
        columns[band] = 0
        top, bottom = limits(z, up, band, bands)
        for start in range(top, bottom, step):
            stop = min(start + step, bottom)
            first, last = pixels_of(z, up, start, stop)
            x = _expand(z, up, start, stop, lower, scale, offset, outer, tile)
            packed, halves = memory.packed[place.thread], memory.halves
            products.correlate(d[first:last], x, packed, halves, place.thread, start == top, parts[band])
            if memory.normalise_last:
                products.sum_up(d[first:last], memory.sums[place.thread], columns[band])


@inner
def _clear(rows, begin, end):
    for i in range(begin, end):
        for j in range(rows.shape[1]):
            for c in range(rows.shape[2]):
                rows[i, j, c] = 0


@inlined
def through_normalisation_last(place, memory, layer, d, weight, gradient):
    """Turn d = dL/d(next Z) into dL/dZ = U* of: d weight + slope V + constant where V > 0, and 0 elsewhere.

    It is written to `gradient` where Z is upsampled, without what `join` adds, and to Z where it is not.
    Slope and constant are in ``memory.lines``, weight is in ``memory.panels``.
    """
    _, z, up, bands = layer
    k, tile, edges = z.shape[2], memory.tiles[place.thread], edges_of(memory, layer)
    one, none, slope, constant = memory.plain[0], memory.plain[1], memory.lines[1], memory.lines[2]
    panels, step = panels_of(memory, weight), step_of(z, up, tile)
    begin, end = part(place, bands)
    for band in range(begin, end):
        top, bottom = limits(z, up, band, bands)
        shared = bottom if band < bands - 1 else -1
        if up:
            _clear(gradient, max(top, 0), bottom)
            _clear(edges, band, band + 1)
        for start in range(top, bottom, step):
            stop = min(start + step, bottom)
            first, last = pixels_of(z, up, start, stop)
            g = tile[: last - first]
            products.spread(d[first:last], weight, panels, memory.halves, place.thread, g)
            if up:
                rows, edge = g.reshape(-1, 2 * z.shape[1], k), edges[band]
                upsampled.adjoint(z, start, stop, rows, one, none, slope, constant, gradient, edge, shared)
            else:
                flat.gradient(z.reshape(-1, k)[start:stop], g, one, none, one, slope, constant, True)


@inner
def _add(given, to):
    for j in range(to.shape[0]):
        for c in range(to.shape[1]):
            to[j, c] += given[j, c]


@inlined
def join(place, memory, layer, gradient):
    """Add what the bands found for the first coarse row of the next one."""
    _, z, up, bands = layer
    edges = edges_of(memory, layer)
    begin, end = part(place, bands)
    if up:
        for band in range(begin, min(end, bands - 1)):
            _, shared = limits(z, up, band, bands)
            _add(edges[band], gradient[shared])


@inlined
def masked_adjoint(place, memory, layer, d, weight, gradient):
    """Write to ``memory.totals`` each band's sums of h and h (V - mean).

    Here h is d weight where V scale + offset > 0, else 0; ``memory.panels`` hold the weight. Where Z is
    upsampled, U* h is written to `gradient`, without what `join` adds.
    """
    n, z, up, bands = layer
    k, tile, edges = z.shape[2], memory.tiles[place.thread], edges_of(memory, layer)
    transform, none = memory.transform[n], memory.plain[1]
    scale, offset, mean = transform[0], transform[1], transform[2]
    panels, step = panels_of(memory, weight), step_of(z, up, tile)
    begin, end = part(place, bands)
    for band in range(begin, end):
        totals = memory.totals[band]
        totals[:] = 0
        top, bottom = limits(z, up, band, bands)
        shared = bottom if band < bands - 1 else -1
        if up:
            _clear(gradient, max(top, 0), bottom)
            _clear(edges, band, band + 1)
        for start in range(top, bottom, step):
            stop = min(start + step, bottom)
            first, last = pixels_of(z, up, start, stop)
            g = tile[: last - first]
            products.spread(d[first:last], weight, panels, memory.halves, place.thread, g)
            if up:
                rows, edge = g.reshape(-1, 2 * z.shape[1], k), edges[band]
                upsampled.moments(z, start, stop, rows, scale, offset, mean, totals)
                upsampled.adjoint(z, start, stop, rows, scale, offset, none, none, gradient, edge, shared)
            else:
                flat.moments(z.reshape(-1, k)[start:stop], g, scale, offset, mean, totals)


@inlined
def through_activation_last(place, memory, layer, d, weight, gradient):
    """Turn U* h in `gradient` (see `masked_adjoint`) into dL/dZ = factor U* h + slope U* V + constant.

    Where Z is not upsampled h is made again, and dL/dZ written to Z. Factor, slope and constant are in
    ``memory.lines``.
    """
    n, z, up, bands = layer
    transform, lines, tile = memory.transform[n], memory.lines, memory.tiles[place.thread]
    scale, offset, panels = transform[0], transform[1], panels_of(memory, weight)
    factor, slope, constant = lines[0], lines[1], lines[2]
    begin, end = part(place, bands)
    if up:
        first, last = part(place, len(z))
        upsampled.smooth(z, first, last, factor, slope, constant, gradient)
        end = begin
    for band in range(begin, end):
        top, bottom = limits(z, up, band, bands)
        for start in range(top, bottom, tile.shape[0]):
            stop = min(start + tile.shape[0], bottom)
            g = tile[: stop - start]
            products.spread(d[start:stop], weight, panels, memory.halves, place.thread, g)
            pixels = z.reshape(-1, z.shape[2])[start:stop]
            flat.gradient(pixels, g, scale, offset, factor, slope, constant, False)

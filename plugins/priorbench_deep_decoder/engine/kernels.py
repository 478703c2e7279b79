# mypy: allow-untyped-defs, allow-untyped-calls
"""One hidden layer: Z = B C is kept, its activation X exists only in tiles, made again whenever it is needed.

With U the upsampling (or nothing), V = U Z, and x^ the normalisation without its trainable scale and shift:

* after activation: X = x^ = (relu(V) - mean) / std; scale and shift are part of the mixing that follows;
* before activation: X = relu(scale x^ + shift) with x^ = (V - mean) / std.

Either way X = max(max(V, lower) a + b, outer), a and b a number for each channel: all that the kernels know.

Z is (height, width, k), what belongs to X is (pixels, ...). A call does the bands begin to end - 1 of `bands`
bands, with memory for tiles (threads, pixels, k) of which it uses its thread's.
"""

from __future__ import annotations

from priorbench.toolkit.fused.compiled import inner
from priorbench_deep_decoder.engine import flat, products, upsampled
from priorbench_deep_decoder.engine.bands import limits, pixels_of, step_of


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


@inner
def statistics(thread, begin, end, bands, z, up, floor, shift, totals):
    """Add to `totals` (bands, 2, k) the sums of x - shift and (x - shift)^2 over x = max(V, floor)."""
    for band in range(begin, end):
        start, stop = limits(z, up, band, bands)
        if up:
            upsampled.statistics(z, start, stop, floor, shift, totals[band])
        else:
            flat.statistics(z.reshape(-1, z.shape[2])[start:stop], floor, shift, totals[band])


@inner
def mix(thread, begin, end, bands, z, up, lower, scale, offset, outer, weight, bias, out, tiles):
    """Write X weight^T + bias to `out` (pixels, outputs)."""
    tile = tiles[thread]
    step = step_of(z, up, tile)
    for band in range(begin, end):
        top, bottom = limits(z, up, band, bands)
        for start in range(top, bottom, step):
            stop = min(start + step, bottom)
            first, last = pixels_of(z, up, start, stop)
            x = _expand(z, up, start, stop, lower, scale, offset, outer, tile)
            products.mix(x, weight, bias, out[first:last])


@inner
def correlate(
    thread, begin, end, bands, z, up, lower, scale, offset, outer, d, parts, spares, columns, tiles
):
    """Write d^T X to `parts` (bands, outputs, k), add the sum of d over pixels to `columns` (bands, outputs).

    Sums of d are left out where `columns` has no columns.
    """
    tile = tiles[thread]
    step = step_of(z, up, tile)
    for band in range(begin, end):
        top, bottom = limits(z, up, band, bands)
        for start in range(top, bottom, step):
            stop = min(start + step, bottom)
            first, last = pixels_of(z, up, start, stop)
            x = _expand(z, up, start, stop, lower, scale, offset, outer, tile)
            products.correlate(d[first:last], x, start == top, spares[thread], parts[band])
            if columns.shape[1]:
                products.sum_up(d[first:last], spares[thread].reshape(-1), columns[band])


@inner
def _clear(rows, begin, end):
    for i in range(begin, end):
        for j in range(rows.shape[1]):
            for c in range(rows.shape[2]):
                rows[i, j, c] = 0


@inner
def through_normalisation_last(
    thread, begin, end, bands, z, up, d, weight, one, none, slope, constant, gradient, edges, tiles
):
    """Turn d = dL/d(next Z) into dL/dZ = U* of: d weight + slope V + constant where V > 0, and 0 elsewhere.

    It is written to `gradient` where Z is upsampled, without what `join` adds, and to Z where it is not.
    `one` and `none` are ones and zeros, (k,).
    """
    tile, k = tiles[thread], z.shape[2]
    step = step_of(z, up, tile)
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
            products.spread(d[first:last], weight, g)
            if up:
                rows, edge = g.reshape(-1, 2 * z.shape[1], k), edges[band]
                upsampled.adjoint(z, start, stop, rows, one, none, slope, constant, gradient, edge, shared)
            else:
                flat.gradient(z.reshape(-1, k)[start:stop], g, one, none, one, slope, constant, True)


@inner
def join(bands, gradient, edges):
    """Add what the bands found for the first coarse row of the next one."""
    for band in range(bands - 1):
        _, end = limits(gradient, True, band, bands)
        for j in range(gradient.shape[1]):
            for c in range(gradient.shape[2]):
                gradient[end, j, c] += edges[band, j, c]


@inner
def masked_adjoint(
    thread, begin, end, bands, z, up, d, weight, scale, offset, centre, none, gradient, totals, edges, tiles
):
    """Add to `totals` (bands, 2, k) the sums of h and h (V - centre).

    Here h is d weight where V scale + offset > 0, else 0. Where Z is upsampled, U* h is written to
    `gradient`, without what `join` adds. `none` are zeros, (k,).
    """
    tile, k = tiles[thread], z.shape[2]
    step = step_of(z, up, tile)
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
            products.spread(d[first:last], weight, g)
            if up:
                rows, edge = g.reshape(-1, 2 * z.shape[1], k), edges[band]
                upsampled.moments(z, start, stop, rows, scale, offset, centre, totals[band])
                upsampled.adjoint(z, start, stop, rows, scale, offset, none, none, gradient, edge, shared)
            else:
                flat.moments(z.reshape(-1, k)[start:stop], g, scale, offset, centre, totals[band])


@inner
def through_activation_last(
    thread, begin, end, bands, z, up, d, weight, scale, offset, factor, slope, constant, gradient, tiles
):
    """Turn U* h in `gradient` (see `masked_adjoint`) into dL/dZ = factor U* h + slope U* V + constant.

    Where Z is not upsampled h is made again, and dL/dZ written to Z.
    """
    tile, height = tiles[thread], z.shape[0]
    if up:
        first, last = begin * height // bands, end * height // bands
        upsampled.smooth(z, first, last, factor, slope, constant, gradient)
        return
    for band in range(begin, end):
        top, bottom = limits(z, up, band, bands)
        for start in range(top, bottom, tile.shape[0]):
            stop = min(start + tile.shape[0], bottom)
            g = tile[: stop - start]
            products.spread(d[start:stop], weight, g)
            pixels = z.reshape(-1, z.shape[2])[start:stop]
            flat.gradient(pixels, g, scale, offset, factor, slope, constant, False)

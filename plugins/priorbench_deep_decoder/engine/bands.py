# mypy: allow-untyped-defs, allow-untyped-calls
"""Cuts a layer's work into bands for the threads, and bands into tiles for the cache.

A band is a run of rows of cells (layers that upsample) or of pixels (those that do not). Their number does
not depend on the number of threads, and sums over bands are taken in order: threads do not change the bits.
"""

from __future__ import annotations

from priorbench.toolkit.fused.compiled import inner

#: bands of a layer, at most
BANDS = 8


@inner
def number_of(z, up):
    """Return the number of bands of a layer: each has at least two rows of cells, or 16 pixels."""
    return max(1, min(BANDS, (z.shape[0] + 1) // 2 if up else z.shape[0] * z.shape[1] // 16))


@inner
def limits(z, up, band, bands):
    """Return the first row of cells, or pixel, of a band and the one after its last."""
    first, length = (-1, z.shape[0] + 1) if up else (0, z.shape[0] * z.shape[1])
    return first + band * length // bands, first + (band + 1) * length // bands


@inner
def pixels_of(z, up, begin, end):
    """Return the first pixel of X that belongs to rows of cells, or pixels, of Z and that after its last."""
    if not up:
        return begin, end
    height, wide = z.shape[0], 2 * z.shape[1]
    return max(2 * begin + 1, 0) * wide, min(2 * end + 1, 2 * height) * wide


@inner
def step_of(z, up, tile):
    """Return the rows of cells, or pixels, whose pixels of X fill a tile (pixels, channels)."""
    return max(1, tile.shape[0] // (4 * z.shape[1]) if up else tile.shape[0])

"""Writes 16-bit PNG, which Pillow cannot do in colour or with alpha."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from priorbench.pictures.wanted import Kept

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: planes -> colour type of the format: grey, grey with alpha, RGB, RGB with alpha
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_METRES = 0.0254  # of an inch
_UP = 2  # filter: the difference from the row above


def write_png16(stream: BinaryIO, levels: NDArray[np.uint16], kept: Kept) -> None:
    """Write a picture.

    Parameters
    ----------
    stream : BinaryIO
        the file.
    levels : ndarray of uint16
        (height, width, 1 to 4): grey or RGB, and an alpha plane.
    kept : Kept
        profile, resolution and EXIF go into the file.

    Notes
    -----
    Portable Network Graphics (PNG) Specification, third edition, W3C (2025).
    """
    height, width, planes = levels.shape
    stream.write(_SIGNATURE)
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPES[planes], 0, 0, 0)
    for name, data in ((b"IHDR", header), *_beside(kept), (b"IDAT", _packed(levels)), (b"IEND", b"")):
        stream.write(struct.pack(">I", len(data)) + name + data)
        stream.write(struct.pack(">I", zlib.crc32(name + data)))


def _beside(kept: Kept) -> Iterable[tuple[bytes, bytes]]:
    if kept.icc:
        yield b"iCCP", b"ICC Profile\0\0" + zlib.compress(kept.icc)
    if kept.resolution:
        yield b"pHYs", struct.pack(">IIB", *(round(dots / _METRES) for dots in kept.resolution), 1)
    if kept.exif:
        yield b"eXIf", kept.exif


def _packed(levels: NDArray[np.uint16]) -> bytes:
    """Return the rows, high byte first, each less the one above, compressed."""
    rows: NDArray[Any] = np.ascontiguousarray(levels, dtype=">u2").reshape(len(levels), -1).view(np.uint8)
    filtered = np.empty((len(rows), 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return zlib.compress(filtered.tobytes())

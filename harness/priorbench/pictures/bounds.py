"""What a file may hold beside the pixels that it announces: told before decoding, where that is exact."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any, BinaryIO

from PIL import TiffImagePlugin
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    COMPRESSION,
    SAMPLESPERPIXEL,
    STRIPBYTECOUNTS,
    TILEBYTECOUNTS,
    TILELENGTH,
    TILEWIDTH,
)

from priorbench.pictures.formats.tiff_tags import stored_size
from priorbench.pictures.wanted import UnusableImageError

#: scans of a JPEG. Usual progressive ones have 10, the most refined some 20; each goes through all pixels
MAX_SCANS = 200
#: Compressed data of a TIFF may be this many times its pixels, and this much more: poor compression adds half
_TIFF_TIMES, _TIFF_MORE = 4, 2**16
#: pixels of a tile that any TIFF may have: 2048 x 2048
_TILE_PIXELS = 2**22
_UNCOMPRESSED = 1
#: Begins the header of a scan. Inside the data of a scan FF is followed by 00, or by a marker without length.
_SCAN = re.compile(rb"\xff\xda\x00")  # takes half the time of bytes.count
_BLOCK = 1 << 16


def check_scans(stream: BinaryIO) -> None:
    """Refuse a JPEG with more scans than `MAX_SCANS`.

    Those of previews, and of further pictures behind the first one, count too: there are few.
    """
    stream.seek(0)
    count, rest = 0, b""
    while count <= MAX_SCANS and (block := stream.read(_BLOCK)):
        block = rest + block
        count += len(_SCAN.findall(block))
        rest = block[-2:]
    if count > MAX_SCANS:
        raise UnusableImageError(f"more than {MAX_SCANS} scans: save it as a usual JPEG")


def check_pillow_tiff(image: TiffImagePlugin.TiffImageFile) -> None:
    """Refuse a TIFF by its tags, as Pillow has read them: see `check_tiff`."""
    tags = image.tag_v2
    width, height = stored_size(tags)
    check_tiff(
        width=width,
        height=height,
        pixel_bits=_largest(tags.get(BITSPERSAMPLE), 1) * _largest(tags.get(SAMPLESPERPIXEL), 1),
        tile=(_largest(tags.get(TILEWIDTH), 0), _largest(tags.get(TILELENGTH), 0)),
        compressed=_largest(tags.get(COMPRESSION), _UNCOMPRESSED) != _UNCOMPRESSED,
        counts=_numbers(tags.get(TILEBYTECOUNTS) or tags.get(STRIPBYTECOUNTS)),
    )


def check_tiff(
    *,
    width: int,
    height: int,
    pixel_bits: int,
    tile: tuple[int, int],
    compressed: bool,
    counts: Iterable[int],
) -> None:
    """Refuse a TIFF whose tiles, or whose compressed data, are far larger than its pixels.

    Parameters
    ----------
    width, height : int
        in pixels.
    pixel_bits : int
        bits of a pixel with all its samples.
    tile : tuple of int
        width and height of a tile, in pixels; 0 = strips.
    compressed : bool
        whether the data have to be decompressed.
    counts : iterable of int
        bytes of each strip or tile in the file.
    """
    across, down = tile
    pixels = width * height
    if across > 0 and down > 0:
        if across * down > max(_TILE_PIXELS, 4 * pixels):
            raise UnusableImageError(f"tiles of {across} x {down} in a picture of {width} x {height}")
        pixels = math.ceil(width / across) * math.ceil(height / down) * across * down
    found = sum(counts)
    if compressed and found > _TIFF_TIMES * (pixels * pixel_bits // 8) + _TIFF_MORE:
        raise UnusableImageError(
            f"{found} bytes of compressed data for {width} x {height} pixels: save it with another program"
        )


def webp_size(head: bytes) -> tuple[int, int]:
    """Return (width, height) that the first 32 bytes of a WebP file announce; (0, 0) = not told.

    Pillow takes the memory of a whole picture, or several, when it opens one.
    """
    kind, data = head[12:16], head[20:30]
    if len(data) < 10:
        return 0, 0
    if kind == b"VP8X":
        return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF
    return 0, 0


def _numbers(value: Any) -> tuple[int, ...]:
    """Return the integers of a tag, whatever a file has put there."""
    values = value if isinstance(value, tuple) else (value,)
    return tuple(number for number in values if isinstance(number, int))


def _largest(value: Any, otherwise: int) -> int:
    return max(_numbers(value), default=otherwise)

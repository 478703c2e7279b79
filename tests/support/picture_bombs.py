"""Small picture files that ask for much time or memory, made by the specifications of the formats."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import picture_files as make
from PIL import Image

_PIXELS = make.photograph(64, 64)
_SHORT, _LONG = 3, 4


def many_scans(count: int, side: int = 64) -> bytes:
    """Return a progressive JPEG in which the last scan comes again and again."""
    data = make.encoded(np.full((side, side, 3), 128, np.uint8), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def announced_jpeg(width: int, height: int) -> bytes:
    """Return a JPEG that claims another size than it has."""
    data = bytearray(make.encoded(_PIXELS, "JPEG"))
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def segments(count: int, marker: int = 0xE1, beginning: bytes = b"Exif\0\0") -> bytes:
    """Return a JPEG with many full application segments."""
    payload = beginning + bytes(65_533 - len(beginning))
    data = make.encoded(_PIXELS, "JPEG")
    return data[:2] + (struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload) * count + data[2:]


def tiff(
    tags: dict[int, tuple[int, Sequence[int]]], data: bytes, *, directories: int = 1, cycle: bool = False
) -> bytes:
    """Return a little-endian TIFF: tag -> (type, values), its data at byte 8; ``0xDA7A`` is their place."""
    out = bytearray(b"II*\0" + struct.pack("<I", 8 + len(data) + len(data) % 2))
    out += data + b"\0" * (len(data) % 2)
    first = len(out)
    for number in range(directories):
        entries, more = b"", b""
        behind = len(out) + 2 + 12 * len(tags) + 4
        for tag, (kind, values) in sorted(tags.items()):
            packed = struct.pack(f"<{len(values)}{'H' if kind == _SHORT else 'I'}", *values)
            if len(packed) > 4:
                place, more = behind + len(more), more + packed
                packed = struct.pack("<I", place)
            entries += struct.pack("<HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
        following = behind + len(more)
        if number == directories - 1:
            following = first if cycle else 0
        out += struct.pack("<H", len(tags)) + entries + struct.pack("<I", following) + more
    return bytes(out)


def tags_of(
    width: int,
    height: int,
    *,
    bits: Sequence[int],
    counts: Sequence[int],
    compression: int = 8,
    form: int = 3,
) -> dict[int, tuple[int, Sequence[int]]]:
    """Return the tags of a striped TIFF: ``form`` 1 = integers, 3 = floating point."""
    return {
        256: (_LONG, (width,)),
        257: (_LONG, (height,)),
        258: (_SHORT, bits),
        259: (_SHORT, (compression,)),
        262: (_SHORT, (2 if len(bits) == 3 else 1,)),
        273: (_LONG, [8 + sum(counts[:number]) for number in range(len(counts))]),
        277: (_SHORT, (len(bits),)),
        278: (_LONG, (height,)),
        279: (_LONG, counts),
        339: (_SHORT, [form] * len(bits)),
    }


def inflating_tiff(inflated: int, bits: Sequence[int] = (32,)) -> bytes:
    """Return a floating-point TIFF of 64 x 64 whose one strip inflates to so many bytes."""
    data = make.zeros_deflated(inflated)
    return tiff(tags_of(64, 64, bits=bits, counts=(len(data),)), data)


def huge_tile_tiff() -> bytes:
    """Return a TIFF of 64 x 64 in one tile of 32768 x 32768."""
    data = zlib.compress(bytes(64))
    tags = tags_of(64, 64, bits=(8,), counts=(len(data),), form=1)
    del tags[273], tags[278], tags[279]
    tags |= {322: (_LONG, (32768,)), 323: (_LONG, (32768,)), 324: (_LONG, (8,)), 325: (_LONG, (len(data),))}
    return tiff(tags, data)


def many_pages_tiff(count: int, *, cycle: bool = False, bits: Sequence[int] = (8,)) -> bytes:
    """Return a TIFF with many directories of one picture, or one that leads round."""
    data = bytes(64 * 64 * len(bits) * bits[0] // 8)
    form = 1 if bits[0] == 8 else 3
    tags = tags_of(64, 64, bits=bits, counts=(len(data),), compression=1, form=form)
    return tiff(tags, data, directories=count, cycle=cycle)


def many_frames_gif(count: int) -> bytes:
    """Return a GIF with its one frame again and again."""
    data = make.encoded(_PIXELS[..., 0], "GIF")
    frame = data.index(b"\x2c", 13 + 3 * 2 ** ((data[10] & 7) + 1))
    return data[:frame] + data[frame:-1] * count + b";"


def animation(suffix: str) -> bytes:
    """Return two frames as APNG or WebP."""
    stream = io.BytesIO()
    first, second = Image.fromarray(_PIXELS), Image.fromarray(255 - _PIXELS)
    first.save(stream, suffix, save_all=True, append_images=[second], duration=10)
    return stream.getvalue()


def announced_webp(width: int, height: int) -> bytes:
    """Return a WebP that claims a canvas and holds next to nothing."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunks = b"VP8X" + struct.pack("<II", 10, 2) + canvas
    chunks += b"ANIM" + struct.pack("<IIH", 6, 0, 0)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def run_length_bmp(width: int, height: int) -> bytes:
    """Return a BMP whose run-length data end at once."""
    palette = bytes(1024)
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, 2, 0, 0, 256, 0)
    start = 14 + len(header) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + 2, 0, 0, start) + header + palette + b"\0\x01"


def png_with_long_end(path: Path, length: int) -> None:
    """Write a good PNG with one more IDAT of `length` bytes, all holes, behind its pixels."""
    data = make.encoded(_PIXELS)
    end = data.rindex(b"IEND") - 4
    with path.open("wb") as stream:
        stream.write(data[:end] + struct.pack(">I", length) + b"IDAT")
        stream.truncate(stream.tell() + length + 4)
        stream.seek(0, 2)
        stream.write(data[end:])


def text_chunks(count: int) -> bytes:
    """Return a PNG with many compressed texts, each just below Pillow's limit for one."""
    text = b"Comment\0\0" + zlib.compress(bytes(1_000_000), 9)
    return make.png(_PIXELS, 2, extra=make.chunk(b"zTXt", text) * count)


def profile_bomb(size: int) -> bytes:
    """Return a PNG whose colour profile inflates."""
    return make.png(_PIXELS, 2, extra=make.chunk(b"iCCP", b"icc\0\0" + make.zeros_deflated(size)))

"""Awkward picture files, made on the spot: deterministic, synthetic, written without the code under test."""

from __future__ import annotations

import functools
import gzip
import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def photograph(height: int = 64, width: int = 64, channels: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    """Return a smooth picture with texture, uint8 (height, width, channels), (height, width) for one."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    wave = np.sin(x / 7 + seed)[..., None] * np.cos(y / 9)[..., None] * [60, 45, 30, 20][:channels]
    noisy = 120 + wave + rng.normal(0, 12, (height, width, channels))
    picture = np.clip(noisy, 0, 255).astype(np.uint8)
    return picture[..., 0] if channels == 1 else picture


def encoded(
    pixels: NDArray[np.generic], suffix: str = "PNG", mode: str | None = None, **options: object
) -> bytes:
    """Return the bytes of a file that Pillow writes."""
    stream = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(stream, suffix, **options)
    return stream.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a PNG chunk with its length and check sum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(
    samples: NDArray[np.unsignedinteger], colour_type: int, *, filtered: bool = False, extra: bytes = b""
) -> bytes:
    """Return a PNG of 8 or 16 bits, by the specification alone.

    Parameters
    ----------
    samples : ndarray
        uint8 or uint16, (height, width) or (height, width, channels).
    colour_type : int
        0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA.
    filtered : bool, default False
        the five filters in turn, row by row, instead of none.
    extra : bytes, optional
        chunks between the header and the pixels.
    """
    height, width = samples.shape[:2]
    depth = samples.dtype.itemsize
    rows = samples.astype(f">u{depth}").tobytes()
    stride = width * _CHANNELS[colour_type] * depth
    lines = [rows[start : start + stride] for start in range(0, len(rows), stride)]
    data, above = b"", bytes(stride)
    for number, line in enumerate(lines):
        kind = number % 5 if filtered else 0
        data += bytes([kind]) + _filter(line, above, kind, _CHANNELS[colour_type] * depth)
        above = line
    header = struct.pack(">IIBBBBB", width, height, 8 * depth, colour_type, 0, 0, 0)
    return assembled(header, zlib.compress(data), extra)


def interlaced_png(samples: NDArray[np.unsignedinteger], colour_type: int) -> bytes:
    """Return a PNG in the seven passes of Adam7 (PNG specification, section 8.2), unfiltered."""
    height, width = samples.shape[:2]
    depth = samples.dtype.itemsize
    data = b""
    for top, left, down, right in (
        (0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)
    ):  # fmt: skip
        part = samples[top::down, left::right].astype(f">u{depth}")
        if part.size:
            data += b"".join(b"\0" + row.tobytes() for row in part)
    header = struct.pack(">IIBBBBB", width, height, 8 * depth, colour_type, 0, 0, 1)
    return assembled(header, zlib.compress(data))


def assembled(header: bytes, data: bytes, extra: bytes = b"") -> bytes:
    """Return a PNG made of a header and compressed rows."""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _filter(line: bytes, above: bytes, kind: int, step: int) -> bytes:
    """Filter a row: 0 none, 1 left, 2 up, 3 mean, 4 Paeth (PNG specification, section 9)."""
    out = bytearray()
    for position, value in enumerate(line):
        a = line[position - step] if position >= step else 0
        b = above[position]
        c = above[position - step] if position >= step else 0
        distances = (abs(b - c), abs(a - c), abs(a + b - 2 * c))
        paeth = (a, b, c)[distances.index(min(distances))]
        out.append((value - (0, a, b, (a + b) // 2, paeth)[kind]) % 256)
    return bytes(out)


def zeros_deflated(count: int) -> bytes:
    """Return the zlib stream of so many zero bytes, a thousandth of their length."""
    mebibyte = zlib.compressobj(9, wbits=-15)
    block = mebibyte.compress(bytes(1 << 20)) + mebibyte.flush(zlib.Z_FULL_FLUSH)  # says nothing of others
    rest = zlib.compressobj(9, wbits=-15)
    end = rest.compress(bytes(count & 0xFFFFF)) + rest.flush()
    checksum = (count % 65521) << 16 | 1  # Adler-32 of zeros
    return b"\x78\xda" + block * (count >> 20) + end + struct.pack(">I", checksum)


def black_png(width: int, height: int) -> bytes:
    """Return a tiny file that unpacks to a black RGB picture of any size: a bomb, if that is large."""
    data = zeros_deflated((1 + 3 * width) * height)
    return assembled(struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), data)


def bomb_header(width: int, height: int) -> bytes:
    """Return a PNG that only claims its size."""
    return assembled(struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), zlib.compress(b""))


def jpeg_with(pixels: NDArray[np.uint8], marker: int, payload: bytes) -> bytes:
    """Return a JPEG with one more application segment after its start."""
    data = encoded(pixels, "JPEG", quality=90)
    segment = struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
    return data[:2] + segment + data[2:]


def exif_orientation(orientation: int) -> bytes:
    """Return the payload of an EXIF segment that holds an orientation only."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0)


@functools.cache
def broken_files() -> dict[str, tuple[bytes, str]]:
    """Return file name -> (bytes, text that the reason contains) for files that nothing can read."""
    whole_png, whole_jpeg = encoded(photograph(96, 128)), encoded(photograph(96, 128), "JPEG", quality=90)
    flipped = bytearray(whole_png)
    flipped[len(flipped) // 2] ^= 0xFF
    return {
        "01-zero-byte.png": (b"", "empty file"),
        "02-text-renamed.png": (b"this is only text\n" * 20, "not an image"),
        "03-html-error-page.JPEG": (b"<!DOCTYPE html><title>404 Not Found</title>", "not an image"),
        "04-truncated-60pct.png": (whole_png[: len(whole_png) * 6 // 10], "truncated PNG"),
        "05-truncated-60pct.jpg": (whole_jpeg[: len(whole_jpeg) * 6 // 10], "truncated JPEG"),
        "06-truncated-last-bytes.jpg": (whole_jpeg[:-40], "truncated JPEG"),
        "07-bitflip-idat.png": (bytes(flipped), "broken PNG"),
        "08-header-only.png": (whole_png[:33], "PNG"),
        "09-gzip-of-jpeg.JPEG": (gzip.compress(whole_jpeg, mtime=0), "gzip data"),
        "42-png-text-bomb.png": (
            png(
                photograph(8, 8),
                2,
                extra=chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9)),
            ),
            "broken PNG",
        ),
    }

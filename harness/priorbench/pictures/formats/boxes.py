"""What the boxes of AVIF and JPEG 2000 say, and Pillow does not: bits of a sample, colour space."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import BinaryIO

#: bytes of a box that are looked at; the headers of photographs have some hundred
_MOST = 1 << 20
_MOST_BOXES = 1000
_AV1C = re.compile(rb"av1C\x81.(.)", re.DOTALL)
_CODESTREAM = b"\xff\x4f\xff\x51"
_COLOUR = re.compile(rb"colr\x01..(....)", re.DOTALL)
_SRGB, _GREY = 16, 17


def avif_problem(stream: BinaryIO) -> str:
    """Return why an AVIF cannot be used, one line; empty if its header does not tell."""
    found = _AV1C.findall(_box(stream, b"meta"))
    if not found:
        return "AVIF that does not tell its bits a sample: save it as PNG"
    if any(flags[0] & 0x40 for flags in found):
        return "AVIF of 10 or 12 bits a sample, which Pillow cuts to 8: save it as 16-bit PNG or TIFF"
    return ""


def jpeg2000_bits(stream: BinaryIO) -> int:
    """Return the bits of a sample of a JPEG 2000; 0 = they differ, or are signed, or planes are smaller."""
    stream.seek(0)
    head = stream.read(12)
    data = head + stream.read(_MOST) if head.startswith(_CODESTREAM) else _box(stream, b"jp2c")
    count = int.from_bytes(data[40:42], "big")
    parts = data[42 : 42 + 3 * count]
    kinds = {parts[number : number + 3] for number in range(0, 3 * count, 3)}
    if not data.startswith(_CODESTREAM) or len(kinds) != 1 or len(parts) != 3 * count:
        return 0
    depth, across, down = kinds.pop()
    return depth + 1 if depth < 0x80 and (across, down) == (1, 1) else 0


def jpeg2000_problem(stream: BinaryIO) -> str:
    """Return why the colours of a JPEG 2000 cannot be used, one line; empty if its header does not tell."""
    for colours in _COLOUR.findall(_box(stream, b"jp2h")):
        number = int.from_bytes(colours, "big")
        if number not in (_SRGB, _GREY):
            return f"JPEG 2000 of colour space {number}, neither sRGB nor grey: save it as PNG"
    return ""


def _box(stream: BinaryIO, name: bytes) -> bytes:
    """Return the beginning of the first box of a name at the top level; empty if there is none."""
    for kind, start, length in _boxes(stream):
        if kind == name:
            stream.seek(start)
            return stream.read(min(length, _MOST))
    return b""


def _boxes(stream: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, position and length of the content of each box at the top level."""
    end = stream.seek(0, os.SEEK_END)
    position = 0
    for _ in range(_MOST_BOXES):
        stream.seek(position)
        head = stream.read(16)
        length, header = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, header = int.from_bytes(head[8:16], "big"), 16
        if length == 0:
            length = end - position
        if len(head) < 8 or length < header:
            return
        yield head[4:8], position + header, length - header
        position += length

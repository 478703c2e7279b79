"""Finds JPEGs whose data end before their pixels do: libjpeg fills the rest with grey, and says nothing."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import JpegImagePlugin

from priorbench.pictures.wanted import UnusableImageError

_END, _SCAN = 0xD9, 0xDA
_STANDALONE = frozenset({0x01, 0xD8})
_PROGRESSIVE = 0xC2
#: frames with Huffman coding: baseline, extended, progressive, lossless
_HUFFMAN = frozenset({0xC0, 0xC1, _PROGRESSIVE, 0xC3})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: a marker that ends a scan: no stuffed zero, and no restart
_MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_LAST_COEFFICIENT = 63
#: bytes that are looked at: for each sample, and beside them for the metadata
_BYTES_A_SAMPLE, _MORE_BYTES = 8, 2**25
#: Bytes that are not in the file: a decoder that needs more data than there are takes them for data. They
#: begin with other bits than the zeros which it would take otherwise.
_FILLING = bytes((number * 97 + 0xD6) % 255 for number in range(64))
_SHORT_FILLING = _FILLING[:8]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scan:
    """Which coefficients of which components a scan holds, and where its data are in the file."""

    components: tuple[int, ...]
    first: int
    last: int
    bits_to_come: int
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Layout:
    """The frame of a JPEG (marker, bits of a sample, components), its scans, and its end; 0 = not found."""

    frame: int
    bits: int
    components: tuple[int, ...]
    scans: Sequence[_Scan]
    end: int


def why_unreadable(stream: BinaryIO) -> str:
    """Return why a JPEG is of a kind that libjpeg does not decode; empty where that is not the reason."""
    layout = _layout(_read(stream, 0))
    if layout is not None and layout.bits != 8:
        return f"JPEG of {layout.bits} bits a sample: save it as 16-bit PNG or TIFF"
    if layout is not None and layout.frame not in _HUFFMAN:
        return f"JPEG of a rare kind (SOF{layout.frame - 0xC0}): save it as PNG or TIFF"
    return ""


def check_whole(stream: BinaryIO, decoded: NDArray[Any]) -> None:
    """Refuse a JPEG that has an end marker, but not the data of all its pixels.

    It is decoded once more with some bytes put behind the data of each scan, and before each restart marker.
    A decoder that has all pixels skips them. One that still waits for data takes them, and gives others.

    JPEGs with arithmetic coding are not looked at: their coder leaves out zeros at the end.

    Parameters
    ----------
    stream : BinaryIO
        the file.
    decoded : ndarray
        its pixels, as Pillow decodes them.

    Raises
    ------
    UnusableImageError
        the data end early, or the scans of a progressive picture are not complete.
    """
    data = _read(stream, decoded.size)
    layout = _layout(data)
    if layout is None or layout.frame not in _HUFFMAN or not layout.end:
        return
    if not _complete(layout):
        raise UnusableImageError(
            f"truncated JPEG: its scans ({len(layout.scans)}) do not hold the whole picture"
        )
    with JpegImagePlugin.JpegImageFile(io.BytesIO(_filled(data[: layout.end], layout.scans))) as again:
        if not np.array_equal(np.asarray(again), decoded):
            raise UnusableImageError("truncated JPEG: its data end before its pixels do")


def _read(stream: BinaryIO, samples: int) -> bytes:
    """Return the first picture of a file, and not much of what stands behind it: phones put films there."""
    stream.seek(0)
    return stream.read(_MORE_BYTES + _BYTES_A_SAMPLE * samples)


def _filled(data: bytes, scans: Sequence[_Scan]) -> bytes:
    parts, done = [], 0
    for scan in scans:
        body = data[scan.start : scan.end]
        restarts = [marker[0][1] & 7 for marker in _RESTART.finditer(body)]
        if restarts != [number % 8 for number in range(len(restarts))]:
            raise UnusableImageError("damaged JPEG: a part between two restart markers is missing")
        body = _RESTART.sub(lambda marker: _SHORT_FILLING + marker[0], body)
        another = bytes([0xFF, 0xD0 + len(restarts) % 8])  # where whole parts are missing
        parts += [data[done : scan.start], body, _FILLING, another, _FILLING]
        done = scan.end
    return b"".join([*parts, data[done:]])


def _complete(layout: _Layout) -> bool:
    """Tell whether the scans hold each coefficient of each component down to its last bit."""
    missing = {component: dict.fromkeys(range(_LAST_COEFFICIENT + 1), 1) for component in layout.components}
    for scan in layout.scans:
        for component in scan.components:
            found = range(scan.first, min(scan.last, _LAST_COEFFICIENT) + 1)
            missing.get(component, {}).update(dict.fromkeys(found, scan.bits_to_come))
    return not any(any(bits.values()) for bits in missing.values())


def _layout(data: bytes) -> _Layout | None:
    """Return the layout of the first picture in the file; None where there is no frame."""
    frame: tuple[int, int, tuple[int, ...]] | None = None
    scans: list[_Scan] = []
    end = 0
    for marker, start, payload in _segments(data):
        if marker == _END:
            end = start
        elif marker in _FRAMES and frame is None and len(payload) > 5:
            frame = marker, payload[0], tuple(payload[6::3])
        elif marker == _SCAN and frame is not None:
            scan = _scan(payload, frame[0], start + len(payload), data)
            if scan is None:
                return None
            scans.append(scan)
    if frame is None:
        return None
    return _Layout(frame=frame[0], bits=frame[1], components=frame[2], scans=scans, end=end)


def _scan(payload: bytes, frame: int, start: int, data: bytes) -> _Scan | None:
    if not payload or len(payload) < 4 + 2 * payload[0]:
        return None
    first, last, bits = payload[1 + 2 * payload[0] : 4 + 2 * payload[0]]
    if frame != _PROGRESSIVE:
        first, last, bits = 0, _LAST_COEFFICIENT, 0
    return _Scan(
        components=tuple(payload[1 : 1 + 2 * payload[0] : 2]),
        first=first,
        last=last,
        bits_to_come=bits & 0x0F,
        start=start,
        end=_end_of_scan(data, start),
    )


def _end_of_scan(data: bytes, start: int) -> int:
    found = _MARKER.search(data, start)
    return found.start() if found else len(data)


def _segments(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield marker, position and content of each segment of the first picture."""
    position = 2
    while found := _MARKER.search(data, position):
        marker, position = found[1][0], found.end()
        if marker == _END:
            yield marker, position, b""
            return
        if marker in _STANDALONE:
            continue
        length = int.from_bytes(data[position : position + 2], "big")
        yield marker, position + 2, data[position + 2 : position + max(length, 2)]
        position += max(length, 2)

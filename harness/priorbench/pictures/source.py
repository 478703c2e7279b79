"""Opens a picture file and finds its format from its content."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader

from priorbench.pictures.wanted import NotAnImageError, UnusableImageError

#: Suffixes that say "picture" in a folder; the content decides what a file really is.
READABLE_SUFFIXES = frozenset(
    [
        ".png",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".pjpeg",
        ".pjp",
        ".tif",
        ".tiff",
        ".bmp",
        ".gif",
        ".webp",
        ".avif",
        ".jp2",
        ".j2k",
        ".jpf",
        ".ppm",
        ".pgm",
        ".pnm",
        ".pbm",
        ".pfm",
        ".npy",
    ]
)
#: Suffixes of pictures that are not read: phones, cameras, microscopes, telescopes and editors write them.
OTHER_PICTURE_SUFFIXES = frozenset(
    [
        ".heic",
        ".heif",
        ".hif",
        ".jxl",
        ".jxr",
        ".exr",
        ".hdr",
        ".psd",
        ".dng",
        ".cr2",
        ".cr3",
        ".nef",
        ".arw",
        ".orf",
        ".rw2",
        ".raf",
        ".czi",
        ".lif",
        ".lsm",
        ".nd2",
        ".oib",
        ".oif",
        ".vsi",
        ".dcm",
        ".fits",
        ".fit",
        ".qoi",
        ".tga",
        ".pcx",
    ]
)
#: Those of them that JPEGs of phones have too, and AVIFs: only the content tells.
ASKED_SUFFIXES = frozenset([".heic", ".heif", ".hif"])
#: Bytes of a file that tell its format, and the depth of a PNG.
HEAD_BYTES = 32

_FORMATS: Mapping[str, tuple[bytes, ...]] = {
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "BMP": (b"BM",),
    "GIF": (b"GIF87a", b"GIF89a"),
    "JPEG2000": (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
    "NPY": (b"\x93NUMPY",),
    "PFM": tuple(b"P" + letter + space for letter in (b"F", b"f") for space in (b"\n", b" ", b"\t", b"\r")),
    "PPM": tuple(b"P%d" % digit + space for digit in range(1, 7) for space in (b"\n", b" ", b"\t", b"\r")),
}
_ALLOWED = "PNG, JPEG, TIFF, BMP, GIF, WebP, AVIF, JPEG 2000, PPM, PFM or NPY"
_AVIF_BRANDS = (b"avif", b"avis")
_CONVERT = "save it as PNG or TIFF"
#: how files begin that people take for readable -> what they are, and what to do
_OTHERS: Mapping[bytes, str] = {
    b"\x1f\x8b": "gzip data: unpack it first",
    b"\xff\x0a": f"JPEG XL: {_CONVERT}",
    b"\0\0\0\x0cJXL ": f"JPEG XL: {_CONVERT}",
    b"8BPS": f"Photoshop's PSD: {_CONVERT}",
    b"\x76\x2f\x31\x01": f"OpenEXR: {_CONVERT}",
    b"SIMPLE  =": f"FITS: {_CONVERT}",
    b"PK\x03\x04": "a zip archive (or .npz): unpack it first",
    b"%PDF": "PDF",
}
_MODES = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@contextmanager
def open_regular(path: str) -> Iterator[BufferedReader]:
    """Open a regular file for reading, following links; anything else is refused before it is opened.

    Opening a named pipe would block for ever, so the file's type is asked first; and once more of what was
    opened, which may have taken its place. Opening and reading never wait for another process.
    """
    try:
        _check_regular(os.stat(path).st_mode)  # noqa: PTH116 - an odd or over-long name stays a str
        stream = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - closed below
    except (OSError, ValueError) as error:
        raise UnusableImageError(_why_not_opened(path, error)) from error
    with stream:
        yield stream


def looks_like_picture(path: str) -> bool:
    """Say whether a file begins like a picture that is read.

    Raises
    ------
    UnusableImageError
        the file cannot be opened, or is no regular file.
    """
    with open_regular(path) as stream:
        head = stream.read(HEAD_BYTES)
    try:
        sniff_format(head)
    except UnusableImageError:
        return False
    return True


def sniff_format(head: bytes) -> str:
    """Return Pillow's name of a file's format from its first `HEAD_BYTES` bytes; the name does not count.

    Raises
    ------
    NotAnImageError
        the content is none of the formats that are read.
    UnusableImageError
        the file is empty.
    """
    if not head:
        raise UnusableImageError("empty file")
    for name, magics in _FORMATS.items():
        if head.startswith(magics):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        brands = [head[8:12], *(head[start : start + 4] for start in range(16, len(head) - 3, 4))]
        if any(brand in _AVIF_BRANDS for brand in brands):
            return "AVIF"
        raise NotAnImageError(f"HEIC, or a video: {_CONVERT}")
    for magic, what in _OTHERS.items():
        if head.startswith(magic):
            raise NotAnImageError(f"not an image that is read, but {what}")
    raise NotAnImageError(f"not an image: the content is not {_ALLOWED}")


def _check_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((text for test, text in _MODES if test(mode)), "something else")
        raise UnusableImageError(f"not a regular file but {kind}")


def _without_waiting(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    try:
        _check_regular(os.fstat(descriptor).st_mode)
    except UnusableImageError:
        os.close(descriptor)
        raise
    return descriptor


def _why_not_opened(path: str, error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "broken link" if os.path.islink(path) else "no such file"  # noqa: PTH114
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "link loop"
    text = error.strerror if isinstance(error, OSError) else str(error)
    return f"cannot be opened: {text or type(error).__name__}"

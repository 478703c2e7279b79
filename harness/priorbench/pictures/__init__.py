"""Reads a picture file to float32 (channels, height, width) in [0, 1], and writes one.

What every image set does with awkward files is decided here, once: a file that is not exactly what a
benchmark needs is refused with `UnusableImageError` and a reason of one line; nothing is guessed, resized,
rotated (the orientation of TIFF and EXIF is told, never applied: see `upright`) or colour-managed (ICC
profiles are ignored).

Files come from strangers: they are decoded in a child process with limits (`priorbench.pictures.asking`).
"""

from __future__ import annotations

from priorbench.pictures.asking import end_decoder
from priorbench.pictures.formats.orientation import upright
from priorbench.pictures.reading import picture_size, read_picture
from priorbench.pictures.source import (
    ASKED_SUFFIXES,
    OTHER_PICTURE_SUFFIXES,
    READABLE_SUFFIXES,
    looks_like_picture,
    open_regular,
    sniff_format,
)
from priorbench.pictures.wanted import (
    DEFAULT_MAX_PIXELS,
    Channels,
    Kept,
    NotAnImageError,
    Picture,
    PictureRules,
    UnusableImageError,
    centre_offset,
    shown,
)
from priorbench.pictures.writing import WRITABLE_SUFFIXES, check_output, holds_floats, losses, write_picture

__all__ = [
    "ASKED_SUFFIXES",
    "DEFAULT_MAX_PIXELS",
    "OTHER_PICTURE_SUFFIXES",
    "READABLE_SUFFIXES",
    "WRITABLE_SUFFIXES",
    "Channels",
    "Kept",
    "NotAnImageError",
    "Picture",
    "PictureRules",
    "UnusableImageError",
    "centre_offset",
    "check_output",
    "end_decoder",
    "holds_floats",
    "looks_like_picture",
    "losses",
    "open_regular",
    "picture_size",
    "read_picture",
    "shown",
    "sniff_format",
    "upright",
    "write_picture",
]

"""Reads the TIFF layouts that Pillow cannot read, and refuses all others."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

import numpy as np
import tifffile

from priorbench.pictures.bounds import check_tiff
from priorbench.pictures.values import Samples
from priorbench.pictures.wanted import PictureRules, UnusableImageError


def read_samples(stream: BinaryIO, rules: PictureRules, announce: Callable[[int, int], None]) -> Samples:
    """Decode a one-page TIFF of 16-bit or floating-point samples.

    Parameters
    ----------
    stream : BinaryIO
        the file.
    rules : PictureRules
        checked against the header before anything is decoded.
    announce : callable
        told width and height, once they are checked.

    Raises
    ------
    UnusableImageError
        another layout, or rules not met.
    """
    stream.seek(0)
    with tifffile.TiffFile(stream, name="picture.tif") as file:  # a stream may have none
        page = file.pages.first
        rules.check_size(page.imagewidth, page.imagelength)
        announce(page.imagewidth, page.imagelength)
        if len(file.pages) > 1:
            raise UnusableImageError(f"several pages: {len(file.pages)}")
        problem = _problem(page)
        if problem:
            raise UnusableImageError(problem)
        rules.check_channels(page.samplesperpixel)
        _check_bounds(page)
        values = page.asarray()
        if page.axes == "SYX":
            values = np.moveaxis(values, 0, -1)
    if values.dtype.kind == "f":
        return Samples(values=values, peak=1)
    return Samples(values=values, peak=65535)


def _check_bounds(page: tifffile.TiffPage) -> None:
    check_tiff(
        width=page.imagewidth,
        height=page.imagelength,
        pixel_bits=page.samplesperpixel * page.bitspersample,
        tile=(page.tilewidth, page.tilelength) if page.is_tiled else (0, 0),
        compressed=page.compression != tifffile.COMPRESSION.NONE,
        counts=page.databytecounts,
    )


def _problem(page: tifffile.TiffPage) -> str:
    photometric = tifffile.PHOTOMETRIC
    expected = {1: photometric.MINISBLACK, 3: photometric.RGB}
    if page.samplesperpixel not in expected:
        return f"{page.samplesperpixel} samples a pixel: neither grey nor RGB"
    if page.photometric != expected[page.samplesperpixel] or page.axes not in ("YX", "YXS", "SYX"):
        return f"TIFF layout {page.axes} as {page.photometric}: save it as grey or RGB"
    if page.dtype is None or (page.dtype.kind, page.dtype.itemsize) not in (
        ("u", 2), ("f", 2), ("f", 4), ("f", 8),
    ):  # fmt: skip
        return f"{page.dtype} samples: range unknown; save it with 8 or 16 bits"
    if page.bitspersample not in (16, 32, 64):
        return f"{page.bitspersample} bits a sample: range unknown; save it with 8 or 16"
    return ""

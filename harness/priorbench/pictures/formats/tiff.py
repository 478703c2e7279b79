"""Reads the TIFF layouts that Pillow cannot read, or not in full, and refuses all others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from priorbench.pictures.bounds import check_tiff
from priorbench.pictures.formats import tiff_tags
from priorbench.pictures.values import OPAQUE_DROPPED, PEAKS, Samples
from priorbench.pictures.wanted import PictureRules, UnusableImageError

_NO_CODEC = "needs the package imagecodecs: pip install imagecodecs"


def read_samples(stream: BinaryIO, rules: PictureRules, announce: Callable[[int, int], None]) -> Samples:
    """Decode a one-page TIFF of 8-bit, 16-bit or floating-point samples.

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
            raise UnusableImageError(f"several pages ({len(file.pages)}); {tiff_tags.SAVE_ONE}")
        tags = _tags(page)
        problem = tiff_tags.problem(tags) or _problem(page)
        if problem:
            raise UnusableImageError(problem)
        channels = _channels(page)
        rules.check_channels(channels)
        _check_bounds(page)
        values = _decoded(page)
    assert page.dtype is not None
    peak = PEAKS[page.dtype.str[1:]]
    values, alpha, dropped = _parts(values, channels, peak, tags)
    return Samples(
        values=values,
        peak=peak,
        alpha=alpha,
        notes=tiff_tags.notes_of(tags) + dropped,
        orientation=tiff_tags.orientation_of(tags),
        told_white=tiff_tags.white_of(tags),
    )


def size(stream: BinaryIO) -> tuple[int, int]:
    """Return (width, height) of the first page."""
    stream.seek(0)
    with tifffile.TiffFile(stream, name="picture.tif") as file:
        page = file.pages.first
        return page.imagewidth, page.imagelength


def _tags(page: tifffile.TiffPage) -> dict[int, Any]:
    planes = {tag.code: (0,) * tag.count for tag in page.tags if tag.code == tiff_tags.METAMORPH_PLANES}
    return {tag.code: tag.value for tag in page.tags} | planes


def _decoded(page: tifffile.TiffPage) -> NDArray[Any]:
    """Return (height, width) or (height, width, samples)."""
    try:
        values = page.asarray()
    except (ValueError, NotImplementedError, ImportError) as error:
        if "imagecodecs" not in str(error) and not isinstance(error, ImportError):
            raise
        raise UnusableImageError(f"TIFF compression {_compression(page)} {_NO_CODEC}") from error
    return np.moveaxis(values, 0, -1) if page.axes == "SYX" else values


def _compression(page: tifffile.TiffPage) -> str:
    """Return the name of the compression, with the predictor, which may be what is missing."""
    name = getattr(page.compression, "name", str(page.compression))
    return name if page.predictor == 1 else f"{name} with predictor {page.predictor}"


def _parts(
    values: NDArray[Any], channels: int, peak: int, tags: tiff_tags.Tags
) -> tuple[NDArray[Any], NDArray[Any] | None, tuple[str, ...]]:
    """Return the colour, plain alpha, and a note; refuse further samples of another kind unless opaque."""
    if values.ndim == 2 or values.shape[2] == channels:
        return values, None, ()
    colour = values[..., 0] if channels == 1 else values[..., :channels]
    if tiff_tags.is_plain_alpha(tags) and values.dtype.kind == "u":
        return colour, values[..., -1], ()
    if not bool((values[..., channels:] == peak).all()):
        raise UnusableImageError(tiff_tags.UNKNOWN_SAMPLES)
    return colour, None, (OPAQUE_DROPPED,)


def _check_bounds(page: tifffile.TiffPage) -> None:
    check_tiff(
        width=page.imagewidth,
        height=page.imagelength,
        pixel_bits=page.samplesperpixel * page.bitspersample,
        tile=(page.tilewidth, page.tilelength) if page.is_tiled else (0, 0),
        compressed=page.compression != tifffile.COMPRESSION.NONE,
        counts=page.databytecounts,
    )


def _channels(page: tifffile.TiffPage) -> int:
    return 3 if page.photometric == tifffile.PHOTOMETRIC.RGB else 1


def _problem(page: tifffile.TiffPage) -> str:
    photometric = tifffile.PHOTOMETRIC
    if page.photometric not in (photometric.MINISBLACK, photometric.RGB):
        return f"TIFF layout {page.axes} as {page.photometric}: save it as grey or RGB"
    if page.samplesperpixel != _channels(page) + len(page.extrasamples):
        return f"{page.samplesperpixel} samples a pixel: neither grey nor RGB"
    if page.axes not in ("YX", "YXS", "SYX"):
        return f"TIFF layout {page.axes} as {page.photometric}: save it as grey or RGB"
    if page.dtype is None or page.dtype.str[1:] not in PEAKS:
        return f"{page.dtype} samples: range unknown; save it with 8 or 16 bits"
    if page.bitspersample != 8 * page.dtype.itemsize:
        return f"{page.bitspersample} bits a sample: range unknown; save it with 8 or 16"
    return ""

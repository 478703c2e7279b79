"""`read_picture`: one file to a checked float32 array."""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, TypeVar

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from priorbench.pictures import tiff
from priorbench.pictures.header import Header, read_header
from priorbench.pictures.samples import Samples, read_samples
from priorbench.pictures.source import HEAD_BYTES, open_regular, sniff_format
from priorbench.pictures.wanted import Picture, PictureRules, UnusableImageError

#: Decoders that log to the standard error of a program that has not set up logging.
_CHATTY = ("tifffile", "PIL.TiffImagePlugin", "PIL.PngImagePlugin", "PIL.Image")
_REASON_LENGTH = 160

_Result = TypeVar("_Result")


def read_picture(path: str | os.PathLike[str], rules: PictureRules | None = None) -> Picture:
    """Decode one file, or refuse it with the reason.

    8-bit samples are divided by 255 and 16-bit samples by 65535, in float32; floating-point samples must lie
    in [0, 1] and are used as they are. A palette is looked up; an opaque alpha plane is dropped, a real one
    is refused. EXIF orientation is not applied and ICC profiles are ignored (both are noted). The whole file
    is decoded, since the headers of cut files look healthy.

    Parameters
    ----------
    path : str or os.PathLike[str]
        a regular file, or a link to one. The content decides the format, not the name.
    rules : PictureRules or None, optional
        which pictures are wanted; everything that the header tells is checked before decoding.

    Returns
    -------
    Picture
        float32 (channels, height, width) in [0, 1], C-contiguous.

    Raises
    ------
    UnusableImageError
        the file cannot be used; its ``reason`` is one line.
    """
    wanted = rules or PictureRules()

    def decode(stream: BinaryIO, head: bytes, kind: str) -> Picture:
        try:
            image = _open(stream, kind)
        except UnidentifiedImageError:
            if kind != "TIFF":
                raise
            return _finish(tiff.read_samples(stream, wanted), wanted)
        with image:
            header = read_header(image, kind, head)
            _check(header, wanted)
            if header.needs_tifffile:
                return _finish(tiff.read_samples(stream, wanted), wanted)
            return _finish(read_samples(image, stream, header), wanted)

    return _guarded(path, decode)


def picture_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Return (width, height) in pixels from a file's header, without decoding it.

    Parameters
    ----------
    path : str or os.PathLike[str]
        a regular file, or a link to one.

    Raises
    ------
    UnusableImageError
        the file is not a picture, or its header is broken.
    """

    def measure(stream: BinaryIO, head: bytes, kind: str) -> tuple[int, int]:
        with _open(stream, kind) as image:
            return image.size

    return _guarded(path, measure)


def _guarded(path: str | os.PathLike[str], work: Callable[[BinaryIO, bytes, str], _Result]) -> _Result:
    """Run `work` on the open file, in silence; whatever goes wrong becomes an `UnusableImageError`."""
    text = os.fspath(path)
    kind = "picture"
    try:
        with open_regular(text) as stream, _quiet():
            head = stream.read(HEAD_BYTES)
            kind = sniff_format(head)
            return work(stream, head, kind)
    except UnusableImageError as error:
        raise type(error)(error.reason, path=text) from error.__cause__
    except Exception as error:  # decoders of hostile bytes raise nearly anything
        raise UnusableImageError(_why_not_decoded(error, kind), path=text) from error


def _open(stream: BinaryIO, kind: str) -> ImageFile.ImageFile:
    stream.seek(0)
    return Image.open(stream, formats=(kind,))


def _check(header: Header, rules: PictureRules) -> None:
    """Refuse what the header already tells; the size first, which costs most to get wrong."""
    rules.check_size(header.width, header.height)
    if header.problem:
        raise UnusableImageError(header.problem)
    rules.check_channels(header.channels)


def _finish(samples: Samples, rules: PictureRules) -> Picture:
    """Cut, put the channels first, and scale to [0, 1]."""
    cut = rules.cut(samples.values)
    planes = cut[np.newaxis] if cut.ndim == 2 else np.moveaxis(cut, -1, 0)
    pixels = np.array(planes, dtype=np.float32, order="C")
    if samples.peak != 1:
        pixels /= np.float32(samples.peak)
    return Picture(pixels=pixels, notes=samples.notes)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep decoders from printing a line for every awkward file."""
    loggers = [logging.getLogger(name) for name in _CHATTY]
    before = [logger.disabled for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.disabled = True
        try:
            yield
        finally:
            for logger, disabled in zip(loggers, before, strict=True):
                logger.disabled = disabled


def _why_not_decoded(error: Exception, kind: str) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, Image.DecompressionBombError):
        size = re.search(r"\d+", text)
        return f"too large: {int(size[0]) / 1e6:.1f} Mpx" if size else "too large"
    if isinstance(error, UnidentifiedImageError):
        return f"broken {kind}: the header cannot be read"
    if isinstance(error, MemoryError):
        return "not enough memory to decode it"
    state = "truncated" if "truncated" in text or isinstance(error, EOFError) else "broken"
    return f"{state} {kind}: {text or type(error).__name__}"[:_REASON_LENGTH]

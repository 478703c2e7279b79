"""`read_picture`: one file to a checked float32 array."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from priorbench.pictures.asking import ask_samples, ask_size
from priorbench.pictures.keeping.kept import kept_of
from priorbench.pictures.source import HEAD_BYTES, open_regular, sniff_format
from priorbench.pictures.values import Samples
from priorbench.pictures.wanted import Picture, PictureRules, UnusableImageError

_Result = TypeVar("_Result")


def read_picture(path: str | os.PathLike[str], rules: PictureRules | None = None) -> Picture:
    """Decode one file, or refuse it with the reason.

    8-bit samples are divided by 255 and 16-bit samples by 65535, in float32, or by what else is white (see
    `PictureRules`); floating-point samples must lie in [0, 1] and are used as they are. A palette is looked
    up; an opaque alpha plane is dropped, a real one is refused, and so is any other plane beside the colour.
    The orientation of TIFF and EXIF is told and not applied, and ICC profiles are ignored (both are noted).
    The whole file is decoded, since the headers of cut files look healthy; a JPEG is decoded twice, to find
    one that is cut and has an end marker.

    An ``.npy`` file is (height, width), or has 1 or 3 channels as its first or last axis.

    Decoding happens in a child process, with limits of time and memory that grow with the pixels that the
    file announces.

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
    PriorbenchError
        no picture can be read on this machine now.
    """
    wanted = rules or PictureRules()
    return _finish(_asked(path, lambda file: ask_samples(file, wanted)))


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
    PriorbenchError
        no picture can be read on this machine now.
    """
    return _asked(path, ask_size)


def _asked(path: str | os.PathLike[str], ask: Callable[[int], _Result]) -> _Result:
    """Open a file that begins like a picture, and ask for it; errors tell its path."""
    text = os.fspath(path)
    try:
        with open_regular(text) as stream:
            sniff_format(_head(stream.fileno()))
            return ask(stream.fileno())
    except UnusableImageError as error:
        raise type(error)(error.reason, path=text) from error.__cause__


def _head(file: int) -> bytes:
    try:
        return os.pread(file, HEAD_BYTES, 0)
    except OSError as error:
        raise UnusableImageError(f"cannot be read: {error.strerror}") from error


def _finish(samples: Samples) -> Picture:
    """Put the channels first, and scale to [0, 1]."""
    values = samples.values
    planes = values[np.newaxis] if values.ndim == 2 else np.moveaxis(values, -1, 0)
    pixels = np.array(planes, dtype=np.float32, order="C")
    white = samples.peak if samples.white is None else samples.white
    if white != 1:
        pixels /= np.float32(white)
    return Picture(
        pixels=pixels,
        notes=samples.notes,
        orientation=samples.orientation,
        white=float(white),
        kept=kept_of(samples),
    )

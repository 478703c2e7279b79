"""Arrays without compression: NumPy's .npy, and portable float maps (.pfm)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from priorbench.pictures.values import PEAKS, Metadata, Samples
from priorbench.pictures.wanted import PictureRules, UnusableImageError

_PFM = re.compile(rb"P([Ff])\s+(\d{1,9})\s+(\d{1,9})\s+([-+]?[0-9.eE+-]{1,24})(?:\r\n|\s)")
_PFM_HEAD = 256
_LONGEST_HEADER = 10_000

#: formats that are read here, not by Pillow
KINDS = ("NPY", "PFM")


class Plain:
    """An array in a file whose header has been read.

    Attributes
    ----------
    width, height : int
        in pixels.
    channels : int
        1 or 3.
    """

    def __init__(self, stream: BinaryIO, kind: str) -> None:
        self._stream = stream
        self._dtype: np.dtype[Any]
        self._shape: tuple[int, ...]
        self._arranged: Callable[[NDArray[Any]], NDArray[Any]]
        (self._read_npy if kind == "NPY" else self._read_pfm)()

    def samples(self, rules: PictureRules, announce: Callable[[int, int], None]) -> Samples:
        """Return the values; refuse a picture that the rules do not want, and a cut file.

        Parameters
        ----------
        rules : PictureRules
            checked before the values are read.
        announce : callable
            told width and height, once they are checked.
        """
        rules.check_size(self.width, self.height)
        rules.check_channels(self.channels)
        announce(self.width, self.height)
        wanted = math.prod(self._shape) * self._dtype.itemsize
        data = self._stream.read(wanted)
        if len(data) < wanted:
            raise UnusableImageError(f"truncated: {len(data)} bytes of values, {wanted} are announced")
        values = self._arranged(np.frombuffer(data, self._dtype))
        peak = PEAKS[self._dtype.str[1:]]
        return Samples(values=values, peak=peak, metadata=Metadata() if rules.keep else None)

    def _read_npy(self) -> None:
        self._stream.seek(0)
        version = np.lib.format.read_magic(self._stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in read:
            raise UnusableImageError(f"NPY of version {version[0]}.{version[1]}: not an array of numbers")
        shape, fortran, dtype = read[version](self._stream, max_header_size=_LONGEST_HEADER)
        if dtype.str[1:] not in PEAKS:
            raise UnusableImageError(
                f"array of {dtype}: range unknown; save uint8, uint16, or floating point from 0 to 1"
            )
        height, width, channels, axis = _axes(shape)
        self.height, self.width, self.channels = height, width, channels

        def arranged(flat: NDArray[Any]) -> NDArray[Any]:
            values = flat.reshape(shape, order="F" if fortran else "C")
            if axis is not None and channels == 3:
                return np.moveaxis(values, axis, -1)
            return values.reshape(height, width)

        self._dtype, self._shape, self._arranged = dtype, shape, arranged

    def _read_pfm(self) -> None:
        self._stream.seek(0)
        found = _PFM.match(self._stream.read(_PFM_HEAD))
        if not found:
            raise UnusableImageError("broken PFM: the header cannot be read")
        colour, width, height, scale = found[1] == b"F", int(found[2]), int(found[3]), float(found[4])
        if abs(scale) != 1:
            raise UnusableImageError(f"PFM with scale {abs(scale):g}: save it with 1, and values from 0 to 1")
        self._stream.seek(found.end())
        self.height, self.width, self.channels = height, width, 3 if colour else 1
        shape = (height, width, 3) if colour else (height, width)
        self._dtype, self._shape = np.dtype("<f4" if scale < 0 else ">f4"), shape
        self._arranged = lambda flat: flat.reshape(shape)[::-1]  # the last row comes first


def _axes(shape: tuple[int, ...]) -> tuple[int, int, int, int | None]:
    """Return height, width, channels and the axis of the channels; refuse an array that is no picture."""
    if len(shape) == 2:
        return shape[0], shape[1], 1, None
    if len(shape) == 3:
        axes = [axis for axis in (0, 2) if shape[axis] in (1, 3)]
        if len(axes) == 1:
            height, width = (side for axis, side in enumerate(shape) if axis != axes[0])
            return height, width, shape[axes[0]], axes[0]
        if axes:
            raise UnusableImageError(f"array of shape {shape}: which axis has the channels is not known")
    raise UnusableImageError(
        f"array of shape {shape}: no picture. (height, width), with 1 or 3 channels last or first, is one"
    )

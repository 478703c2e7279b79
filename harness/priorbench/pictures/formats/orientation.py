"""The orientation of a picture (tag 274 of TIFF and EXIF): noted, and never applied to what is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: orientation -> from a picture (height, width, ...) as stored to the picture as it is to be seen
_UPRIGHT: Mapping[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: stored.swapaxes(0, 1)[:, ::-1],
    7: lambda stored: stored.swapaxes(0, 1)[::-1, ::-1],
    8: lambda stored: stored.swapaxes(0, 1)[::-1],
}
_BACK = {6: 8, 8: 6}


def checked(value: Any) -> int:
    """Return an orientation, 1 to 8; 1 for whatever else a file has in its place."""
    if isinstance(value, tuple | list) and len(value) == 1:
        value = value[0]
    return int(value) if isinstance(value, int) and 1 <= value <= 8 else 1


def notes(orientation: int) -> tuple[str, ...]:
    """Return what a reader of the results should know of an orientation."""
    return (f"EXIF orientation {orientation} not applied",) if orientation != 1 else ()


def as_stored(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return a picture (height, width, ...) that a decoder has turned as its file stores it."""
    return _turned(values, _BACK.get(orientation, orientation))


def upright(pixels: ArrayLike, orientation: int) -> NDArray[Any]:
    """Return a picture as viewers show it.

    Parameters
    ----------
    pixels : ArrayLike
        (channels, height, width), as the file stores them.
    orientation : int
        1 to 8, of `priorbench.pictures.Picture`.
    """
    values = np.moveaxis(np.asarray(pixels), 0, -1)
    return np.ascontiguousarray(np.moveaxis(_turned(values, orientation), -1, 0))


def _turned(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    turn = _UPRIGHT.get(orientation)
    return values if turn is None else turn(values)

"""Write an image to a picture file, all of it or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from priorbench.errors import PriorbenchError
from priorbench.outputs import whole_file
from priorbench.pictures.wanted import shown


def write_picture(path: str | os.PathLike[str], pixels: ArrayLike) -> None:
    """Write an image; the suffix chooses the format and the depth.

    ``.png`` holds 8 bits a sample, ``.tif`` and ``.tiff`` hold 16. Values are clipped to [0, 1] and rounded
    to the nearest level. The file appears only when it is complete; one that was there is replaced then.

    Parameters
    ----------
    path : str or os.PathLike[str]
        file to write; its folder must exist.
    pixels : ArrayLike
        (1, height, width) grey or (3, height, width) RGB, in [0, 1].

    Raises
    ------
    PriorbenchError
        the suffix is not one of `WRITABLE_SUFFIXES`, the folder does not exist or cannot be written to, or
        the values are no image.
    """
    target = Path(path)
    check_output(target)
    write, image = _writer(target), _checked(pixels)
    try:
        with whole_file(target) as stream:
            write(stream, image)
    except OSError as error:
        raise PriorbenchError(
            f"{shown(str(target))}: cannot be written: {error.strerror or error}"
        ) from error


def check_output(path: str | os.PathLike[str]) -> None:
    """Raise `PriorbenchError` now, before the work, if `write_picture` would refuse the path afterwards.

    Parameters
    ----------
    path : str or os.PathLike[str]
        file to write later.
    """
    target = Path(path)
    _writer(target)
    if target.is_dir():
        raise PriorbenchError(f"{shown(str(target))}: is a folder, not a file to write")
    if not target.parent.is_dir():
        raise PriorbenchError(f"{shown(str(target))}: the folder {shown(str(target.parent))} does not exist")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise PriorbenchError(f"{shown(str(target))}: the folder {shown(str(target.parent))} is not writable")


def _writer(target: Path) -> Callable[[BinaryIO, NDArray[np.float64]], None]:
    writer = _WRITERS.get(target.suffix.lower())
    if writer is None:
        allowed = ", ".join(WRITABLE_SUFFIXES)
        raise PriorbenchError(
            f"{shown(str(target))}: pictures are not written as '{shown(target.suffix)}'. Allowed: {allowed}"
        )
    return writer


def _checked(pixels: ArrayLike) -> NDArray[np.float64]:
    image = np.asarray(pixels, dtype=np.float64)
    if image.ndim != 3 or image.shape[0] not in (1, 3) or 0 in image.shape:
        raise PriorbenchError(
            f"an image of shape {image.shape} cannot be written: (1 or 3, height, width) can"
        )
    if not np.isfinite(image).all():
        raise PriorbenchError("the image has values that are not finite (NaN or infinity): it is not written")
    return image


def _levels(image: NDArray[np.float64], dtype: type[np.unsignedinteger[Any]]) -> NDArray[Any]:
    """Return (height, width) or (height, width, 3) integers."""
    levels = np.rint(np.clip(image, 0, 1) * np.iinfo(dtype).max).astype(dtype)
    return levels[0] if len(levels) == 1 else np.ascontiguousarray(np.moveaxis(levels, 0, -1))


def _write_png(stream: BinaryIO, image: NDArray[np.float64]) -> None:
    """Write 8-bit PNG."""
    from PIL import Image

    Image.fromarray(_levels(image, np.uint8)).save(stream, format="PNG")


def _write_tiff(stream: BinaryIO, image: NDArray[np.float64]) -> None:
    """Write 16-bit TIFF, deflated."""
    import tifffile

    photometric = "minisblack" if len(image) == 1 else "rgb"
    tifffile.imwrite(stream, _levels(image, np.uint16), photometric=photometric, compression="zlib")


_WRITERS: Mapping[str, Callable[[BinaryIO, NDArray[np.float64]], None]] = {
    ".png": _write_png,
    ".tif": _write_tiff,
    ".tiff": _write_tiff,
}
WRITABLE_SUFFIXES = tuple(_WRITERS)

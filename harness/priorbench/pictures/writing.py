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
from priorbench.pictures.keeping.png import write_png16
from priorbench.pictures.keeping.tiff import lost_exif, write_tiff
from priorbench.pictures.wanted import Kept, shown

_Writer = Callable[[BinaryIO, NDArray[np.float64], Kept | None], None]


def write_picture(path: str | os.PathLike[str], pixels: ArrayLike, kept: Kept | None = None) -> None:
    """Write an image; the suffix chooses the format.

    Integer samples are clipped to [0, 1] and rounded to the nearest level; floating-point ones are written as
    they are. The file appears only when it is complete; one that was there is replaced then.

    Parameters
    ----------
    path : str or os.PathLike[str]
        file to write; its folder must exist.
    pixels : ArrayLike
        (1, height, width) grey or (3, height, width) RGB, nominally in [0, 1], where 1 is white.
    kept : Kept or None, optional
        what the file that the image came from had beside its pixels: the depth, the alpha plane, EXIF, colour
        profile and resolution. All is written, but for what `losses` tells. None: ``.png`` gets 8 bits a
        sample, ``.tif`` and ``.tiff`` 16.

    Raises
    ------
    PriorbenchError
        the suffix is not one of `WRITABLE_SUFFIXES`, the folder does not exist or cannot be written to, or
        the values are no image.
    """
    target = Path(path)
    check_output(target)
    write, image = _writer(target), _on_the_scale(_checked(pixels), kept)
    try:
        with whole_file(target) as stream:
            write(stream, image, kept)
    except OSError as error:
        raise PriorbenchError(
            f"{shown(str(target))}: cannot be written: {error.strerror or error}"
        ) from error


def losses(path: str | os.PathLike[str], kept: Kept) -> tuple[str, ...]:
    """Return what a file of this name cannot hold of what was kept, each with what to do."""
    png = _writer(Path(path)) is _write_png
    lost = []
    if png and kept.depth == "floating point":
        lost.append("floating point becomes 16 bits, clipped to 0 to 1: name it .tif to keep all")
    if png and kept.white is not None:
        lost.append(f"that white is {kept.white} is not in the file, its values are: name it .tif to keep it")
    if not png and kept.double:
        lost.append("floating point of 64 bits becomes 32 bits, some 7 digits: methods work with no more")
    if not png and lost_exif(kept):
        lost.append("of EXIF only texts, date and orientation are kept: name it .png to keep all")
    return tuple(lost)


def holds_floats(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file of this name can hold floating point."""
    return _writer(Path(path)) is _write_tiff


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


def _writer(target: Path) -> _Writer:
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


def _on_the_scale(image: NDArray[np.float64], kept: Kept | None) -> NDArray[np.float64]:
    """Return an image relative to the end of the file's scale, which may lie above white."""
    if kept is None or kept.white is None:
        return image
    return np.clip(image, 0, 1) * (kept.white / np.iinfo(np.uint16).max)


def _planes(
    image: NDArray[np.float64], dtype: type[np.unsignedinteger[Any]], alpha: NDArray[Any] | None
) -> NDArray[Any]:
    """Return (height, width, planes) integers, the alpha plane last, as it came or with more bits."""
    peak = np.iinfo(dtype).max
    levels = np.moveaxis(np.rint(np.clip(image, 0, 1) * peak).astype(dtype), 0, -1)
    if alpha is not None:
        more_bits = peak // np.iinfo(alpha.dtype).max
        levels = np.concatenate([levels, (alpha.astype(dtype) * dtype(more_bits))[..., np.newaxis]], axis=-1)
    return np.ascontiguousarray(levels)


def _write_png(stream: BinaryIO, image: NDArray[np.float64], kept: Kept | None) -> None:
    """Write PNG, of 8 bits unless more were there."""
    from PIL import Image

    kept = kept or Kept(depth="8 bits")
    if kept.depth != "8 bits":
        write_png16(stream, _planes(image, np.uint16, kept.alpha), kept)
        return
    levels = _planes(image, np.uint8, kept.alpha)
    beside: dict[str, Any] = {"exif": kept.exif, "icc_profile": kept.icc, "dpi": kept.resolution}
    Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels).save(
        stream, format="PNG", **{name: value for name, value in beside.items() if value}
    )


def _write_tiff(stream: BinaryIO, image: NDArray[np.float64], kept: Kept | None) -> None:
    """Write TIFF, of 16 bits unless something else was there."""
    kept = kept or Kept(depth="16 bits")
    if kept.depth == "floating point":
        values: NDArray[Any] = np.ascontiguousarray(np.moveaxis(image, 0, -1).astype(np.float32))
    else:
        values = _planes(image, np.uint8 if kept.depth == "8 bits" else np.uint16, kept.alpha)
    write_tiff(stream, values, kept)


_WRITERS: Mapping[str, _Writer] = {
    ".png": _write_png,
    ".tif": _write_tiff,
    ".tiff": _write_tiff,
}
WRITABLE_SUFFIXES = tuple(_WRITERS)

"""Writes TIFF of 8 or 16 bits or floating point, with what a file has beside its pixels."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from numpy.typing import NDArray

from priorbench.pictures.keeping.exif import orientation_of, scale_of, tags_of, texts_of
from priorbench.pictures.wanted import Kept

_ORIENTATION, _DESCRIPTION, _SOFTWARE, _DATE, _MAX_SAMPLE = 274, 270, 305, 306, 281
#: begins a description by tifffile
_SHAPED = b'{"shape":'
#: maker, model, artist, copyright
_TEXTS = (271, 272, 315, 33432)
#: beside these tags: resolution and its unit, the place of chroma samples
_WRITTEN = {_ORIENTATION, _DESCRIPTION, _SOFTWARE, _DATE, *_TEXTS, _MAX_SAMPLE, 282, 283, 296, 531}


def write_tiff(stream: BinaryIO, values: NDArray[Any], kept: Kept) -> None:
    """Write a picture, deflated.

    Parameters
    ----------
    stream : BinaryIO
        the file.
    values : ndarray
        (height, width, 1 to 4): grey or RGB, and an alpha plane.
    kept : Kept
        profile, resolution, orientation, value of white and texts of its EXIF block go into the file.
    """
    import tifffile

    planes = values.shape[2]
    plane = values[..., 0] if planes == 1 else values
    texts = texts_of(kept.exif)
    if _of_another_shape(texts.get(_DESCRIPTION, b""), plane.shape):
        del texts[_DESCRIPTION]
    more: dict[str, Any] = {"iccprofile": kept.icc} if kept.icc else {}
    scale = scale_of(kept.exif)
    if scale:
        more |= {"resolution": (scale.across, scale.down), "resolutionunit": scale.unit}
    elif kept.resolution:
        more |= {"resolution": kept.resolution, "resolutionunit": "INCH"}
    tifffile.imwrite(
        stream,
        plane,
        photometric="rgb" if planes > 2 else "minisblack",
        planarconfig=None if planes == 1 else "contig",
        extrasamples=["unassalpha"] if planes in (2, 4) else None,
        compression="zlib",
        description=texts.get(_DESCRIPTION),
        software=texts.get(_SOFTWARE, b"priorbench"),
        metadata=None,
        extratags=_tags(kept, texts, planes),
        **more,
    )


def lost_exif(kept: Kept) -> bool:
    """Tell whether the EXIF block has more than `write_tiff` writes."""
    told = tags_of(kept.exif)
    texts = {_DESCRIPTION, _SOFTWARE, _DATE, *_TEXTS}
    return bool(told - _WRITTEN or (told & texts) - texts_of(kept.exif).keys())


def _of_another_shape(description: bytes, shape: tuple[int, ...]) -> bool:
    """Tell whether a description is that of tifffile, and of planes that lay otherwise."""
    if not description.startswith(_SHAPED):
        return False
    try:
        return bool(json.loads(description)["shape"] != list(shape))
    except (ValueError, TypeError, KeyError, RecursionError):
        return True


def _tags(kept: Kept, texts: dict[int, bytes], planes: int) -> list[Any]:
    tags: list[Any] = [(tag, "s", 0, texts[tag], True) for tag in (_DATE, *_TEXTS) if tag in texts]
    if orientation_of(kept.exif) != 1:
        tags.append((_ORIENTATION, "H", 1, orientation_of(kept.exif), True))
    if kept.white is not None and kept.depth == "16 bits":
        colour = 1 if planes < 3 else 3
        tags.append((_MAX_SAMPLE, "H", planes, (*[kept.white] * colour, *[65535] * (planes - colour)), True))
    return tags

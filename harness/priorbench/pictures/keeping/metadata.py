"""What a file says beside its pixels, read from a picture that Pillow has opened."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, BinaryIO

from PIL import ExifTags, Image, TiffImagePlugin

from priorbench.pictures.formats import orientation
from priorbench.pictures.values import Metadata, Samples

#: bytes of an EXIF block or a profile; larger ones are left out
MOST_METADATA = 4 * 2**20
_EXIF_HEAD = b"Exif\0\0"
#: tags of a TIFF that say how its own pixels are stored, or that are written from elsewhere
_LAYOUT = (
    *(254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 280, 281, 282, 283, 284, 288, 289, 290),
    *(291, 292, 293, 296, 297, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 330, 332, 338, 339, 340),
    *(341, 342, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 34675),
)
_ACROSS, _DOWN, _UNIT, _PROFILE = 282, 283, 296, 34675
#: unit of a TIFF -> how many make an inch
_UNITS = {2: 1.0, 3: 2.54}


def metadata_of(image: Image.Image) -> Metadata:
    """Return what a picture says beside its pixels; what is broken or huge is left out."""
    icc = image.info.get("icc_profile")
    return Metadata(
        exif=_bounded(_exif(image)), icc=_bounded(icc), resolution=_resolution(image.info.get("dpi"))
    )


def metadata_of_tiff(stream: BinaryIO) -> Metadata:
    """Return what a TIFF that Pillow cannot open says beside its pixels: profile, resolution, plain tags."""
    import tifffile

    stream.seek(0)
    try:
        with tifffile.TiffFile(stream, name="picture.tif") as file:
            tags = {int(tag.code): tag.value for tag in file.pages.first.tags}
    except Exception:  # its pixels have been read
        return Metadata()
    exif = Image.Exif()
    for tag in sorted(tags.keys() - set(_LAYOUT)):
        if tag == ExifTags.Base.Orientation or isinstance(tags[tag], str):
            exif[tag] = tags[tag]
    resolution = None
    if tags.get(_UNIT) in _UNITS and _ACROSS in tags and _DOWN in tags:
        pairs = (tags[_ACROSS], tags[_DOWN])
        resolution = _resolution(
            [_UNITS[tags[_UNIT]] * top / bottom if bottom else 0 for top, bottom in pairs]
        )
    block = exif.tobytes().removeprefix(_EXIF_HEAD) if len(exif) else b""
    return Metadata(exif=_bounded(block), icc=_bounded(tags.get(_PROFILE)), resolution=resolution)


def told_orientation(known: Metadata, samples: Samples) -> Metadata:
    """Return the metadata with the orientation of samples that are as stored, where it lacks it.

    Pillow takes the tag out of a TIFF that it has turned.
    """
    if samples.orientation == orientation_of(known.exif):
        return known
    exif = Image.Exif()
    if known.exif:
        exif.load(_EXIF_HEAD + known.exif)
    exif[ExifTags.Base.Orientation] = samples.orientation
    return replace(known, exif=_bounded(exif.tobytes().removeprefix(_EXIF_HEAD)))


def _exif(image: Image.Image) -> bytes:
    try:
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            exif = image.getexif()
            for tag in _LAYOUT:
                exif.pop(tag, None)
            block = exif.tobytes() if len(exif) else b""
        else:
            block = image.info.get("exif") or b""
    except Exception:  # broken EXIF is common and does not touch the pixels
        return b""
    return bytes(block).removeprefix(_EXIF_HEAD)


def _bounded(block: Any) -> bytes:
    return block if isinstance(block, bytes) and len(block) <= MOST_METADATA else b""


def _resolution(dots: Any) -> tuple[float, float] | None:
    """Return dots per inch that make sense."""
    try:
        across, down = (float(one) for one in dots)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if all(math.isfinite(one) and 0 < one < 1e6 for one in (across, down)) else None


def orientation_of(exif: bytes) -> int:
    """Return the orientation that an EXIF block tells, 1 to 8; 1 where it tells none."""
    try:
        known = Image.Exif()
        known.load(_EXIF_HEAD + exif)
        return orientation.checked(known.get(ExifTags.Base.Orientation))
    except Exception:
        return 1


def texts_of(exif: bytes) -> dict[int, str]:
    """Return the plain texts of an EXIF block's first directory: tag -> text, such as 271, the maker."""
    try:
        known = Image.Exif()
        known.load(_EXIF_HEAD + exif)
        return {int(tag): text for tag, text in known.items() if isinstance(text, str) and text.isascii()}
    except Exception:
        return {}


def tags_of(exif: bytes) -> set[int]:
    """Return the tags of an EXIF block's first directory."""
    try:
        known = Image.Exif()
        known.load(_EXIF_HEAD + exif)
        return {int(tag) for tag in known}
    except Exception:
        return set()

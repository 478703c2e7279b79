"""What a file says beside its pixels, read from a picture that Pillow or tifffile has opened."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, BinaryIO

from PIL import ExifTags, Image, TiffImagePlugin

from priorbench.pictures.keeping import exif
from priorbench.pictures.values import Metadata, Samples

#: bytes of an EXIF block or a profile; larger ones are left out
MOST_METADATA = 4 * 2**20
#: tags of a TIFF that say how its own pixels are stored, or that are written from elsewhere
_LAYOUT = (
    *(
        254,
        255,
        256,
        257,
        258,
        259,
        262,
        266,
        273,
        277,
        278,
        279,
        280,
        281,
        283,
        284,
        288,
        289,
        290,
        291,
        292,
    ),
    *(282, 293, 296, 297, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 330, 332, 338, 339, 340, 341),
    *(342, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 34675),
)
_ACROSS, _DOWN, _UNIT, _PROFILE = 282, 283, 296, 34675
_SCALE = (_ACROSS, _DOWN, _UNIT)
#: unit of a TIFF -> how many make an inch
_UNITS = {2: 1.0, 3: 2.54}
_TEXT = 2  # type of a tag


def metadata_of(image: Image.Image) -> Metadata:
    """Return what a picture says beside its pixels; what is broken or huge is left out."""
    icc = image.info.get("icc_profile")
    dots = image.info.get("dpi")
    if isinstance(image, TiffImagePlugin.TiffImageFile) and _ACROSS not in image.tag_v2:
        dots = None  # Pillow gives 1 then
    return Metadata(exif=_bounded(_exif(image)), icc=_bounded(icc), resolution=_resolution(dots))


def metadata_of_tiff(stream: BinaryIO) -> Metadata:
    """Return what a TIFF that Pillow cannot open says beside its pixels: profile, resolution, plain tags."""
    import tifffile

    stream.seek(0)
    try:
        with tifffile.TiffFile(stream, name="picture.tif") as file:
            tags = {int(tag.code): tag.value for tag in file.pages.first.tags}
            texts = _texts_of_tiff(file)
    except Exception:  # its pixels have been read
        return Metadata()
    kept = Image.Exif()
    for tag, text in texts.items():
        kept[tag] = text
    if ExifTags.Base.Orientation in tags:
        kept[ExifTags.Base.Orientation] = tags[ExifTags.Base.Orientation]
    resolution = None
    if _ACROSS in tags and _DOWN in tags:
        pairs = [tags[_ACROSS], tags[_DOWN]]
        unit = tags.get(_UNIT, 2)
        dots = [_UNITS.get(unit, 0) * top / bottom if bottom else 0 for top, bottom in pairs]
        resolution = _resolution(dots)
        if exif.keeps_scale(unit):
            kept[_UNIT] = int(unit)
            kept[_ACROSS], kept[_DOWN] = (TiffImagePlugin.IFDRational(*pair) for pair in pairs)
    return Metadata(
        exif=_bounded(exif.block_of(kept)), icc=_bounded(tags.get(_PROFILE)), resolution=resolution
    )


def told_orientation(known: Metadata, samples: Samples) -> Metadata:
    """Return the metadata with the orientation of samples that are as stored, where it lacks it.

    Pillow takes the tag out of a TIFF that it has turned.
    """
    if samples.orientation == exif.orientation_of(known.exif):
        return known
    kept = exif.loaded(known.exif)
    kept[ExifTags.Base.Orientation] = samples.orientation
    return replace(known, exif=_bounded(exif.block_of(kept)))


def _exif(image: Image.Image) -> bytes:
    try:
        if not isinstance(image, TiffImagePlugin.TiffImageFile):
            return exif.without_head(bytes(image.info.get("exif") or b""))
        kept = image.getexif()
        scale = _SCALE if exif.keeps_scale(image.tag_v2.get(_UNIT)) else ()
        for tag in set(_LAYOUT) - set(scale):
            kept.pop(tag, None)
        return exif.block_of(kept)
    except Exception:  # broken EXIF is common and does not touch the pixels
        return b""


def _texts_of_tiff(file: Any) -> dict[int, str]:
    """Return the texts of the first page, each character one byte of the file, as Pillow reads them."""
    texts = {}
    for tag in file.pages.first.tags:
        if tag.dtype == _TEXT and tag.code not in _LAYOUT and tag.count <= MOST_METADATA:
            file.filehandle.seek(tag.valueoffset)
            texts[int(tag.code)] = file.filehandle.read(tag.count).rstrip(b"\0").decode("latin-1")
    return texts


def _bounded(block: Any) -> bytes:
    return block if isinstance(block, bytes) and len(block) <= MOST_METADATA else b""


def _resolution(dots: Any) -> tuple[float, float] | None:
    """Return dots per inch that make sense."""
    try:
        across, down = (float(one) for one in dots)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if all(math.isfinite(one) and 0 < one < 1e6 for one in (across, down)) else None

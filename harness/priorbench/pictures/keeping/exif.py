"""EXIF blocks, which are small TIFF structures: made, and asked for what pictures keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL import ExifTags, Image

from priorbench.pictures.formats import orientation

_HEAD = b"Exif\0\0"
_ACROSS, _DOWN, _UNIT = 282, 283, 296
#: units of a resolution that are no inch: none, as microscopes write it, and the centimetre
_NO_UNIT, _CENTIMETRE = 1, 3


class _AsStored(str):
    """A text of a tag, each character one byte of the file; Pillow writes '?' for what is not ASCII."""

    __slots__ = ()

    def encode(self, encoding: str = "latin-1", errors: str = "strict") -> bytes:
        return super().encode("latin-1")


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """The resolution as a TIFF tells it: pixels for each of a unit, as fractions, and the unit, 1 or 3."""

    across: tuple[int, int]
    down: tuple[int, int]
    unit: int


def loaded(block: bytes) -> Image.Exif:
    """Return a block that can be asked and changed; raises nearly anything where it is broken."""
    exif = Image.Exif()
    if block:
        exif.load(_HEAD + block)
    return exif


def block_of(exif: Image.Exif) -> bytes:
    """Return the block, its texts byte by byte as they were read; empty where there are no tags."""
    if not len(exif):
        return b""
    for inner in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        if inner in exif:
            directory = exif.get_ifd(inner)
            directory.update(_as_stored(directory))
    exif.update(_as_stored(exif))
    return without_head(exif.tobytes())


def without_head(block: bytes) -> bytes:
    """Return a block without the six bytes that begin it in a JPEG."""
    return block.removeprefix(_HEAD)


def keeps_scale(unit: Any) -> bool:
    """Tell whether a unit of resolution is one that dots per inch do not tell."""
    return unit in (_NO_UNIT, _CENTIMETRE)


def orientation_of(block: bytes) -> int:
    """Return the orientation that a block tells, 1 to 8; 1 where it tells none."""
    return orientation.checked(_tags(block).get(ExifTags.Base.Orientation))


def texts_of(block: bytes) -> dict[int, bytes]:
    """Return the texts of the first directory, byte by byte: tag -> text, such as 271, the maker."""
    texts = {tag: value for tag, value in _tags(block).items() if isinstance(value, str)}
    return {tag: text.encode("latin-1") for tag, text in texts.items()}


def tags_of(block: bytes) -> set[int]:
    """Return the tags of the first directory."""
    return set(_tags(block))


def scale_of(block: bytes) -> Scale | None:
    """Return the resolution where its unit is no inch: a microscope's pixels have a size."""
    tags = _tags(block)
    unit: Any = tags.get(_UNIT)
    if not keeps_scale(unit):
        return None
    try:
        across, down = ((int(one.numerator), int(one.denominator)) for one in (tags[_ACROSS], tags[_DOWN]))
    except (KeyError, AttributeError, TypeError, ValueError):
        return None
    whole = all(0 <= number < 2**32 for number in (*across, *down))
    return Scale(across=across, down=down, unit=unit) if whole and across[1] and down[1] else None


def _tags(block: bytes) -> dict[int, Any]:
    try:
        return {int(tag): value for tag, value in loaded(block).items()}
    except Exception:  # broken EXIF is common and does not touch the pixels
        return {}


def _as_stored(directory: Any) -> dict[int, str]:
    texts = {tag: value for tag, value in directory.items() if isinstance(value, str)}
    return {tag: _AsStored(text) for tag, text in texts.items() if not text.isascii()}

"""Reads a file's header: size, channels, bits, and why the file cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import ImageFile, TiffImagePlugin
from PIL.TiffImagePlugin import BITSPERSAMPLE, PHOTOMETRIC_INTERPRETATION, PLANAR_CONFIGURATION

from priorbench.pictures.formats import boxes, tiff_tags

#: Pillow's mode -> number of channels without alpha.
_CHANNELS: Mapping[str, int] = {
    "L": 1, "LA": 1, "I": 1, "I;16": 1, "I;16L": 1, "I;16B": 1, "I;16N": 1, "F": 1,
    "RGB": 3, "RGBA": 3, "P": 3, "PA": 3,
}  # fmt: skip
#: Pillow's mode -> its arguments for a text PPM of a maximum that it does not scale
_PLAIN: Mapping[str, tuple[str, int]] = {"L": ("L", 255), "RGB": ("RGB", 255), "I": ("L", 65535)}
_WHITE_IS_ZERO = 0
_SEPARATE_PLANES = 2
_PNG_TYPE, _PNG_DEPTH, _PNG_COLOUR_TYPE = slice(12, 16), 24, 25
_PNG_GREY_ALPHA = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What is known of a picture before it is decoded.

    Attributes
    ----------
    width, height : int
        in pixels.
    channels : int, default 3
        1 or 3, alpha not counted.
    bits : int, default 8
        of one sample; 32 for floating point.
    grey_alpha : bool, default False
        16-bit grey with alpha, which Pillow presents as RGBA.
    needs_tifffile : bool, default False
        a layout that Pillow reads wrongly or not in full.
    problem : str, default ''
        why it cannot be used, one line; empty if it can.
    """

    width: int
    height: int
    channels: int = 3
    bits: int = 8
    grey_alpha: bool = False
    needs_tifffile: bool = False
    problem: str = ""


def read_header(image: ImageFile.ImageFile, stream: BinaryIO, kind: str, head: bytes) -> Header:
    """Describe an opened, not yet decoded picture.

    Parameters
    ----------
    image : ImageFile.ImageFile
        as opened by Pillow.
    stream : BinaryIO
        the file.
    kind : str
        the format, in Pillow's spelling.
    head : bytes
        the first bytes of the file.
    """
    width, height = stored_size(image)
    bits = _bits(image, stream, kind, head)
    grey_alpha = kind == "PNG" and bits == 16 and head[_PNG_COLOUR_TYPE] == _PNG_GREY_ALPHA
    return Header(
        width=width,
        height=height,
        channels=1 if grey_alpha else _CHANNELS.get(image.mode, 3),
        bits=bits,
        grey_alpha=grey_alpha,
        needs_tifffile=_needs_tifffile(image, bits),
        problem=_boxes_problem(image, stream, kind, bits) or _problem(image, kind, bits),
    )


def stored_size(image: ImageFile.ImageFile) -> tuple[int, int]:
    """Return (width, height) of an opened picture as its file stores it: Pillow turns those of TIFF."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return tiff_tags.stored_size(image.tag_v2)
    return image.size


def _bits(image: ImageFile.ImageFile, stream: BinaryIO, kind: str, head: bytes) -> int:
    """Return the bits of a sample in the file, which Pillow's mode hides; 0 = not to be read exactly."""
    if kind == "PNG":
        return head[_PNG_DEPTH] if head[_PNG_TYPE] == b"IHDR" else 0
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return int(max(image.tag_v2.get(BITSPERSAMPLE, (1,))))
    if kind == "PPM":
        return _ppm_bits(image)
    if kind == "JPEG2000":
        return boxes.jpeg2000_bits(stream)
    return 8


def _ppm_bits(image: ImageFile.ImageFile) -> int:
    """Return 8 or 16: Pillow scales any other maximum than 255 and (grey) 65535, with decoders of its own."""
    tile: Any = image.tile[0] if image.tile else ("", (), 0, ())
    decoder, arguments = tile[0], tile[3]
    deep = image.mode == "I"
    if decoder == "ppm_plain" and arguments[1] == (65535 if deep else 255):
        return 16 if deep else 8
    if decoder == "raw":
        return 16 if deep else 8
    return 0


def _problem(image: ImageFile.ImageFile, kind: str, bits: int) -> str:
    # MPO is a phone's JPEG with a preview behind it: the first one is the picture.
    if getattr(image, "is_animated", False) and image.format != "MPO":
        what = "several pages" if kind == "TIFF" else "animated: several frames"
        return f"{what}; {tiff_tags.SAVE_ONE}"
    if image.mode == "1":
        return "1-bit picture, black and white: not a photograph; scan or save it as grey"
    if image.mode == "CMYK":
        return "CMYK: four inks, not RGB; convert it to RGB first"
    if image.mode not in _CHANNELS:
        return f"colour space {image.mode}: convert it to RGB or grey first"
    if bits == 0 and kind == "PNG":
        return "PNG without its header chunk first"
    if bits == 0:
        return "PPM with a maximum other than 255 (or 65535 for grey): save it as PNG"
    if bits > 8 and bits not in (16, 32, 64):
        return f"{bits} bits a sample: range unknown; save it with 8 or 16"
    if image.mode == "I" and bits != 16:
        return f"{bits}-bit integers: range unknown; save it with 8 or 16 bits"
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return _tiff_problem(image, bits)
    return ""


def _boxes_problem(image: ImageFile.ImageFile, stream: BinaryIO, kind: str, bits: int) -> str:
    """Find what Pillow reads without a word, but not in full, in formats that are made of boxes."""
    if kind == "AVIF":
        return boxes.avif_problem(stream)
    if kind != "JPEG2000":
        return ""
    if bits not in (8, 16) or (bits == 16) != (image.mode == "I;16"):
        return "JPEG 2000 of other than 8 bits, or 16 bits and grey, a sample: save it as 16-bit PNG or TIFF"
    return boxes.jpeg2000_problem(stream)


def _tiff_problem(image: TiffImagePlugin.TiffImageFile, bits: int) -> str:
    """Find what Pillow reads without a word, but wrongly."""
    problem = tiff_tags.problem(image.tag_v2)
    if problem:
        return problem
    if bits > 8 and image.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == _WHITE_IS_ZERO:
        return f"{bits}-bit TIFF with white as zero: save it with black as zero"
    return ""


def _needs_tifffile(image: ImageFile.ImageFile, bits: int) -> bool:
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    if tiff_tags.has_unread_samples(image.tag_v2, bits):
        return True
    return bits > 8 and image.tag_v2.get(PLANAR_CONFIGURATION) == _SEPARATE_PLANES

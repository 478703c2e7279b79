"""The pixels of a picture as the file stores them, at full depth, and its alpha plane."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, TiffImagePlugin

from priorbench.pictures.formats import orientation, tiff_tags
from priorbench.pictures.header import Header
from priorbench.pictures.values import Samples
from priorbench.pictures.wanted import UnusableImageError

#: how far the gAMA of a PNG may be from that of usual pictures, 1/2.2
_USUAL = 0.05
#: End of the raw mode by which Pillow unpacks the high bytes of 16-bit samples -> the one for the low bytes.
_OTHER_BYTE = {";16L": ";16B", ";16B": ";16L", ";16N": ";16B" if sys.byteorder == "little" else ";16L"}


def read_samples(image: ImageFile.ImageFile, stream: BinaryIO, header: Header) -> Samples:
    """Decode an opened picture that `priorbench.pictures.header` found usable.

    Parameters
    ----------
    image : ImageFile.ImageFile
        as opened by Pillow, not yet loaded.
    stream : BinaryIO
        the file; 16-bit colour is decoded twice.
    header : Header
        what is known of it.

    Raises
    ------
    UnusableImageError
        16-bit colour in a form that Pillow does not give in full.
    """
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        wanted = tiff_tags.orientation_of(image.tag_v2)
        samples = _decoded(image, stream, header)
        if ExifTags.Base.Orientation not in image.tag_v2:  # Pillow has turned it, and deleted the tag
            samples = _turned_back(samples, wanted)
        _check_alpha(samples, image.tag_v2)
        samples = replace(samples, told_white=tiff_tags.white_of(image.tag_v2))
    else:
        samples = _decoded(image, stream, header)
        wanted = _orientation(image)  # a PNG may tell it behind its pixels
    notes = _metadata_notes(image) + orientation.notes(wanted) + samples.notes
    return replace(samples, notes=notes, orientation=wanted)


def _turned_back(samples: Samples, wanted: int) -> Samples:
    alpha = samples.alpha
    return replace(
        samples,
        values=orientation.as_stored(samples.values, wanted),
        alpha=None if alpha is None else orientation.as_stored(alpha, wanted),
    )


def _check_alpha(samples: Samples, tags: Mapping[int, Any]) -> None:
    """Refuse alpha that colour was multiplied with (Pillow divides by it), and what is not called alpha."""
    if samples.alpha is None or tiff_tags.is_plain_alpha(tags):
        return
    if int(samples.alpha.min()) != samples.peak:
        raise UnusableImageError(tiff_tags.UNKNOWN_SAMPLES)


def _decoded(image: ImageFile.ImageFile, stream: BinaryIO, header: Header) -> Samples:
    key = image.info.get("transparency")
    notes: tuple[str, ...] = ()
    if image.mode == "F":
        return Samples(values=_floats(image), peak=1)
    if image.mode in ("P", "PA"):
        values, peak, key = _look_up_palette(image), 255, None
        notes = ("palette looked up",)
    else:
        values, peak = _integers(image, stream, header)
    values, alpha = _without_alpha(values, header.channels)
    if alpha is None and key is not None:
        alpha = _alpha_of_key(values, key, header.bits, peak)
    return Samples(values=values, peak=peak, notes=notes, alpha=alpha)


def _floats(image: ImageFile.ImageFile) -> NDArray[Any]:
    """Decode 32-bit floating point.

    libtiff gives what it has decompressed in the byte order of this machine. Pillow knows that of integers
    alone, and swaps the bytes of floating point once more.
    """
    decompressed = _tiles(image)[0][0] == "libtiff"
    return _decode(image, "F;32NF") if decompressed else np.asarray(image)


def _integers(image: ImageFile.ImageFile, stream: BinaryIO, header: Header) -> tuple[NDArray[Any], int]:
    if header.bits <= 8:
        return np.asarray(image), 255
    if header.grey_alpha:
        # The raw mode RGBA copies the four bytes of a pixel: grey and alpha, high byte first.
        raw = _decode(image, "RGBA").astype(np.uint16)
        grey_alpha: NDArray[Any] = raw[..., 0::2] * np.uint16(256) + raw[..., 1::2]
        return grey_alpha, 65535
    if image.mode in ("RGB", "RGBA"):
        return _sixteen_bit_colour(image, stream), 65535
    return np.asarray(image).astype(np.uint16), 65535


def _sixteen_bit_colour(image: ImageFile.ImageFile, stream: BinaryIO) -> NDArray[Any]:
    """Decode 16-bit colour in full.

    Pillow holds colour in 8 bits and unpacks the high byte of each sample. Told the other byte order, it
    unpacks the low byte: two decodings give all 16 bits at the speed of the C library.
    """
    rawmode = _rawmode(image)
    name, order = rawmode[:-4], rawmode[-4:]
    if name not in ("RGB", "RGBA", "RGBX") or not _takes_single_bytes(image.mode, name):
        raise UnusableImageError(f"16-bit colour as {rawmode}: Pillow does not give it in full")
    high = np.asarray(image).astype(np.uint16)
    stream.seek(0)
    with Image.open(stream, formats=(image.format or "",)) as again:
        low = _decode(again, name + _OTHER_BYTE[order])
    samples: NDArray[Any] = high * np.uint16(256) + low
    return samples


def _takes_single_bytes(mode: str, name: str) -> bool:
    """Tell whether this Pillow unpacks 16-bit samples by taking one of their bytes, unrounded."""
    pixel = bytes(range(10, 10 + 2 * (3 if name == "RGB" else 4)))

    def unpacked(order: str) -> bytes:
        return Image.frombytes(mode, (1, 1), pixel, "raw", name + order).tobytes()

    count = len(mode)
    return unpacked(";16B") == pixel[0::2][:count] and unpacked(";16L") == pixel[1::2][:count]


def _decode(image: ImageFile.ImageFile, rawmode: str) -> NDArray[Any]:
    """Decode with another raw mode than Pillow chose."""
    tiles: list[Any] = []
    for tile in _tiles(image):
        args = rawmode if isinstance(tile[3], str) else (rawmode, *tile[3][1:])
        tiles.append(tile._replace(args=args) if hasattr(tile, "_replace") else (*tile[:3], args))
    image.tile = tiles
    return np.asarray(image)


def _rawmode(image: ImageFile.ImageFile) -> str:
    args = _tiles(image)[0][3]
    return str(args if isinstance(args, str) else args[0])


def _tiles(image: ImageFile.ImageFile) -> list[Any]:
    """Return what is to be decoded: (decoder, box, offset, arguments), a plain tuple before Pillow 11.1."""
    return list(image.tile)


def _without_alpha(values: NDArray[Any], channels: int) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return the colour planes and the alpha plane, if there is one."""
    planes = 1 if values.ndim == 2 else values.shape[2]
    if planes == channels:
        return values, None
    return (values[..., 0] if channels == 1 else values[..., :channels]), values[..., -1]


def _alpha_of_key(values: NDArray[Any], key: Any, bits: int, peak: int) -> NDArray[Any]:
    """Return the alpha plane of a PNG in which the pixels of one colour are transparent."""
    scale = 255 // (2**bits - 1) if bits < 8 else 1  # Pillow scales the samples, not the key
    hit = values == np.asarray(key) * scale
    return np.where(hit.all(axis=-1) if values.ndim == 3 else hit, 0, peak).astype(values.dtype)


def _look_up_palette(image: Image.Image) -> NDArray[Any]:
    has_alpha = image.mode == "PA" or "transparency" in image.info
    return np.asarray(image.convert("RGBA" if has_alpha else "RGB"))


def _metadata_notes(image: Image.Image) -> tuple[str, ...]:
    notes = []
    if image.format == "MPO":
        notes.append("first picture of several (MPO)")
    gamma = image.info.get("gamma")
    if image.info.get("icc_profile"):
        notes.append("ICC profile ignored")
    elif gamma and "srgb" not in image.info and abs(gamma * 2.2 - 1) > _USUAL:
        notes.append(f"gAMA {gamma:g} ignored: viewers that apply it show another brightness")
    return tuple(notes)


def _orientation(image: Image.Image) -> int:
    try:
        return orientation.checked(image.getexif().get(ExifTags.Base.Orientation))
    except Exception:  # broken EXIF is common and does not touch the pixels
        return 1

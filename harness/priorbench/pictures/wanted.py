"""What the user asks of a picture (channels, size, crop), and the error for a file that is refused."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from priorbench.errors import PriorbenchError

Channels = Literal["any", "rgb", "grey"]
Depth = Literal["8 bits", "16 bits", "floating point"]

#: 64 Mpx: far above any test picture, far below what exhausts a laptop when it is decoded.
DEFAULT_MAX_PIXELS = 64_000_000


class UnusableImageError(PriorbenchError):
    """A file that cannot be used as a clean image.

    Attributes
    ----------
    reason : str
        why, one line, without the file's name.
    """

    def __init__(self, reason: str, *, path: str = "") -> None:
        self.reason = reason
        super().__init__(f"{shown(path)}: {reason}" if path else reason)


class NotAnImageError(UnusableImageError):
    """A file whose content is none of the picture formats that are read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What a picture file has beside its pixels.

    Attributes
    ----------
    depth : {'8 bits', '16 bits', 'floating point'}
        of its samples.
    double : bool, default False
        they are floating point of 64 bits; they are read, and written, with 32.
    alpha : ndarray or None, optional
        (height, width), uint8 or uint16: the alpha plane as the file has it.
    exif, icc : bytes, default b''
        the EXIF block and the colour profile; empty where there is none.
    resolution : tuple[float, float] or None, optional
        dots per inch, horizontal and vertical.
    white : int or None, optional
        the value of white where the file says another one than the end of its scale (tag 281 of TIFF).
    """

    depth: Depth
    double: bool = False
    alpha: NDArray[Any] | None = field(default=None, repr=False)
    exif: bytes = field(default=b"", repr=False)
    icc: bytes = field(default=b"", repr=False)
    resolution: tuple[float, float] | None = None
    white: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A decoded picture.

    Attributes
    ----------
    pixels : ndarray of float32
        float32 (channels, height, width) in [0, 1]; 1 channel is grey, 3 is RGB.
    notes : tuple of str, default ()
        what the decoder did that a reader of the results may want to know.
    orientation : int, default 1
        how the file wants to be shown, 1 to 8 (tag 274 of TIFF and EXIF); `pixels` are as the file stores
        them, and `priorbench.pictures.upright` turns them.
    white : float, default 1
        the value of the file that is 1 in `pixels`: 255, 65535, what was asked for, or what the file says.
    kept : Kept or None, optional
        what else is needed to write the picture as it came; only with ``PictureRules(keep=True)``.
    """

    pixels: NDArray[np.float32]
    notes: tuple[str, ...] = ()
    orientation: int = 1
    white: float = 1.0
    kept: Kept | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureRules:
    """Which pictures are used, and the part of them that is.

    Attributes
    ----------
    channels : {'any', 'rgb', 'grey'}, default 'any'
        ``"rgb"`` refuses grey pictures, ``"grey"`` refuses colour, ``"any"`` takes each as it is. No picture
        is ever converted from one to the other.
    crop : int or None, optional
        side of the square cut from the centre, in pixels; None = the whole picture. Smaller pictures are
        refused, never padded or resized.
    min_side : int, default 1
        smallest height and width, in pixels, before the crop.
    max_pixels : int, optional
        largest height x width, read from the file's header before anything is decoded.
    white : float or None, optional
        the value in the file that is white, such as 4095 for 12 bits in 16. Pictures with a larger value are
        refused, and those of integers that end below it. None = what the file says (tag 281 of TIFF, where
        it is believable), else the end of its scale: 255, 65535, or 1 for floating point.
    keep : bool, default False
        for a picture that is written again: an alpha plane comes beside the pixels, whatever is in it,
        floating-point values may be any finite ones, and `Picture.kept` is there.

    Raises
    ------
    PriorbenchError
        a value that no picture could meet.
    """

    channels: Channels = "any"
    crop: int | None = None
    min_side: int = 1
    max_pixels: int = DEFAULT_MAX_PIXELS
    white: float | None = None
    keep: bool = False

    def __post_init__(self) -> None:
        if self.channels not in ("any", "rgb", "grey"):
            raise PriorbenchError(f"channels '{self.channels}' is unknown. Allowed: any, grey, rgb")
        for name in ("crop", "min_side", "max_pixels"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise PriorbenchError(f"{name} is {value}: it must be 1 or more")
        if self.white is not None and not 0 < self.white < math.inf:
            raise PriorbenchError(f"white is {self.white:g}: it must be above 0, such as 4095 for 12 bits")

    def check_size(self, width: int, height: int) -> None:
        """Refuse a picture by the size in its header."""
        if width < 1 or height < 1:
            raise UnusableImageError(f"no pixels: {width} x {height}")
        if width * height > self.max_pixels:
            raise UnusableImageError(
                f"too large: {width} x {height} is {width * height / 1e6:.1f} Mpx, "
                f"more than max_pixels = {self.max_pixels / 1e6:g} Mpx"
            )
        if min(width, height) < self.min_side:
            raise UnusableImageError(
                f"too small: {width} x {height}, a side below min_side = {self.min_side}"
            )
        if self.crop is not None and min(width, height) < self.crop:
            raise UnusableImageError(f"too small: {width} x {height}, smaller than crop = {self.crop}")

    def check_channels(self, count: int) -> None:
        """Refuse a picture by its number of channels (alpha not counted)."""
        if self.channels == "rgb" and count == 1:
            raise UnusableImageError("grey picture; channels = rgb takes only colour ones")
        if self.channels == "grey" and count == 3:
            raise UnusableImageError("colour picture; channels = grey takes only grey ones")

    def cut(self, samples: NDArray[Any]) -> NDArray[Any]:
        """Return the centre crop of an array (height, width, ...), a view."""
        if self.crop is None:
            return samples
        top, left = (centre_offset(side, self.crop) for side in samples.shape[:2])
        return samples[top : top + self.crop, left : left + self.crop]


def centre_offset(length: int, crop: int) -> int:
    """Return where a centre crop begins: (length - crop) / 2, halves rounded to the even integer.

    This is what Pillow and torchvision make of the box of Heckel & Soltanolkotabi (2020); ``//`` differs by a
    pixel for every other odd difference.

    Parameters
    ----------
    length : int
        side of the picture, in pixels.
    crop : int
        side of the crop, in pixels, at most `length`.
    """
    return round((length - crop) / 2)


def shown(text: str) -> str:
    """Return `text` on one line and in valid UTF-8: control characters and stray bytes are escaped."""
    plain = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if plain.isprintable():
        return plain
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in plain
    )

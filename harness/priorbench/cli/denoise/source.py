"""A picture of the user as a method gets it, and back to the scale and the planes of its file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from priorbench.errors import PriorbenchError
from priorbench.pictures import Kept, PictureRules, read_picture, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: depth -> the value of white in the file
_PEAKS = {"8 bits": 255.0, "16 bits": 65535.0, "floating point": 1.0}

#: larger than what phones take; an image set, which nobody has looked at, stops earlier
_MOST_PIXELS = 256_000_000
#: a picture of 16 bits that stays below this part of its range may have fewer
_DARK = 1 / 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A picture that was read.

    Attributes
    ----------
    pixels : ndarray of float32
        (channels, height, width), black 0 and white 1.
    kept : Kept
        what its file has beside the pixels.
    notes : tuple of str
        what was done to it, for people.
    black, white : float
        on the scale on which pictures are written, of which 1 is the white of the file.
    bounded : bool
        nothing below black and above white is meant.
    """

    pixels: NDArray[np.float32]
    kept: Kept
    notes: tuple[str, ...]
    black: float
    white: float
    bounded: bool

    @property
    def grey(self) -> bool:
        """Whether the picture is grey, in one plane or in equal ones."""
        return bool((self.pixels == self.pixels[:1]).all())

    def for_file(self, image: NDArray[np.floating], *, floats: bool) -> NDArray[np.float64]:
        """Return an image with the planes of the file, on the scale on which pictures are written.

        Parameters
        ----------
        image : ndarray
            (channels, height, width), black 0 and white 1.
        floats : bool
            the file holds floating point; one of integers has black at its lowest level, white at its
            highest, where the scale of a floating-point picture was stated.
        """
        values = image.astype(np.float64)
        if self.bounded or floats:
            values = values * (self.white - self.black) + self.black
        if self.bounded:
            values = np.clip(values, 0, 1)
        return np.broadcast_to(values, (len(self.pixels), *values.shape[1:]))


def parse_range(text: str | None) -> tuple[float, float] | None:
    """Return (black, white) of ``--range``."""
    if text is None:
        return None
    parts = text.replace("..", ":").split(":")
    try:
        black, white = (float(part) for part in parts)
    except ValueError:
        black = white = 0.0
    if not (np.isfinite(black) and np.isfinite(white) and black < white):
        raise PriorbenchError(
            f"--range {text}: write the file's values of black and white, the smaller first, as 0:4095 or 0:1"
        )
    return black, white


def read_source(path: Path, value_range: tuple[float, float] | None) -> Source:
    """Read a picture; floating-point values outside 0 to 1 need a stated range.

    Raises
    ------
    PriorbenchError
        It cannot be used; the message begins with its path.
    """
    picture = read_picture(path, PictureRules(keep=True, max_pixels=_MOST_PIXELS))
    assert picture.kept is not None
    low, high = float(picture.pixels.min()), float(picture.pixels.max())
    floating = picture.kept.depth == "floating point"
    if value_range is None and (low < 0 or high > 1):
        raise PriorbenchError(
            f"{shown(str(path))}: floating point from {low:.8g} to {high:.8g}: which values are black and "
            "white? Say it, as --range 0:1 or --range 0:255"
        )
    peak = _PEAKS[picture.kept.depth]
    told = picture.white / peak  # below 1 where the file says what is white
    # profile and orientation are kept, whatever is done for a benchmark
    silent = ("ICC", "EXIF", "16 bits", *(() if value_range is None else ("white is", "its tag Max")))
    notes = tuple(note for note in picture.notes if not note.startswith(silent))
    if picture.kept.depth == "16 bits" and value_range is None and told == 1 and high < _DARK:
        notes += (
            f"16 bits, but no value above {round(high * peak)}: if white is less than 65535, say it, as"
            " --range 0:4095",
        )
    black, white = (0.0, 1.0) if value_range is None else (value_range[0] / peak, value_range[1] / peak)
    pixels = picture.pixels
    if value_range is not None:
        pixels = ((pixels.astype(np.float64) * told - black) / (white - black)).astype(np.float32)
    return Source(
        pixels=pixels,
        kept=picture.kept if value_range is None else replace(picture.kept, white=None),
        notes=notes,
        black=black,
        white=white,
        bounded=value_range is None or not floating,
    )

"""Which stored value of a picture is white: what the user says, or the file, or the end of the scale."""

from __future__ import annotations

from dataclasses import replace

from priorbench.pictures.values import Samples, shown_value
from priorbench.pictures.wanted import UnusableImageError

_SIXTEEN_BITS = 65535
#: a picture of 16 bits that stays below this part of its scale may have fewer
_DARK = 1 / 8


def with_white(samples: Samples, white: float | None) -> Samples:
    """Return samples whose value of white is known, with a note where it is not the end of the scale.

    Many cameras and microscopes store 10, 12 or 14 bits in 16. A TIFF may say so (tag 281, MaxSampleValue).
    That is taken where it is the largest value of a whole number of bits, and no sample is above it: many
    programs write the largest sample of the picture there.

    Parameters
    ----------
    samples : Samples
        of the whole picture.
    white : float or None
        the value of white, if the user says it.

    Raises
    ------
    UnusableImageError
        a sample is above `white`, or none can be as high.
    """
    if white is not None:
        return _stated(samples, white)
    if samples.peak != _SIXTEEN_BITS:
        return samples
    largest, told = int(samples.values.max()), samples.told_white
    if told and largest <= told:
        return _noted(replace(samples, white=told), f"white is {told}, as its tag MaxSampleValue says")
    if told:
        there = f"but there is the value {largest}: white is {samples.peak}"
        samples = _noted(samples, f"its tag MaxSampleValue says {told}, {there}")
    if 0 < largest < _DARK * samples.peak:
        bits = max(8, largest.bit_length())
        text = f"16 bits, but no value above {largest}: if white is less than {samples.peak}, say it, as"
        return _noted(samples, f"{text} white={2**bits - 1}")
    return samples


def _stated(samples: Samples, white: float) -> Samples:
    largest = samples.values.max()
    if samples.values.dtype.kind == "u" and white > samples.peak:
        bits = 8 if samples.peak == 255 else 16
        raise UnusableImageError(
            f"white = {white:g}, but this file has {bits} bits a sample, at most {samples.peak}: leave white"
            " out, or put such files into a set of their own"
        )
    if largest > white:
        raise UnusableImageError(
            f"white = {white:g}, but it has the value {shown_value(largest)}: give a white that is not below"
            " it, or leave white out"
        )
    return _noted(replace(samples, white=white), f"white is {white:g}, as was asked for")


def _noted(samples: Samples, note: str) -> Samples:
    return replace(samples, notes=(*samples.notes, note))

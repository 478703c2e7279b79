"""Decoded samples, and the checks of their range and of their alpha plane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.pictures.wanted import UnusableImageError

#: dtype of samples, without byte order -> the end of the scale
PEAKS: Mapping[str, int] = {"u1": 255, "u2": 65535, "f2": 1, "f4": 1, "f8": 1}
OPAQUE_DROPPED = "opaque alpha dropped"
_TRANSPARENT = "transparent pixels: what they should look like is not known"


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """What a file says beside its pixels.

    Attributes
    ----------
    exif, icc : bytes, default b''
        the EXIF block, a TIFF structure, and the colour profile; empty where there is none.
    resolution : tuple[float, float] or None, optional
        dots per inch, horizontal and vertical.
    """

    exif: bytes = field(default=b"", repr=False)
    icc: bytes = field(default=b"", repr=False)
    resolution: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Samples:
    """Decoded samples.

    Attributes
    ----------
    values : ndarray
        (height, width) grey or (height, width, 3) RGB, integer or floating point.
    peak : int
        the end of the scale: 255, 65535, or 1 for floating point.
    white : float or None, optional
        the value of white where it is another one.
    told_white : int, default 0
        what the file says of it, if that can be; 0 = nothing.
    notes : tuple of str, default ()
        what was done to them.
    orientation : int, default 1
        how the file wants to be shown, 1 to 8 (tag 274 of TIFF and EXIF); not applied to `values`.
    alpha : ndarray or None, optional
        (height, width) of the same type, `peak` where opaque.
    metadata : Metadata or None, optional
        only where it was asked for.
    """

    values: NDArray[Any]
    peak: int
    white: float | None = None
    told_white: int = 0
    notes: tuple[str, ...] = ()
    orientation: int = 1
    alpha: NDArray[Any] | None = None
    metadata: Metadata | None = None


def settled(samples: Samples, *, keep: bool, highest: float = 1.0) -> Samples:
    """Return samples whose range and alpha plane are as wanted; refuse others.

    Parameters
    ----------
    samples : Samples
        as decoded.
    keep : bool
        take any finite values and any alpha plane, which then stays; otherwise floating-point samples must
        lie in [0, highest], and an opaque alpha plane is dropped, any other one refused.
    highest : float, default 1
        the value of white in floating point.
    """
    if samples.values.dtype.kind == "f":
        check_range(samples.values, any_finite=keep, highest=highest)
    if keep or samples.alpha is None:
        return samples
    if int(samples.alpha.min()) != samples.peak:
        raise UnusableImageError(_TRANSPARENT)
    return replace(samples, alpha=None, notes=(*samples.notes, OPAQUE_DROPPED))


def check_range(values: NDArray[Any], *, any_finite: bool = False, highest: float = 1.0) -> None:
    """Refuse floating-point samples that are not finite, or, unless `any_finite`, not within [0, highest]."""
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)):  # min and max of an array with a NaN are NaN
        raise UnusableImageError(
            "values that are not finite (NaN or infinity): fill them first, or cut them off"
        )
    if max(-low, high) > np.finfo(np.float32).max:
        raise UnusableImageError("values that are too large for single precision: scale them")
    if (low < 0 or high > highest) and not any_finite:
        raise UnusableImageError(
            f"range unknown: floating point from {shown_value(low)} to {shown_value(high)}, "
            f"not within 0 to {highest:g}: scale it, or clip what is noise"
        )


def shown_value(value: np.floating[Any]) -> str:
    """Return a sample with few digits, or, where these would hide on which side of 0 or 1 it is, with all."""
    short = f"{float(value):g}"
    hidden = (float(short) == 1) != (value == 1) or (float(short) == 0) != (value == 0)
    return np.format_float_positional(value, trim="-") if hidden else short

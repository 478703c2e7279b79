"""Decoded samples, and the check of those in floating point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.pictures.wanted import UnusableImageError


@dataclass(frozen=True, kw_only=True, slots=True)
class Samples:
    """Decoded samples.

    Attributes
    ----------
    values : ndarray
        (height, width) grey or (height, width, 3) RGB, integer or floating point.
    peak : int
        the value of white: 255, 65535, or 1 for floating point.
    notes : tuple of str, default ()
        what was done to them.
    orientation : int, default 1
        how the file wants to be shown, 1 to 8 (tag 274 of TIFF and EXIF); not applied to `values`.
    """

    values: NDArray[Any]
    peak: int
    notes: tuple[str, ...] = ()
    orientation: int = 1


def unit_range(values: NDArray[Any]) -> NDArray[Any]:
    """Return floating-point samples that are known to lie in [0, 1]; refuse all others."""
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):  # min and max of an array with a NaN are NaN
        raise UnusableImageError("values that are not finite (NaN or infinity)")
    if low < 0 or high > 1:
        raise UnusableImageError(f"range unknown: floating point from {low:g} to {high:g}, not within 0 to 1")
    return values

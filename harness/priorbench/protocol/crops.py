"""Cuts the middle out of an image and writes it as a small PNG file for the report.

Stored under the digest of the whole array, so that a crop belongs to exactly the pixels that were scored.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: pixels of a crop's side
SIDE = 128


def crops(arrays: Mapping[str, NDArray[np.float32]]) -> dict[str, str]:
    """Return the crop of each array that is a picture: digest -> PNG file in base64.

    Parameters
    ----------
    arrays : Mapping[str, ndarray]
        digest -> (channels, height, width) in [0, 1]; those that no PNG file can hold (other than 1 or 3
        channels, a single row or column) are left out.
    """
    return {digest: _png(middle(array)) for digest, array in arrays.items() if _is_picture(array)}


def middle(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the middle of (channels, height, width), at most `SIDE` pixels high and wide."""
    _, height, width = pixels.shape
    top, left = max(0, (height - SIDE) // 2), max(0, (width - SIDE) // 2)
    return pixels[:, top : top + SIDE, left : left + SIDE]


def _is_picture(array: NDArray[Any]) -> bool:
    return array.ndim == 3 and array.shape[0] in (1, 3) and min(array.shape[1:]) > 1


def _png(pixels: NDArray[np.float32]) -> str:
    from PIL import Image

    levels = np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    picture = Image.fromarray(levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()

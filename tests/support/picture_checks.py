"""What the tests of pictures assert again and again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from priorbench.pictures import Picture, PictureRules, UnusableImageError, read_picture, shown


def reason_of(path: Path, rules: PictureRules | None = None) -> str:
    """Return why a file is refused; it must be one line, and say which file in the message."""
    with pytest.raises(UnusableImageError) as caught:
        read_picture(path, rules)
    assert "\n" not in str(caught.value)
    assert shown(path.name) in str(caught.value)
    assert path.name not in caught.value.reason
    return caught.value.reason


def same(picture: Picture, samples: np.ndarray, peak: int) -> None:
    """Assert that a picture is exactly samples / peak in float32, channels first."""
    planes = samples[np.newaxis] if samples.ndim == 2 else np.moveaxis(samples, -1, 0)
    assert picture.pixels.dtype == np.float32
    assert picture.pixels.flags.c_contiguous
    np.testing.assert_array_equal(picture.pixels, planes.astype(np.float32) / np.float32(peak))

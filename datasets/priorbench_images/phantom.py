"""`phantom`: the modified Shepp-Logan head phantom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from priorbench import Image, PriorbenchError, SkippedImage

#: Toft (1996), Table B.3: added intensity, half-axes a and b, centre x0 and y0, angle in degrees. The picture
#: is the square [-1, 1] x [-1, 1], its outermost pixel centres on the edge.
_ELLIPSES = (
    (1.0, 0.69, 0.92, 0.0, 0.0, 0.0),
    (-0.8, 0.6624, 0.874, 0.0, -0.0184, 0.0),
    (-0.2, 0.11, 0.31, 0.22, 0.0, -18.0),
    (-0.2, 0.16, 0.41, -0.22, 0.0, 18.0),
    (0.1, 0.21, 0.25, 0.0, 0.35, 0.0),
    (0.1, 0.046, 0.046, 0.0, 0.1, 0.0),
    (0.1, 0.046, 0.046, 0.0, -0.1, 0.0),
    (0.1, 0.046, 0.023, -0.08, -0.605, 0.0),
    (0.1, 0.023, 0.023, 0.0, -0.606, 0.0),
    (0.1, 0.023, 0.046, 0.06, -0.605, 0.0),
)
#: The six intensities that occur, in tenths.
_TENTHS = (0, 1, 2, 3, 4, 10)


class Phantom:
    """A set of one picture: the modified Shepp-Logan head phantom, in one of the two forms in use.

    Heckel & Soltanolkotabi (2020) kept it as a palette picture, and their code fitted the palette's *indices*
    divided by 5, not its greys. Both are computed here from the ellipses; at 256 x 256 they equal that file
    in every pixel.

    Parameters
    ----------
    variant : {'palette', 'grey'}, default 'palette'
        ``palette`` = the levels 0, 1/5, ..., 1 that the paper's experiments used; ``grey`` = the phantom's
        own greys 0, 0.1, 0.2, 0.3, 0.4, 1, cut to 8 bits as in the paper's file (25/255 for 0.1).
    size : int, default 256
        height and width, in pixels.
    crop : int or None, optional
        cut a square of this side from the centre.

    Raises
    ------
    PriorbenchError
        an unknown variant, or a size without pixels.
    """

    def __init__(
        self, *, variant: Literal["palette", "grey"] = "palette", size: int = 256, crop: int | None = None
    ) -> None:
        if variant not in ("palette", "grey"):
            raise PriorbenchError(f"phantom: variant '{variant}' is unknown. Allowed: grey, palette")
        if size < 2:
            raise PriorbenchError(f"phantom: size is {size}: it must be 2 or more")
        if crop is not None and not 1 <= crop <= size:
            raise PriorbenchError(f"phantom: crop is {crop}: it must be between 1 and the size, {size}")
        self._variant, self._size, self._crop = variant, size, crop
        self._id = f"shepp-logan-{variant}-{size}"

    def __iter__(self) -> Iterator[Image | SkippedImage]:
        """Yield the one picture."""
        yield self.load(self._id)

    def __len__(self) -> int:
        """Return 1."""
        return 1

    def load(self, image_id: str) -> Image:
        """Compute the picture; raise `PriorbenchError` for another id."""
        from priorbench.pictures import PictureRules

        if image_id != self._id:
            raise PriorbenchError(f"phantom: image '{image_id}' is unknown. Allowed: {self._id}")
        levels = {
            "palette": np.arange(len(_TENTHS)) / (len(_TENTHS) - 1),
            "grey": np.array([255 * tenths // 10 for tenths in _TENTHS]) / 255,
        }
        indices = PictureRules(crop=self._crop).cut(level_indices(self._size))
        return Image(id=self._id, pixels=levels[self._variant].astype(np.float32)[indices][np.newaxis])


def level_indices(size: int) -> NDArray[np.intp]:
    """Return the phantom as indices 0 to 5 of its intensities 0, 0.1, 0.2, 0.3, 0.4 and 1.

    Parameters
    ----------
    size : int
        height and width, in pixels.

    Returns
    -------
    ndarray
        integers (size, size), first row at the top of the head.
    """
    axis = np.linspace(-1.0, 1.0, size)
    x, y = np.meshgrid(axis, -axis)
    intensity = np.zeros((size, size))
    for added, a, b, x0, y0, degrees in _ELLIPSES:
        cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        along = (x - x0) * cosine + (y - y0) * sine
        across = (y - y0) * cosine - (x - x0) * sine
        intensity[(along / a) ** 2 + (across / b) ** 2 <= 1] += added
    return np.searchsorted(_TENTHS, np.rint(10 * intensity))

"""`checkerboard`: a picture as regular as can be that convolutional generators fit as slowly as noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from priorbench import Image, PriorbenchError, SkippedImage

Count = Annotated[int, Field(ge=1)]


class Checkerboard:
    """A set of one picture: grey squares, alternately 0 and 1, beginning with 0 at the top left.

    Heckel & Soltanolkotabi (2020), Appendix B.1: of squares of one pixel it is fitted as slowly as noise.

    Parameters
    ----------
    size : int, default 256
        height and width, in pixels.
    square : int, default 1
        side of a square, in pixels.
    """

    def __init__(self, *, size: Count = 256, square: Count = 1) -> None:
        if square > size:
            raise PriorbenchError(
                f"checkerboard: square is {square}: it must not exceed the size, {size}, or all is 0"
            )
        self._size, self._square = size, square
        self._id = f"checkerboard-{size}-{square}"

    def __iter__(self) -> Iterator[Image | SkippedImage]:
        """Yield the one picture."""
        yield self.load(self._id)

    def __len__(self) -> int:
        """Return 1."""
        return 1

    def load(self, image_id: str) -> Image:
        """Compute the picture; raise `PriorbenchError` for another id."""
        if image_id != self._id:
            raise PriorbenchError(f"checkerboard: image '{image_id}' is unknown. Allowed: {self._id}")
        line = np.arange(self._size) // self._square
        pixels = (line[:, np.newaxis] + line) % 2
        return Image(id=self._id, pixels=pixels.astype(np.float32)[np.newaxis])

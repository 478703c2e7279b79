"""Many small pictures, as a plugin of one file."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from priorbench import Image, ImageSetSpec, hookimpl


@hookimpl
def priorbench_image_sets() -> Iterator[ImageSetSpec]:
    """Yield the set."""
    yield ImageSetSpec(name="chaos-pictures", factory=f"{__name__}:Pictures", summary="small random pictures")


class Pictures:
    """Random pictures of 8 x 8 pixels.

    Parameters
    ----------
    count : int, default 10
        how many.
    """

    def __init__(self, *, count: int = 10) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Image]:
        return (self.load(str(number)) for number in range(self.count))

    def load(self, image_id: str) -> Image:
        """Return the picture of a number."""
        pixels = np.random.default_rng(int(image_id)).random((1, 8, 8), dtype=np.float32)
        return Image(id=image_id, pixels=pixels)

"""The image set of the example plugin; without torch, which the process that plans need not import."""

from __future__ import annotations

import numpy as np

from priorbench.contract.images import Image, SkippedImage
from priorbench.errors import PriorbenchError


class Ramps:
    """Smooth colour ramps.

    Parameters
    ----------
    count : int, default 3
        how many.
    size : int, default 16
        height and width.
    bad : bool, default False
        one more file, which cannot be used.
    """

    def __init__(self, *, count: int = 3, size: int = 16, bad: bool = False) -> None:
        self.count, self.size, self.bad = count, size, bad

    def __len__(self):
        return self.count + self.bad

    def __iter__(self):
        if self.bad:
            yield SkippedImage(id="bad.png", reason="truncated")
        for number in range(self.count):
            yield self.load(f"ramp-{number}")

    def load(self, image_id):
        number = int(image_id.rpartition("-")[2])
        if number >= self.count:
            raise PriorbenchError(f"no image {image_id}")
        row = np.linspace(0.2, 0.8 - number / 100, self.size, dtype=np.float32)
        return Image(id=image_id, pixels=np.broadcast_to(row, (3, self.size, self.size)).copy())

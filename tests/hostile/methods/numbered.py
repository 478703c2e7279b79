"""Pictures that show a number: one process makes many attacks, one on each, and knows by y which is next.

A process for each attack has to import torch for each. An attack that spoils its process still has its own.
"""

from __future__ import annotations

import numpy as np

from priorbench import Image, ImageSetSpec, hookimpl

#: stripes of a picture, one for each digit of the number to the base two
_STRIPES = 8
_DARK, _BRIGHT = 0.3, 0.7


@hookimpl
def priorbench_image_sets():
    yield ImageSetSpec(name="numbered-ramps", factory="numbered:Numbered", summary="pictures of numbers")


class Numbered:
    """Pictures of numbers.

    Parameters
    ----------
    numbers : str, default '0'
        the numbers, ``"0+3+7"``.
    size : int, default 32
        height and width.
    """

    def __init__(self, *, numbers: str = "0", size: int = 32) -> None:
        self.numbers, self.size = numbers.split("+"), size

    def __len__(self):
        return len(self.numbers)

    def __iter__(self):
        return map(self.load, map(image_of, self.numbers))

    def load(self, image_id):
        digits = [int(image_id.rpartition("-")[2]) >> place & 1 for place in range(_STRIPES)]
        row = np.repeat([_BRIGHT if digit else _DARK for digit in digits], self.size // _STRIPES)
        pixels = np.broadcast_to(row.astype(np.float32), (3, self.size, self.size))
        return Image(id=image_id, pixels=pixels.copy())


def image_of(number):
    """Return the id of the picture that shows a number."""
    return f"ramp-{number}"


def number_of(noisy):
    """Return the number that a noisy picture shows."""
    width = noisy.shape[-1] // _STRIPES
    means = [noisy[..., place * width : (place + 1) * width].mean() for place in range(_STRIPES)]
    return sum((mean > (_DARK + _BRIGHT) / 2) << place for place, mean in enumerate(means))

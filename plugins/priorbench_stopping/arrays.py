"""Arithmetic on outputs: no thread of a library is woken, which would disturb the next timing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

#: entries at a time, so that what is computed of them stays in the cache
BLOCK = 16384


def entries(image: torch.Tensor) -> NDArray[np.floating]:
    """Return the entries of an image on the host, float32 or float64, without a copy where that can be."""
    if image.element_size() < 4:  # numpy has no bfloat16, and no fast float16
        image = image.float()
    flat: NDArray[np.floating] = image.detach().reshape(-1).numpy()
    return flat


def sum_of_squares(values: NDArray[np.float64], scratch: NDArray[np.float64]) -> float:
    """Return the sum of the squares of a row of numbers; `scratch`, as long, is written to."""
    return float(np.add.reduce(np.multiply(values, values, out=scratch)))


def mean_square(one: NDArray[np.floating], other: NDArray[np.float64]) -> float:
    """Return the mean square of the difference of two rows of numbers, in double precision."""
    total, difference = 0.0, np.empty(BLOCK)
    for start in range(0, one.size, BLOCK):
        part = difference[: min(BLOCK, one.size - start)]
        part[...] = one[start : start + BLOCK]
        part -= other[start : start + BLOCK]
        total += sum_of_squares(part, part)
    return total / one.size

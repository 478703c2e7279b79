"""Arithmetic on outputs: no thread of a library is woken, which would disturb the next timing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

#: entries at a time: they stay in the cache, and OpenBLAS wakes no thread for a product of fewer than 10,000
BLOCK = 8192


def entries(image: torch.Tensor) -> NDArray[np.floating]:
    """Return the entries of an image on the host, float32 or float64, without a copy where that can be."""
    if image.element_size() < 4:  # numpy has no bfloat16, and no fast float16
        image = image.float()
    flat: NDArray[np.floating] = image.detach().reshape(-1).numpy()
    return flat


def sum_of_squares(values: NDArray[np.floating]) -> float:
    """Return the sum of the squares of a row of numbers, block by block.

    In single precision it is right to about 1e-7 of itself.
    """
    blocks = (values[start : start + BLOCK] for start in range(0, values.size, BLOCK))
    return sum(float(np.dot(block, block)) for block in blocks)


def mean_square(
    one: NDArray[np.floating], other: NDArray[np.floating], scratch: NDArray[np.floating]
) -> float:
    """Return the mean square of the difference of two rows of numbers; `scratch`, as long, is written to.

    Memory that is new costs as much as the arithmetic.
    """
    return sum_of_squares(np.subtract(one, other, out=scratch)) / one.size

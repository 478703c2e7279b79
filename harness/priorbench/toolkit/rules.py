"""What stopping rules share: the memory of the least value of something, and arithmetic on outputs.

The arithmetic wakes no thread of a library: that would disturb the next timing. It goes through an image
block by block, so that what it makes on the way stays in the cache, and is never written to memory.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from priorbench.contract.stopping import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch
    from numpy.typing import NDArray

#: entries at a time: 128 KiB of float32
BLOCK = 32768
#: entries of one product: OpenBLAS wakes no thread for fewer than 10,000
_PRODUCT = 8192


class Best:
    """The least value so far, and how long ago that was.

    A rule that waits for a minimum asks it for the verdict on each iterate.

    Parameters
    ----------
    patience : int
        iterations without a lower value after which to stop.
    budget : int
        iterations after which to stop at the latest.
    min_iterations : int, default 0
        values of earlier iterations are not considered.
    """

    def __init__(self, *, patience: int, budget: int, min_iterations: int = 0) -> None:
        self._patience, self._budget, self._first = patience, budget, min_iterations
        self.value, self.iteration = math.inf, 0

    def verdict(self, iteration: int, value: float | None) -> Verdict:
        """Keep an iterate whose value is strictly lower than all before; stop where none came for long.

        Where the budget ends before any value was considered, the last iterate is kept.

        Parameters
        ----------
        iteration : int
            1-based.
        value : float or None
            what is to become small; None = not known yet.
        """
        over = iteration >= self._budget
        if value is None or iteration < self._first:
            return Verdict(keep=over and not self.iteration, stop=over)
        if value < self.value:
            self.value, self.iteration = value, iteration
            return Verdict(keep=True, stop=over)
        if over and not self.iteration:  # no value was a number
            return Verdict(keep=True, stop=True)
        waited = self.iteration > 0 and iteration - self.iteration >= self._patience
        return Verdict(stop=over or waited, fired=waited)


def entries(image: torch.Tensor) -> NDArray[np.floating]:
    """Return the entries of an image on the host, float32 or float64, without a copy where that can be.

    Parameters
    ----------
    image : torch.Tensor
        of any shape.
    """
    if image.element_size() < 4:  # numpy has no bfloat16, and no fast float16
        image = image.float()
    flat: NDArray[np.floating] = image.detach().reshape(-1).numpy()
    return flat


def blocks(count: int) -> Iterator[slice]:
    """Yield the parts of a row of `count` numbers that are gone through one after another."""
    return (slice(start, start + BLOCK) for start in range(0, count, BLOCK))


def sum_of_squares(values: NDArray[np.floating]) -> float:
    """Return the sum of the squares of a row of numbers, in single precision to about 1e-7 of itself."""
    total = 0.0
    for start in range(0, values.size, _PRODUCT):
        part = values[start : start + _PRODUCT]
        total += float(part.dot(part))
    return total


def mean_square_error(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Return the mean square of the difference of two rows of numbers, in the wider of their types.

    Parameters
    ----------
    one, other : ndarray of float32 or float64
        as long as each other, with one entry at least.

    Returns
    -------
    float
        of float32 right to about 1e-7 of itself.
    """
    scratch = np.empty(min(one.size, BLOCK), np.result_type(one, other))
    total = 0.0
    for part in blocks(one.size):
        values = one[part]
        total += sum_of_squares(np.subtract(values, other[part], out=scratch[: values.size]))
    return total / one.size

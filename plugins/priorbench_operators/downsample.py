"""Super-resolution: A x is a smaller image, filtered against aliasing."""

# ruff: noqa: N802 - A and A_adjoint are the usual names

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field

from priorbench import PriorbenchError
from priorbench_operators.constant import Constant

if TYPE_CHECKING:
    from priorbench import Operator


class Separable:
    """A x = R x C', one matrix for the columns of a plane and one for its rows.

    Parameters
    ----------
    R : torch.Tensor
        (height of y, height of x).
    C : torch.Tensor
        (width of y, width of x).
    """

    def __init__(self, R: torch.Tensor, C: torch.Tensor) -> None:
        self._R, self._C = Constant(R), Constant(C)

    def A(self, x: torch.Tensor) -> torch.Tensor:
        """Return R x C'."""
        return self._R.like(x) @ x @ self._C.like(x).T

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:
        """Return R' y C."""
        return self._R.like(y).T @ y @ self._C.like(y)


class DownsampleModel:
    """Lanczos filter and subsampling, as in the super-resolution of the Deep Image Prior paper.

    The filter is sampled at half pixels (phase 0.5), so that an output pixel lies in the centre of the block
    that it stands for; at the border the image is continued by its last pixels. An axis of one pixel, as in
    1-D signals, stays as it is; there is no output pixel for the rest after the last whole block.

    Parameters
    ----------
    factor : int, default 4
        how many times smaller the image becomes, each way.
    lobes : {2, 3}, default 2
        of the Lanczos kernel on each side; 2 in the paper.
    """

    def __init__(self, *, factor: Annotated[int, Field(ge=1, le=64)] = 4, lobes: Literal[2, 3] = 2) -> None:
        self._factor, self._lobes = factor, lobes

    def draw(self, shape: tuple[int, int, int], rng: np.random.Generator) -> Operator:
        """Return the operator for images of a shape; nothing is drawn."""
        _, height, width = shape
        R, C = (torch.from_numpy(self._matrix(length)) for length in (height, width))
        return Separable(R, C)

    def _matrix(self, length: int) -> NDArray[np.float64]:
        """Return the filter and the subsampling of one axis, (length // factor, length)."""
        factor = self._factor
        if length == 1:
            return np.ones((1, 1))
        if length < factor:
            raise PriorbenchError(
                f"downsample: {length} pixels are too few for the factor {factor}: take larger images"
            )
        taps = lanczos_taps(factor, self._lobes)
        first = (factor - len(taps)) // 2
        matrix = np.zeros((length // factor, length))
        for row in range(len(matrix)):
            columns = np.clip(row * factor + first + np.arange(len(taps)), 0, length - 1)
            np.add.at(matrix[row], columns, taps)
        return matrix


def lanczos_taps(factor: int, lobes: int) -> NDArray[np.float64]:
    """Return the 2 `lobes` `factor` taps of the Lanczos kernel stretched by `factor`, at half pixels; sum 1.

    L(d) = sinc(d) sinc(d / lobes) with d in output pixels and sinc(d) = sin(pi d) / (pi d).
    """
    half = lobes * factor
    d = (np.arange(-half, half) + 0.5) / factor
    taps = np.sinc(d) * np.sinc(d / lobes)
    normalised: NDArray[np.float64] = taps / taps.sum()
    return normalised

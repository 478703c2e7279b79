"""Compressive sensing: a dense matrix of independent Gaussian numbers."""

# ruff: noqa: N802 - A and A_adjoint are the usual names

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from pydantic import Field

from priorbench import PriorbenchError
from priorbench_operators.constant import Constant

if TYPE_CHECKING:
    from priorbench import Operator

#: bytes that a matrix in double precision may take
LARGEST = 256 * 2**20


class Matrix:
    """A x for the image x as one vector; y is (1, 1, m).

    Parameters
    ----------
    matrix : torch.Tensor
        (m, n), n = channels x height x width.
    shape : tuple[int, int, int]
        (channels, height, width) of x.
    """

    def __init__(self, matrix: torch.Tensor, shape: tuple[int, int, int]) -> None:
        self._matrix, self._shape = Constant(matrix), shape

    def A(self, x: torch.Tensor) -> torch.Tensor:
        """Return A x, (1, 1, m)."""
        return (self._matrix.like(x) @ x.reshape(-1)).reshape(1, 1, -1)

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:
        """Return A' y, (channels, height, width)."""
        return (self._matrix.like(y).T @ y.reshape(-1)).reshape(self._shape)


class DenseGaussianModel:
    """A in R^(m x n) with entries N(0, 1/m), n the number of all values of the image.

    E ||A x||^2 = ||x||^2, so that one value of y is about sqrt(n/m) times as large as one of x. The matrix
    takes 8 m n bytes, at most 256 MiB: 76 x 76 pixels at the ratio 1, 107 x 107 at 0.25. The problem of
    Buskulic, Queau & Fadili 2023 has ``std=1``; noise levels then count in units of that y.

    Parameters
    ----------
    ratio : float, default 0.25
        measurements for each value of the image, m / n. A larger one measures what a smaller one does, and
        more, each scaled by its own sqrt(1/m).
    std : float or None, optional
        standard deviation of the entries; null takes sqrt(1/m). It scales the same matrix.
    """

    def __init__(
        self,
        *,
        ratio: Annotated[float, Field(gt=0, le=4)] = 0.25,
        std: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)] | None = None,
    ) -> None:
        self._ratio, self._std = ratio, std

    def draw(self, shape: tuple[int, int, int], rng: np.random.Generator) -> Operator:
        """Return a new matrix for images of a shape."""
        n = math.prod(shape)
        m = max(1, round(self._ratio * n))
        if 8 * m * n > LARGEST:
            raise PriorbenchError(
                f"dense-gaussian: a matrix of {m} x {n} takes {8 * m * n / 2**20:.0f} MiB, more than the "
                f"{LARGEST // 2**20} MiB that are allowed: crop the images, or lower the ratio"
            )
        drawn = rng.standard_normal((m, n))
        scaled = drawn / math.sqrt(m) if self._std is None else drawn * self._std
        return Matrix(torch.from_numpy(scaled), shape)

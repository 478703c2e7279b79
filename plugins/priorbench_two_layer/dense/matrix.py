"""Any U, and the spectrum of its expected Jacobian: what Theorem 3 needs where U is not circulant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from priorbench_two_layer.jacobian import expected_gram

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Dense:
    """A matrix U without a zero row.

    Attributes
    ----------
    U : ndarray of float64
        (n, m).
    sigma : ndarray of float64
        singular values of the expected Jacobian, falling, (n,): the roots of the eigenvalues of Sigma(U) (eq.
        13). For a circulant U they are the dual kernel.
    W : ndarray of float64
        its left singular vectors, the columns of (n, n).
    """

    U: NDArray[np.float64]
    sigma: NDArray[np.float64] = field(init=False)
    W: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        U = np.asarray(self.U, dtype=np.float64)
        if U.ndim != 2 or not U.size or not np.isfinite(U).all():
            raise ValueError(f"U must be a finite matrix, not an array of shape {U.shape}")
        values, vectors = np.linalg.eigh(expected_gram(U))
        object.__setattr__(self, "U", U)
        object.__setattr__(self, "sigma", np.sqrt(np.maximum(values[::-1], 0)))
        object.__setattr__(self, "W", vectors[:, ::-1])

    @property
    def n(self) -> int:
        """Number of entries of a signal."""
        return len(self.U)

    @property
    def norm(self) -> float:
        """Beta = ||U||."""
        return float(np.linalg.norm(self.U, 2))

    @property
    def alpha(self) -> float:
        """Alpha, the smallest sigma."""
        return float(self.sigma[-1])

    @property
    def step_size(self) -> float:
        """The largest step size of Theorem 3, eta = 1 / ||U||^2."""
        return self.norm**-2

"""The dual kernel: singular values of the expected Jacobian.

R. Heckel and M. Soltanolkotabi, ICLR 2020, Definition 2 and eq. 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.fft

from priorbench_two_layer.circulant import Circulant

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: correlations nearer to 1 than this differ from it by rounding alone, which the arc cosine would magnify
_ROUNDING = 8 * np.finfo(np.float64).eps


def half_correlation(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return g(t) = (1/2) (1 - arccos(t) / pi) t for correlations t in [-1, 1] (Definition 2)."""
    rounded = np.where(np.abs(t) > 1 - _ROUNDING, np.sign(t), t)
    values: NDArray[np.float64] = 0.5 * (1 - np.arccos(rounded) / np.pi) * rounded
    return values


def dual_kernel(circulant: Circulant) -> NDArray[np.float64]:
    """Return sigma = ||u|| sqrt(F g((u * u) / ||u||^2)), one value for each discrete Fourier frequency.

    Definition 2, with the circular *auto-correlation* in the place of u * u: for symmetric kernels they are
    equal up to a shift, for others only the auto-correlation gives the eigenvalues of eq. 13.

    Returns
    -------
    ndarray of float64
        Array shaped like u, in the order of the discrete Fourier transform;
        `priorbench_two_layer.basis.by_frequency` brings it to the order of the basis functions. The largest
        is below beta, the smallest is alpha.
    """
    eigenvalues = scipy.fft.fftn(first_column(circulant)).real
    sigma: NDArray[np.float64] = np.sqrt(np.maximum(eigenvalues, 0))
    return sigma


def first_column(circulant: Circulant) -> NDArray[np.float64]:
    """Return the first column of the circulant matrix Sigma(U) of eq. 13, shaped like u."""
    return circulant.energy * half_correlation(circulant.autocorrelation / circulant.energy)

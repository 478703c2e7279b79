"""Covariance of the noise between the channels of a pixel, and the noise after a colour transform."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench.contract.observation import Observation

#: orthonormal opponent colours: luminance, red minus blue, green minus magenta
OPPONENT: NDArray[np.float64] = np.array(
    [
        np.array([1.0, 1.0, 1.0]) / 3**0.5,
        np.array([1.0, 0.0, -1.0]) / 2**0.5,
        np.array([1.0, -2.0, 1.0]) / 6**0.5,
    ]
)


def channel_covariance(observation: Observation) -> NDArray[np.float64]:
    """Return the covariance of the noise between the channels of one pixel, (C, C), on the 0..1 scale.

    Parameters
    ----------
    observation : Observation
        where the noise descriptor gives the covariance, that is it; where it gives only a standard deviation,
        the channels are taken as independent; blind, they are too, each with the deviation that the median
        absolute deviation of its finest wavelet coefficients gives (D. L. Donoho, I. M. Johnstone, "Ideal
        spatial adaptation by wavelet shrinkage", Biometrika 81 (1994)).
    """
    channels = observation.image.shape[0]
    noise = observation.noise
    if noise is not None and noise.channel_covariance is not None:
        return np.array(noise.channel_covariance, dtype=np.float64)
    if observation.sigma is not None:
        return observation.sigma**2 * np.eye(channels)
    from skimage.restoration import estimate_sigma

    image = observation.image.detach().cpu().numpy()
    with warnings.catch_warnings():
        # it takes a plane that is up to four pixels wide for a colour picture, and says so
        warnings.filterwarnings("ignore", message="image is size", category=UserWarning)
        deviations = estimate_sigma(image.astype(np.float64), channel_axis=0, average_sigmas=False)
    return np.diag(np.square(np.nan_to_num(deviations)))


def transformed_deviations(
    matrix: NDArray[np.float64], covariance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the standard deviation of each channel of T y: the root of the diagonal of T S T'.

    Parameters
    ----------
    matrix : ndarray of float64
        T, (K, C).
    covariance : ndarray of float64
        S, (C, C).
    """
    variances = np.einsum("ki,ij,kj->k", matrix, covariance, matrix)
    deviations: NDArray[np.float64] = np.sqrt(np.maximum(variances, 0.0))
    return deviations

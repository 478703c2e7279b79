"""Covariance of the noise between the channels of a pixel, and the noise after a colour transform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from priorbench.toolkit.noise_estimates import estimate_noise

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
        the channels are taken as independent; blind, it is estimated
        (`priorbench.toolkit.noise_estimates`).
    """
    channels = observation.image.shape[0]
    noise = observation.noise
    if noise is not None and noise.channel_covariance is not None:
        return np.array(noise.channel_covariance, dtype=np.float64)
    if observation.sigma is not None:
        return observation.sigma**2 * np.eye(channels)
    return estimate_noise(observation.image.detach().cpu().numpy()).covariance


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

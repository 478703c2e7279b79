"""The noise of a picture, estimated from the picture alone: its covariance, and whether to believe it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: of |w| for a standard normal w
_MEDIAN = 0.6744897501960817
#: the diagonal detail filter of Daubechies' wavelet of four taps, as scikit-image's `estimate_sigma` uses it
_HIGH_PASS = np.array([-0.48296291314469025, 0.8365163037378079, -0.22414386804185735, -0.12940952255092145])
#: a correlation of two channels below which it is taken as none, and one of all above which they are equal
_NONE, _EQUAL = 0.25, 0.93


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseEstimate:
    """What a picture shows of its noise.

    Attributes
    ----------
    covariance : ndarray of float64
        between the channels of a pixel, (C, C), on the scale of the picture.
    count : int
        coefficients of each channel that say something.
    coarse : float
        the standard deviation as every second pixel shows it; white noise has there what it has everywhere.
    """

    covariance: NDArray[np.float64]
    count: int
    coarse: float

    @property
    def sigma(self) -> float:
        """The root mean variance of the channels."""
        return float(np.sqrt(np.mean(np.diag(self.covariance))))


def estimate_noise(image: NDArray[np.floating]) -> NoiseEstimate:
    """Estimate additive white noise.

    Parameters
    ----------
    image : ndarray
        (channels, height, width), of any size.

    Returns
    -------
    NoiseEstimate
        Of the finest diagonal wavelet coefficients, the median absolute deviation (D. L. Donoho,
        I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81 (1994)). A covariance
        is that of the sums and differences of two channels (R. Gnanadesikan, J. R. Kettenring, "Robust
        estimates, residuals, and outlier detection with multiresponse data", Biometrics 28 (1972)).
        Small correlations, which a picture's own detail makes, become 0, and large ones of all channels 1.
        Zeros where a picture is too narrow to have coefficients.
    """
    details = _details(image.astype(np.float64))
    coarse = _details(image[:, ::2, ::2].astype(np.float64))
    channels = len(details)
    deviations = np.array([_deviation(row) for row in details])
    correlation = np.eye(channels)
    for one in range(channels):
        for other in range(one):
            value = _correlation(details[one], details[other], deviations[one], deviations[other])
            correlation[one, other] = correlation[other, one] = value
    return NoiseEstimate(
        covariance=_settled(correlation, deviations),
        count=int(np.count_nonzero(details, axis=1).min()),
        coarse=float(np.sqrt(np.mean([_deviation(row) ** 2 for row in coarse]))),
    )


def _details(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the finest diagonal coefficients of each channel, (C, count), without those at the border."""
    taps = len(_HIGH_PASS)
    channels, height, width = image.shape
    if min(height, width) < taps:
        return np.zeros((channels, 0))
    rows = sum(_HIGH_PASS[k] * image[:, k : height - taps + k + 1 : 2] for k in range(taps))
    both = sum(_HIGH_PASS[k] * rows[:, :, k : width - taps + k + 1 : 2] for k in range(taps))
    return np.asarray(both).reshape(channels, -1)


def _deviation(details: NDArray[np.float64]) -> float:
    """Return a robust standard deviation; zeros are flat places without noise, such as clipped ones."""
    told = np.abs(details[np.abs(details) > 1e-9])
    return float(np.median(told)) / _MEDIAN if len(told) else 0.0


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64], a: float, b: float) -> float:
    if not (a > 0 and b > 0):
        return 0.0
    plus, minus = _deviation(one / a + other / b) ** 2, _deviation(one / a - other / b) ** 2
    value = (plus - minus) / (plus + minus)
    return 0.0 if abs(value) < _NONE else value


def _settled(correlation: NDArray[np.float64], deviations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a covariance that is none below zero; equal noise has one deviation."""
    if len(deviations) > 1 and correlation.min() > _EQUAL:
        return np.full(correlation.shape, np.mean(deviations**2))
    values, vectors = np.linalg.eigh(correlation)
    if values.min() < 0:
        correlation = (vectors * np.maximum(values, 0)) @ vectors.T
        scale = np.sqrt(np.diag(correlation))
        correlation = correlation / np.outer(scale, scale)
    return correlation * np.outer(deviations, deviations)

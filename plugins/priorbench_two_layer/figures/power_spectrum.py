"""The power spectrum of natural images: it falls like a power of the frequency, with an exponent near -2.

Heckel & Soltanolkotabi 2020 take it as the reason why natural images lie in the span of few low frequencies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.fft
from scipy.stats import linregress

from priorbench.toolkit.checks import at_least

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: band of frequencies of the fit, in cycles for each pixel: below it a window leaks, above it pixels alias
BAND = (0.02, 0.35)


def power_spectrum(image: NDArray[Any], *, rings: int = 16) -> dict[str, Any]:
    """Return the power of an image over rings of frequency, and the slope of its logarithm.

    The image is cut to a square around its centre, its mean taken away, and a Hann window laid over it, so
    that opposite borders meet without a jump.

    Parameters
    ----------
    image : ndarray
        grey, (height, width), at least 64 pixels each.
    rings : int, default 16
        rings between the band's ends, evenly spaced in the logarithm; empty ones are left out.

    Returns
    -------
    dict
        `frequency` in cycles for each pixel and the mean `power` of each ring; `slope`, the exponent of the
        line of least squares through their logarithms, and its standard `error`; `within`, the share of the
        energy beside the mean in the tenth of all frequencies that are lowest.
    """
    side = min(image.shape)
    at_least(64, side=side)
    top, left = ((length - side) // 2 for length in image.shape)
    square = np.asarray(image, dtype=np.float64)[top : top + side, left : left + side]
    window = np.outer(*[np.hanning(side + 1)[:-1]] * 2)
    windowed = (square - np.average(square, weights=window)) * window
    power = np.abs(scipy.fft.fft2(windowed)) ** 2 / np.sum(window**2)
    radius = np.hypot.outer(*[scipy.fft.fftfreq(side)] * 2)
    edges = np.geomspace(*BAND, rings + 1)
    ring = np.digitize(radius, edges) - 1
    kept = [i for i in range(rings) if (ring == i).any()]
    frequency = np.array([radius[ring == i].mean() for i in kept])
    means = np.array([power[ring == i].mean() for i in kept])
    fitted = linregress(np.log(frequency), np.log(means))
    return {
        "frequency": frequency.tolist(),
        "power": means.tolist(),
        "slope": float(fitted.slope),
        "error": float(fitted.stderr),
        "within": _low_share(square),
    }


def _low_share(square: NDArray[np.float64]) -> float:
    energy = np.abs(scipy.fft.fft2(square - square.mean())) ** 2
    radius = np.hypot.outer(*[scipy.fft.fftfreq(len(square))] * 2)
    lowest = np.argsort(radius.ravel(), kind="stable")[: energy.size // 10]
    return float(energy.ravel()[lowest].sum() / energy.sum())

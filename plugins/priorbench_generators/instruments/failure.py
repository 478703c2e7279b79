"""Fits that failed: whose training error stays far above the noise."""

from __future__ import annotations

import math


def failed_fit(training_mse: float, sigma: float, *, factor: float = 2.0) -> bool:
    """Say whether a fit failed: its training error is above `factor` times the noise's variance.

    A network that fits an image and not its noise ends near a training error of sigma^2, or below. In the
    published Table 1 the over-parameterised decoder failed on one picture of a hundred (training error 0.0259
    at a variance of 0.0096, 17.5 dB), which cost its mean 0.11 dB.

    Parameters
    ----------
    training_mse : float
        mean squared error to the noisy picture, at the iterate that is returned; what is not a number failed.
    sigma : float
        standard deviation of the noise, on the same scale.
    factor : float, default 2.0
        more than chance can do: over n values the error of the noise itself scatters by sqrt(2 / n).
    """
    if not (math.isfinite(sigma) and sigma > 0):
        raise ValueError(f"sigma must be a finite number above 0, not {sigma}")
    return not training_mse <= factor * sigma**2

"""Scores by the protocol: data range 1, float64, one mean over all pixels and channels, no border crop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    Picture = TypeVar("Picture", NDArray[np.floating[Any]], torch.Tensor)

#: standard deviation, in pixels, of the Gaussian window of Wang et al. 2004, and its side
_SSIM_SIGMA, _SSIM_WINDOW = 1.5, 11
#: C1 = (K1 L)^2 and C2 = (K2 L)^2 with the range L = 1
_SSIM_C1, _SSIM_C2 = 0.01**2, 0.03**2


def clip01(image: Picture) -> Picture:
    """Return a copy of an image, numpy or torch, clipped to [0, 1]; NaN stays NaN."""
    return image.clip(0, 1)


def mse(estimate: NDArray[np.floating[Any]] | torch.Tensor, clean: NDArray[np.floating[Any]]) -> float:
    """Return the mean squared error over all pixels and channels, in float64.

    Parameters
    ----------
    estimate, clean : ndarray or torch.Tensor
        arrays of one shape, numpy, or torch on any device.

    Returns
    -------
    float
        NaN where a value is NaN.

    Raises
    ------
    ValueError
        Where the shapes differ or nothing is in them.
    """
    first, second = _host(estimate), _host(clean)
    if first.shape != second.shape or not first.size:
        raise ValueError(f"expected two images of one shape, got {first.shape} and {second.shape}")
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.subtract(first, second, dtype=np.float64)
        # never a product of matrices or vectors here: it wakes threads, which then run beside the method
        return float(np.square(difference, out=difference).sum()) / float(difference.size)


def psnr(estimate: NDArray[np.floating[Any]] | torch.Tensor, clean: NDArray[np.floating[Any]]) -> float:
    """Return the peak signal-to-noise ratio -10 log10(MSE), in dB, for images with peak 1.

    The harness clips what a method returned (`clip01`) before it comes here; nothing is clipped here.

    Parameters
    ----------
    estimate, clean : ndarray or torch.Tensor
        arrays of one shape, numpy, or torch on any device.

    Returns
    -------
    float
        Infinity for equal images; NaN where a value is NaN. Both are kept out of means and out of JSON.

    Raises
    ------
    ValueError
        Where the shapes differ or nothing is in them.
    """
    error = mse(estimate, clean)
    return math.inf if error == 0 else -10 * math.log10(error)


def ssim(
    estimate: NDArray[np.floating[Any]] | torch.Tensor, clean: NDArray[np.floating[Any]]
) -> float | None:
    """Return the structural similarity with Wang's Gaussian window, the mean over pixels and channels.

    Window 11 x 11 of standard deviation 1.5, population covariance, K1 = 0.01, K2 = 0.03, range 1, windows
    that fit into the image only: Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality
    assessment: from error visibility to structural similarity", IEEE Trans. Image Processing 13 (2004).

    Parameters
    ----------
    estimate, clean : ndarray or torch.Tensor
        arrays (channels, height, width) of one shape, numpy, or torch on any device.

    Returns
    -------
    float or None
        None where the image is smaller than the window.
    """
    first, second = _host(estimate), _host(clean)
    if first.shape != second.shape:
        raise ValueError(f"expected two images of one shape, got {first.shape} and {second.shape}")
    if min(first.shape[-2:]) < _SSIM_WINDOW:
        return None
    return float(
        np.mean([one.mean() for one in _ssim_maps(first.astype(np.float64), second.astype(np.float64))])
    )


def _ssim_maps(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return equation 13 of Wang et al. 2004 for each channel, where the window lies inside the image.

    All local means of all channels come from one filter, and x^2 and y^2 are only needed as their sum: on a
    small image, scikit-image's own function takes five times as long.
    """
    ux, uy, squares, products = _window_means(np.stack([x, y, x * x + y * y, x * y]))
    ux_uy, ux2_uy2 = ux * uy, ux * ux + uy * uy
    above = (2 * ux_uy + _SSIM_C1) * (2 * (products - ux_uy) + _SSIM_C2)
    below = (ux2_uy2 + _SSIM_C1) * (squares - ux2_uy2 + _SSIM_C2)
    return np.asarray(above / below)


def _window_means(maps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means (..., height - 10, width - 10) of (..., height, width) under the Gaussian window."""
    from scipy.ndimage import correlate1d

    radius = _SSIM_WINDOW // 2
    window = np.exp(-0.5 * (np.arange(-radius, radius + 1) / _SSIM_SIGMA) ** 2)
    window /= window.sum()
    rows = correlate1d(maps, window, axis=-1)[..., radius:-radius]
    return np.asarray(correlate1d(rows, window, axis=-2)[..., radius:-radius, :])


def _host(image: NDArray[np.floating[Any]] | torch.Tensor) -> NDArray[np.floating[Any]]:
    return image if isinstance(image, np.ndarray) else np.asarray(image.detach().cpu())

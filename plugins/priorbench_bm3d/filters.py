"""Calls of the `bm3d` package, one for each kind of noise. Images here are (height, width, channels)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bm3d
import numpy as np

from priorbench.toolkit.covariance import transformed_deviations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Image = NDArray[np.float64]

_PROFILES = {
    "np": bm3d.BM3DProfile,
    "high": bm3d.BM3DProfileHigh,
    "vn": bm3d.BM3DProfileVN,
    "vn_old": bm3d.BM3DProfileVNOld,
}

#: the package's opponent colours, which match blocks on the luminance
_OPPONENT = np.array([[1 / 3, 1 / 3, 1 / 3], [1 / 2, 0, -1 / 2], [1 / 4, -1 / 2, 1 / 4]])

#: the package fails, or ends the process, on pictures that are not larger than a block (8 to 12 pixels)
_SMALLEST = 16

#: least deviation that the package is told, a fortieth of a step of 8 bits: it fails on 0
LEAST_SIGMA = 1e-4

#: a plane with less contrast than this is flat; bm3d_rgb divides by the range of each plane
_FLAT = 1e-6


def make_profile(name: str, num_threads: int) -> bm3d.BM3DProfile:
    """Return a profile of the package with a number of threads (0 = all)."""
    profile = _PROFILES[name]()
    profile.num_threads = num_threads
    return profile


def denoise(image: Image, covariance: Image, profile: bm3d.BM3DProfile, *, clipped: bool) -> Image:
    """Denoise a picture of any size.

    Parameters
    ----------
    image : Image
        1 or 3 channels, nominally in [0, 1].
    covariance : Image
        of the noise between the channels of a pixel, (channels, channels).
    profile : bm3d.BM3DProfile
        of the package.
    clipped : bool
        the noisy picture was clipped to [0, 1].
    """
    height, width, channels = image.shape
    margin = [(0, max(_SMALLEST - side, 0)) for side in (height, width)]
    padded = np.pad(image, [*margin, (0, 0)], mode="symmetric")
    if channels == 1:
        result = grey(padded[..., 0], covariance[0, 0] ** 0.5, profile)[..., None]
    elif np.allclose(covariance, covariance[0, 0], rtol=1e-6, atol=0):
        result = equal(padded, covariance[0, 0] ** 0.5, profile, clipped=clipped)
    elif np.count_nonzero(covariance - np.diag(np.diag(covariance))) == 0:
        result = independent(padded, np.sqrt(np.diag(covariance)), profile)
    else:
        result = opponent(padded, covariance, profile)
    return result[:height, :width]


def grey(plane: Image, sigma: float, profile: bm3d.BM3DProfile) -> Image:
    """Denoise one plane (height, width) of white noise."""
    result: Image = bm3d.bm3d(plane, sigma, profile)
    return result


def independent(image: Image, sigmas: Image, profile: bm3d.BM3DProfile) -> Image:
    """Denoise a colour picture whose channels have independent noise: the package's own colour BM3D."""
    covariance = np.diag(sigmas**2)
    flat = np.ptp(image @ _OPPONENT.T, axis=(0, 1)) < _FLAT
    if np.any(flat) or np.min(transformed_deviations(_OPPONENT, covariance)) < LEAST_SIGMA:
        return opponent(image, covariance, profile)
    result: Image = bm3d.bm3d_rgb(image, sigmas, profile, colorspace="opp")
    return result


def opponent(image: Image, covariance: Image, profile: bm3d.BM3DProfile) -> Image:
    """Denoise a colour picture of any covariance S: `bm3d_rgb` with the deviations of T S T'.

    As in `bm3d_rgb`, each opponent plane is brought to [0, 1] and blocks are matched on the luminance.
    """
    planes = image @ _OPPONENT.T
    low, extent = planes.min(axis=(0, 1)), np.ptp(planes, axis=(0, 1))
    extent[extent < _FLAT] = 1.0
    sigmas = np.maximum(transformed_deviations(_OPPONENT, covariance), LEAST_SIGMA) / extent
    planes = (planes - low) / extent
    if np.ptp(planes[..., 0]) < _FLAT:  # there is nothing to match blocks on
        result = np.stack([grey(planes[..., c], sigmas[c], profile) for c in range(3)], axis=-1)
    else:
        result = bm3d.bm3d(planes, sigmas, profile)
    cleaned: Image = (result * extent + low) @ np.linalg.inv(_OPPONENT).T
    return cleaned


def equal(image: Image, sigma: float, profile: bm3d.BM3DProfile, *, clipped: bool) -> Image:
    """Denoise a colour picture y_c = x_c + n whose three channels share one noise field n.

    Each channel is a grey picture with noise of deviation sigma, and gives an estimate of n: what grey BM3D
    takes away. Their mean is subtracted from all channels, so that the differences between channels, which
    have no noise, stay exact. A clipped value says nothing of n and keeps what BM3D makes of its own channel.

    Notes
    -----
    PSNR in dB on the centre 256 x 256 of kodim05, 03, 08, 23 with sigma 25/255, clipped:
    this 26.5, 31.7, 28.0, 32.3; grey BM3D on each channel 26.4, 31.3, 27.9, 32.0; the residual of the
    channels' mean subtracted 26.3, 30.6, 27.8, 31.9; opponent colours with deviations sigma, 0, 0
    26.3, 30.6, 27.8, 31.9; `bm3d_rgb`, which takes the channels as independent, 23.1, 24.8, 23.4, 24.3.
    """
    each = np.stack([grey(image[..., c], sigma, profile) for c in range(image.shape[2])], axis=-1)
    usable = (image > 0) & (image < 1) if clipped else np.ones(image.shape, dtype=bool)
    count = usable.sum(axis=-1, keepdims=True)
    field = np.where(usable, image - each, 0.0).sum(axis=-1, keepdims=True) / np.maximum(count, 1)
    return np.where(usable, image - field, each)

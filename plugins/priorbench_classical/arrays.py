"""Converts observations to scikit-image's arrays and back, and handles colour plane by plane."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import torch

from priorbench.toolkit.covariance import OPPONENT, channel_covariance, transformed_deviations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench import Observation

Colours: TypeAlias = Literal["opponent", "ycbcr", "rgb"]

#: ITU-R BT.601, as in `skimage.color.rgb2ycbcr` but for the offset
_YCBCR = np.array([[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]]) / 255
_TRANSFORMS = {"opponent": OPPONENT, "ycbcr": _YCBCR, "rgb": np.eye(3)}

#: a plane with less noise than this is left alone: far below one step of 8 bits
_NEGLIGIBLE = 1e-6


def to_array(image: torch.Tensor) -> NDArray[np.float64]:
    """Return a copy of an image as float64, (channels, height, width)."""
    return image.detach().cpu().numpy().astype(np.float64)


def like(array: NDArray[np.float64], image: torch.Tensor) -> torch.Tensor:
    """Return an array as a tensor of the type and device of `image`."""
    return torch.from_numpy(np.ascontiguousarray(array)).to(image)


def denoise_planes(
    observation: Observation,
    colours: Colours,
    denoise: Callable[[NDArray[np.float64], float], NDArray[np.float64]],
) -> torch.Tensor:
    """Denoise a grey picture, or each plane of a colour picture in a space where its noise is known.

    Parameters
    ----------
    observation : Observation
        what is denoised.
    colours : {'opponent', 'ycbcr', 'rgb'}
        space of a colour picture. The noise's covariance S becomes T S T' there, so that noise which is equal
        in R, G and B is all in the luminance, and the other planes pass unchanged.
    denoise : callable
        function of a plane (height, width) and the standard deviation of its noise.
    """
    image = to_array(observation.image)
    matrix = _TRANSFORMS[colours] if len(image) == 3 else np.eye(len(image))
    planes = np.tensordot(matrix, image, axes=1)
    deviations = transformed_deviations(matrix, channel_covariance(observation))
    cleaned = [
        denoise(plane, float(sigma)) if sigma > _NEGLIGIBLE else plane
        for plane, sigma in zip(planes, deviations, strict=True)
    ]
    return like(np.tensordot(np.linalg.inv(matrix), np.stack(cleaned), axes=1), observation.image)

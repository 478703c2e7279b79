"""Non-local means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field
from skimage.restoration import denoise_nl_means

from priorbench.toolkit.covariance import channel_covariance
from priorbench_classical.arrays import like, to_array

if TYPE_CHECKING:
    import torch

    from priorbench import Observation

#: cut-off in multiples of sigma, by the variant of the algorithm: the setting of the literature
_CUT_OFF = {True: 0.6, False: 0.8}


class NonLocalMeans:
    """Average pixels whose surroundings are alike; the channels of a pixel share their weights.

    Parameters
    ----------
    patch_size : int, default 5
        side of a patch, in pixels.
    patch_distance : int, default 6
        greatest distance of patches that are compared, in pixels.
    h : float or None, optional
        cut-off in multiples of sigma; None takes 0.6 for the fast variant and 0.8 for the slow one.
    fast : bool, default True
        patches with equal weights, by running sums (Darbon et al. 2008); otherwise patches with Gaussian
        weights (Buades et al. 2005), some ten times slower.
    """

    def __init__(
        self,
        *,
        patch_size: Annotated[int, Field(ge=1)] = 5,
        patch_distance: Annotated[int, Field(ge=1)] = 6,
        h: Annotated[float, Field(gt=0)] | None = None,
        fast: bool = True,
    ) -> None:
        self._patch_size = patch_size
        self._patch_distance = patch_distance
        self._h = _CUT_OFF[fast] if h is None else h
        self._fast = fast

    def denoise(self, observation: Observation) -> torch.Tensor:
        """Return the denoised image; blind, sigma is estimated."""
        sigma = float(np.sqrt(np.mean(np.diag(channel_covariance(observation)))))
        if sigma == 0:
            return observation.image.clone()
        image = to_array(observation.image)
        colour = len(image) > 1
        denoised = denoise_nl_means(
            image if colour else image[0],  # a channel axis of length 1 is taken for an axis of the picture
            patch_size=self._patch_size,
            patch_distance=self._patch_distance,
            h=self._h * sigma,
            sigma=sigma,
            fast_mode=self._fast,
            channel_axis=0 if colour else None,
        )
        return like(denoised.reshape(image.shape), observation.image)

"""The denoiser: chooses a filter by what is known of the noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import torch
from pydantic import Field

from priorbench.toolkit.covariance import channel_covariance
from priorbench_bm3d import anscombe, filters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from priorbench import NoiseDescriptor, Observation


class BM3D:
    """BM3D for grey pictures, colour BM3D in opponent colours, or equal noise removed from all channels.

    Noise that is independent in the channels gets ``bm3d_rgb``, noise that is equal in them `filters.equal`,
    any other covariance the opponent space with the deviations that it has there. Poisson and
    Poisson-Gaussian noise is stabilised by the generalised Anscombe transform. Blind, the covariance of the
    channels is estimated.

    Parameters
    ----------
    assume_independent : bool, default False
        take the channels' noise as independent whatever it is: the mis-specified run that is published for
        noise which is equal in the channels.
    profile : {'np', 'high', 'vn', 'vn_old'}, default 'np'
        of the package: ``np`` normal, ``high`` quality, ``vn`` for very noisy pictures, ``vn_old`` its older
        form.
    num_threads : int, default 1
        1 gives the same bits every time; 0 takes all processors.
    """

    def __init__(
        self,
        *,
        assume_independent: bool = False,
        profile: Literal["np", "high", "vn", "vn_old"] = "np",
        num_threads: Annotated[int, Field(ge=0)] = 1,
    ) -> None:
        self._assume_independent = assume_independent
        self._profile = filters.make_profile(profile, num_threads)

    def denoise(self, observation: Observation) -> torch.Tensor:
        """Return the denoised image."""
        image = observation.image.detach().cpu().numpy().transpose(1, 2, 0).astype(np.float64)
        gain = anscombe.gain_and_variance(observation.noise)
        if gain is None:
            denoised = self._gaussian(image, channel_covariance(observation), observation.noise)
        else:
            denoised = self._stabilised(image, *gain)
        return torch.from_numpy(np.ascontiguousarray(denoised.transpose(2, 0, 1))).to(observation.image)

    def _gaussian(
        self, image: NDArray[np.float64], covariance: NDArray[np.float64], noise: NoiseDescriptor | None
    ) -> NDArray[np.float64]:
        if self._assume_independent:
            covariance = np.mean(np.diag(covariance)) * np.eye(len(covariance))
        if np.max(np.diag(covariance)) < filters.LEAST_SIGMA**2:
            return image
        clipped = noise is not None and noise.clipped
        return filters.denoise(image, covariance, self._profile, clipped=clipped)

    def _stabilised(self, image: NDArray[np.float64], a: float, b: float) -> NDArray[np.float64]:
        stable = anscombe.forward(image, a, b)
        low = float(stable.min())
        scale = max(float(stable.max()) - low, 1.0)
        # The package's thresholds for matching blocks are meant for pictures on the 0..1 scale.
        covariance = np.eye(image.shape[2]) / scale**2
        denoised = filters.denoise((stable - low) / scale, covariance, self._profile, clipped=False)
        return anscombe.inverse(denoised * scale + low, a, b)

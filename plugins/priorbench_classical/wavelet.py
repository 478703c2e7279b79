"""Wavelet shrinkage with thresholds from the data, averaged over shifts."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import pywt
from pydantic import Field
from skimage.restoration import denoise_wavelet

from priorbench import PriorbenchError
from priorbench.errors import suggestion
from priorbench_classical.arrays import Colours, denoise_planes

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from priorbench import Observation


class WaveletShrinkage:
    """Shrink the wavelet coefficients of each plane.

    Parameters
    ----------
    wavelet : str, default 'db1'
        name of an orthogonal wavelet in PyWavelets, for example ``db1``, ``sym4``.
    method : {'BayesShrink', 'VisuShrink'}, default 'BayesShrink'
        ``BayesShrink``, a threshold for each sub-band, or ``VisuShrink``, one for all.
    mode : {'soft', 'hard'}, default 'soft'
        soft or hard thresholding.
    levels : int or None, optional
        levels of the decomposition; None takes three less than there can be.
    shifts : int, default 3
        cycle spinning: the result is the mean over the shifts 0 .. `shifts` in each direction; 0 = off.
    colour : {'opponent', 'ycbcr', 'rgb'}, default 'opponent'
        space in which a colour picture is denoised plane by plane; ``ycbcr`` with ``shifts=0`` is what
        scikit-image's ``convert2ycbcr`` does where the channels' noise is independent.
    """

    def __init__(
        self,
        *,
        wavelet: str = "db1",
        method: Literal["BayesShrink", "VisuShrink"] = "BayesShrink",
        mode: Literal["soft", "hard"] = "soft",
        levels: Annotated[int, Field(ge=1)] | None = None,
        shifts: Annotated[int, Field(ge=0)] = 3,
        colour: Colours = "opponent",
    ) -> None:
        known = pywt.wavelist(kind="discrete")
        if wavelet not in known:
            raise PriorbenchError(f"wavelet: unknown wavelet '{wavelet}'{suggestion(wavelet, known)}")
        self._wavelet = wavelet
        self._method = method
        self._mode = mode
        self._levels = levels
        self._shifts = shifts
        self._colour = colour

    def denoise(self, observation: Observation) -> torch.Tensor:
        """Return the denoised image; blind, sigma is estimated."""
        return denoise_planes(observation, self._colour, self._denoise_plane)

    def _denoise_plane(self, plane: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
        # Not skimage.restoration.cycle_spin: it goes through dask where that is installed, in all threads.
        total = np.zeros_like(plane)
        shifts = list(itertools.product(range(self._shifts + 1), repeat=2))
        for down, right in shifts:
            shrunk = self._shrink(np.roll(plane, (down, right), axis=(0, 1)), sigma)
            total += np.roll(shrunk, (-down, -right), axis=(0, 1))
        return total / len(shifts)

    def _shrink(self, plane: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
        result: NDArray[np.float64] = denoise_wavelet(
            plane,
            sigma=sigma,
            wavelet=self._wavelet,
            method=self._method,
            mode=self._mode,
            wavelet_levels=self._levels,
            rescale_sigma=True,
        )
        return result

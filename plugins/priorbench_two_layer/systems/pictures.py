"""Pictures of scikit-image under the theory: how they, noise and a checkerboard are fitted; power spectra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import skimage.data
import skimage.transform

from priorbench.toolkit.checks import one_of
from priorbench_two_layer.figures.checkerboard import curves
from priorbench_two_layer.figures.power_spectrum import power_spectrum

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: photographs that scikit-image carries in itself
PHOTOGRAPHS = ("astronaut", "camera", "coffee", "chelsea", "rocket", "coins", "moon")


def photograph(name: str) -> NDArray[np.float64]:
    """Return a photograph in grey, (height, width), on the 0..1 scale."""
    one_of(PHOTOGRAPHS, photograph=name)
    pixels = np.asarray(getattr(skimage.data, name)(), dtype=np.float64) / 255
    return pixels if pixels.ndim == 2 else pixels.mean(axis=2)


def fitted_like_noise(
    *,
    seed: int,
    name: str = "camera",
    size: int = 64,
    p: float = 6.0,
    at: Sequence[int] = (1, 10, 100, 380, 1000),
) -> dict[str, Any]:
    """Return `priorbench_two_layer.figures.checkerboard.curves` of a photograph of `size` x `size` pixels."""
    image = skimage.transform.resize(photograph(name), (size, size), anti_aliasing=True)
    return curves(image=image, seed=seed, p=p, at=tuple(at))


def spectrum_of(*, seed: int, name: str = "camera") -> dict[str, Any]:
    """Return the power spectrum of a photograph, or of white noise for the name ``noise``."""
    if name == "noise":
        return power_spectrum(np.random.default_rng(seed).standard_normal((512, 512)))
    return power_spectrum(photograph(name))

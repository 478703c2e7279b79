"""Pictures of scikit-image under the theory: how they, noise and a checkerboard are fitted; power spectra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import skimage.data
import skimage.transform
import torch

from priorbench.toolkit.checks import one_of
from priorbench_two_layer.circulant import separable
from priorbench_two_layer.figures.checkerboard import curves
from priorbench_two_layer.figures.power_spectrum import power_spectrum
from priorbench_two_layer.generator import Generator
from priorbench_two_layer.torus import Torus

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


def flipped_signs(
    *,
    seed: int,
    omega: float,
    name: str = "camera",
    size: int = 64,
    sigma: float = 25 / 255,
    iterations: int = 50,
) -> dict[str, Any]:
    """Fit the two-layer generator to a noisy photograph and count the signs of U C that change.

    The generator is that of the denoiser ``two-layer``: a triangle of half-width 3, k = 256, a margin of 16.

    Parameters
    ----------
    seed : int
        of the noise and the weights.
    omega : float
        scale of the initial weights, in units of ||y|| / sqrt(n).
    name : str, default 'camera'
        the photograph.
    size : int, default 64
        its height and width.
    sigma : float, default 25/255
        standard deviation of the noise.
    iterations : int, default 50
        steps of gradient descent.

    Returns
    -------
    dict
        `flipped`, the share of signs that are not what they were at first.
    """
    image = skimage.transform.resize(photograph(name), (size, size), anti_aliasing=True)
    noisy = image + sigma * np.random.default_rng(seed).standard_normal(image.shape)
    torus = Torus(height=size, width=size, margin=16)
    circulant = separable("triangle", torus.shape, 3.0)
    y = torus.fill(torch.from_numpy(noisy)[None])[0].float()
    generator = Generator(
        circulant,
        k=256,
        omega=omega * float(y.square().mean().sqrt()),
        random=torch.Generator().manual_seed(seed),
    )
    signs = generator.Z > 0
    for _ in range(iterations):
        generator.step(generator.output() - y, circulant.step_size)
    return {"flipped": float(((generator.Z > 0) != signs).double().mean())}


def spectrum_of(*, seed: int, name: str = "camera") -> dict[str, Any]:
    """Return the power spectrum of a photograph, or of white noise for the name ``noise``."""
    if name == "noise":
        return power_spectrum(np.random.default_rng(seed).standard_normal((512, 512)))
    return power_spectrum(photograph(name))

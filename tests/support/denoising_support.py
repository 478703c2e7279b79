"""Pictures and observations for tests of noise models and denoisers."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from numpy.typing import NDArray
from PIL import Image as Picture

from priorbench import NoiseDescriptor, Observation
from priorbench.contract.noise import NoiseModel
from priorbench.standard.noise_models import Gaussian


def photograph(channels: int, height: int, width: int, top: int = 90, left: int = 150) -> NDArray[np.float64]:
    """Cut a piece, (channels, height, width), out of a photograph in scikit-image: astronaut or camera."""
    whole = skimage.data.astronaut() if channels == 3 else skimage.data.camera()[..., None]
    return (whole[top : top + height, left : left + width] / 255.0).transpose(2, 0, 1)


def real_pictures(name: str) -> list[Path]:
    """Return the files of a published image set in name order; skip the test where it is not at hand."""
    where = os.environ.get("PRIORBENCH_TEST_DATA")
    if not where:
        pytest.skip(f"needs the image set {name}: set PRIORBENCH_TEST_DATA to the folder that holds it")
    files = sorted(path for path in (Path(where) / name).glob("*.*") if path.suffix != ".txt")
    if not files:
        pytest.skip(f"there is no {name} in PRIORBENCH_TEST_DATA={where}")
    return files


def decoded(path: Path) -> NDArray[np.float64]:
    """Decode a picture of 8 bits to (channels, height, width) in [0, 1]."""
    with Picture.open(path) as picture:
        values = np.asarray(picture, dtype=np.float64) / 255
    return np.atleast_3d(values).transpose(2, 0, 1)


def centre(image: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Cut the centre square out of an image."""
    top, left = (image.shape[1] - size) // 2, (image.shape[2] - size) // 2
    return image[:, top : top + size, left : left + size]


def observe(
    clean: NDArray[np.float64], model: NoiseModel | None = None, *, seed: int = 0, blind: bool = False
) -> Observation:
    """Return a noisy observation of a clean image; default Gaussian noise of 25/255."""
    model = model or Gaussian(sigma=25 / 255)
    noisy = model.corrupt(clean, np.random.default_rng(seed))
    return observation_of(noisy, None if blind else model.describe(noisy))


def observation_of(noisy: NDArray[np.float64], noise: NoiseDescriptor | None) -> Observation:
    """Return the observation of a noisy image."""
    image = torch.from_numpy(noisy.astype(np.float32))
    return Observation(image=image, noise=noise, device=torch.device("cpu"), seed=0)

"""Seconds for one iteration of one image, fitted alone and in the company of others, on small images."""

from __future__ import annotations

import torch

from priorbench import Observation
from priorbench_deep_decoder.model import DeepDecoder
from priorbench_dip.model import DeepImagePrior

METHODS = {"deep-decoder": DeepDecoder, "dip": DeepImagePrior}
#: iterations of all images between two looks at the clock
STEPS = 4


class Share:
    """A running fit of several images of 64 x 64."""

    params = (tuple(METHODS), (1, 2, 8))
    param_names = ("method", "images")
    timeout = 300

    def setup(self, method: str, images: int) -> None:
        """Begin; kernels are compiled here."""
        generator = torch.Generator().manual_seed(0)
        pictures = [torch.rand(3, 64, 64, generator=generator) for _ in range(images)]
        observations = [
            Observation(image=picture, noise=None, device=torch.device("cpu"), seed=n)
            for n, picture in enumerate(pictures)
        ]
        self.fits = METHODS[method]().iterate_together(observations)
        next(self.fits)

    def teardown(self, method: str, images: int) -> None:
        """End the threads of the fits."""
        self.fits.close()

    def time_steps(self, method: str, images: int) -> None:
        """Four iterations of all: to be divided by four and by the images."""
        for _ in range(STEPS):
            next(self.fits)

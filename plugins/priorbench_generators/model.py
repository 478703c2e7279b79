"""The generators as a denoiser: fit one to the noisy image."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Annotated

import torch
from pydantic import Field

from priorbench import Iterate, Observation
from priorbench.toolkit.checks import Count, Fraction, NonNegative, at_least, within
from priorbench.toolkit.fitting import FitSettings, Optimiser
from priorbench.toolkit.initialisation import ScaleInit, uniform_input
from priorbench.toolkit.untrained import UntrainedNetwork
from priorbench_generators.network import (
    PUBLISHED_LAYERS,
    Architecture,
    GeneratorNetwork,
    Kind,
)

Layers = Annotated[int, Field(ge=1)] | None


class Generator:
    """An untrained convolutional generator, fitted to the noisy image.

    The three architectures that Heckel & Soltanolkotabi 2020 compare with the deep decoder in Figs. 4 and 8.
    The first of the figure, bilinear upsampling, is ``deep-decoder:order=convolve-first,layers=4``. The paper
    fits images and noise for 100,000 iterations, and denoises with none of the three: best stopped early.

    Parameters
    ----------
    architecture : {'fixed-kernel', 'trainable-3x3', 'deconvolution'}, default 'fixed-kernel'
        ii) fixed kernels of bilinear upsampling without upsampling, and 1x1 convolutions; iii) trainable 3x3
        convolutions, sizes kept; iv) transposed 4x4 convolutions that double the sides.
    channels : int, default 128
        k, in every layer; published 128, 256, 512 for fixed kernels and 42, 85, 170 for the others, which
        have about as many parameters.
    layers : int or None, optional
        hidden layers; None = the published 4, 5 and 3.
    sigmoid : bool, default True
        the output passes through a sigmoid.
    scale_init : {'uniform', 'one'}, default 'uniform'
        scale of the normalisations at the start: U(0, 1), as in the torch releases of the published runs, or
        1, today's default.
    input_scale : float, default 0.1
        the fixed input is U(0, input_scale).
    input_noise : float, default 0.0
        standard deviation of Gaussian noise added to the input in every iteration.
    optimiser : {'adam', 'sgd', 'gd'}, default 'sgd'
        adam, sgd (with momentum) or gd (plain gradient descent).
    learning_rate : float, default 0.1
        step size, on the mean squared error.
    momentum : float, default 0.9
        of sgd.
    averaging : float, default 0.0
        weight of the past in the exponential average of outputs that is returned; 0 = no average.
    iterations : int, default 3000
        the budget; the figures have 100,000.
    tf32 : bool, default False
        CUDA may compute products with less precision.
    """

    def __init__(
        self,
        *,
        architecture: Kind = "fixed-kernel",
        channels: Count = 128,
        layers: Layers = None,
        sigmoid: bool = True,
        scale_init: ScaleInit = "uniform",
        input_scale: NonNegative = 0.1,
        input_noise: NonNegative = 0.0,
        optimiser: Optimiser = "sgd",
        learning_rate: NonNegative = 0.1,
        momentum: Fraction = 0.9,
        averaging: Fraction = 0.0,
        iterations: Count = 3000,
        tf32: bool = False,
    ) -> None:
        within(0, math.inf, input_scale=input_scale)
        at_least(1, iterations=iterations)
        self.architecture = made = Architecture(
            kind=architecture,
            channels=channels,
            layers=PUBLISHED_LAYERS.get(architecture, 1) if layers is None else layers,
            sigmoid=sigmoid,
        )
        self.iterations = iterations
        self.untrained = UntrainedNetwork(
            make=lambda outputs, frame: GeneratorNetwork(made, outputs=outputs),
            draw_input=lambda frame, generator: uniform_input(
                (1, channels, *frame.coarse_size), scale=input_scale, generator=generator
            ).to(memory_format=torch.channels_last),
            fuse=lambda network, frame: network,
            multiple=made.multiple,
            coarsest=made.coarsest,
            settings=FitSettings(
                optimiser=optimiser,
                learning_rate=learning_rate,
                momentum=momentum,
                input_noise=input_noise,
                averaging=averaging,
                tf32=tf32,
            ),
            scale_init=scale_init,
            engine="plain",  # there is no other
        )

    def iterate(self, observation: Observation) -> Iterator[Iterate]:
        """Fit a fresh network to the observation."""
        return self.untrained.iterate(observation)

    def iterate_together(self, observations: Sequence[Observation]) -> Iterator[Sequence[Iterate]]:
        """Fit a fresh network to each observation, all at once."""
        return self.untrained.iterate_together(observations)

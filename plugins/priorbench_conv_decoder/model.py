"""ConvDecoder as a denoiser: fit the network to the noisy image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

import torch

from priorbench import Iterate, Observation
from priorbench.toolkit.checks import Count, Fraction, NonNegative, at_least, one_of
from priorbench.toolkit.engines import Engine, use_fused
from priorbench.toolkit.fitting import FitSettings, Optimiser
from priorbench.toolkit.initialisation import ScaleInit, build, stream
from priorbench.toolkit.sizes import Frame, image_shape
from priorbench.toolkit.together import Start, fit_together
from priorbench_conv_decoder.network import Architecture, DecoderNetwork


class ConvDecoder:
    """ConvDecoder: an untrained generator with nearest upsampling and 3x3 convolutions.

    The defaults are those of the deepinv library: 256 channels, 7 layers, an input of 4 x 4 normal numbers,
    Adam with step size 0.01, 2500 iterations. Sizes grow by equal ratios from the input to the image.

    Parameters
    ----------
    channels : of every hidden layer.
    layers : hidden 3x3 convolutions; all but the last follow an upsampling.
    input_size : height and width of the fixed input, N(0, 1).
    scale_init : scale of the normalisations at the start: 1, today's default, or U(0, 1).
    input_noise : standard deviation of Gaussian noise added to the input in every iteration.
    optimiser : adam, sgd (with momentum) or gd (plain gradient descent).
    learning_rate : step size, on the mean squared error.
    momentum : of sgd.
    averaging : weight of the past in the exponential average of outputs that is returned; 0 = no average.
    iterations : the published budget.
    engine : auto, plain (PyTorch) or fused (CPU only: the same function in fewer products); auto is fused
        where it can be.
    """

    def __init__(
        self,
        *,
        channels: Count = 256,
        layers: Count = 7,
        input_size: Count = 4,
        scale_init: ScaleInit = "one",
        input_noise: NonNegative = 0.0,
        optimiser: Optimiser = "adam",
        learning_rate: NonNegative = 0.01,
        momentum: Fraction = 0.9,
        averaging: Fraction = 0.0,
        iterations: Count = 2500,
        engine: Engine = "auto",
    ) -> None:
        self.architecture = Architecture(channels=channels, layers=layers, input_size=input_size)
        self.settings = FitSettings(
            optimiser=optimiser,
            learning_rate=learning_rate,
            momentum=momentum,
            input_noise=input_noise,
            averaging=averaging,
        )
        one_of(get_args(ScaleInit), scale_init=scale_init)
        one_of(get_args(Engine), engine=engine)
        at_least(1, iterations=iterations)
        self.scale_init: ScaleInit = scale_init
        self.iterations = iterations
        self.engine: Engine = engine

    def iterate(self, observation: Observation) -> Iterator[Iterate]:
        """Fit a fresh network to the observation; yields what `priorbench.toolkit.fitting.fit` does."""
        yield from self._begin(observation).fit(self.settings)

    def iterate_together(self, observations: Sequence[Observation]) -> Iterator[Sequence[Iterate]]:
        """Fit a fresh network to each observation, all at once; yields what `iterate` would of each."""
        yield from fit_together([self._begin(observation) for observation in observations], self.settings)

    def _begin(self, observation: Observation) -> Start:
        outputs, height, width = image_shape(observation)
        side = self.architecture.input_size
        frame = Frame(height=height, width=width, multiple=1, coarsest=side)
        network, net_input = self.start(outputs, frame, observation.seed)
        network, net_input = network.to(observation.device), net_input.to(observation.device)
        fitted: torch.nn.Module = network
        if use_fused(self.engine, observation.device):
            from priorbench_conv_decoder.fused import fuse

            fitted = fuse(network, side, side)
        return Start(network=fitted, net_input=net_input, observation=observation, frame=frame)

    def start(self, outputs: int, frame: Frame, seed: int) -> tuple[DecoderNetwork, torch.Tensor]:
        """Return the initial network and its fixed input, on the CPU, as a function of the seed alone."""
        network = build(
            lambda: DecoderNetwork(self.architecture, outputs=outputs, size=frame.size),
            generator=stream(seed, "weights"),
            scale_init=self.scale_init,
        )
        side = self.architecture.input_size
        shape = (1, self.architecture.channels, side, side)
        return network, torch.randn(shape, generator=stream(seed, "input"))

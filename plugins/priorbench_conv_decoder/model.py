"""ConvDecoder as a denoiser: fit the network to the noisy image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import nn

from priorbench import Iterate, Observation
from priorbench.toolkit.bfloat16 import Precision
from priorbench.toolkit.checks import Count, Fraction, NonNegative, at_least
from priorbench.toolkit.engines import Engine
from priorbench.toolkit.fitting import FitSettings, Optimiser
from priorbench.toolkit.initialisation import ScaleInit
from priorbench.toolkit.sizes import Frame
from priorbench.toolkit.untrained import UntrainedNetwork
from priorbench_conv_decoder.network import Architecture, DecoderNetwork


class ConvDecoder:
    """ConvDecoder: an untrained generator with nearest upsampling and 3x3 convolutions.

    The defaults are those of the deepinv library: 256 channels, 7 layers, an input of 4 x 4 normal numbers,
    Adam with step size 0.01, 2500 iterations. Sizes grow by equal ratios from the input to the image.

    Parameters
    ----------
    channels : int, default 256
        of every hidden layer.
    layers : int, default 7
        hidden 3x3 convolutions; all but the last follow an upsampling.
    input_size : int, default 4
        height and width of the fixed input, N(0, 1).
    scale_init : {'uniform', 'one'}, default 'one'
        scale of the normalisations at the start: 1, today's default, or U(0, 1).
    input_noise : float, default 0.0
        standard deviation of Gaussian noise added to the input in every iteration.
    optimiser : {'adam', 'sgd', 'gd'}, default 'adam'
        adam, sgd (with momentum) or gd (plain gradient descent).
    learning_rate : float, default 0.01
        step size, on the mean squared error.
    momentum : float, default 0.9
        of sgd.
    averaging : float, default 0.0
        weight of the past in the exponential average of outputs that is returned; 0 = no average.
    iterations : int, default 2500
        the published budget.
    engine : {'auto', 'plain', 'fused'}, default 'auto'
        auto, plain (PyTorch) or fused (CPU only: the same function in fewer products); auto is fused where it
        can be.
    precision : {'float32', 'bfloat16'}, default 'float32'
        bfloat16 rounds the factors of convolutions into more than 8 channels to 8 bits of mantissa, in both
        passes. Sums, weights, statistics, activations, optimiser and output stay float32. On CUDA devices
        that have it; refused on CPUs, where it is hardly faster for this method.
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
        precision: Precision = "float32",
    ) -> None:
        at_least(1, iterations=iterations)
        self.architecture = architecture = Architecture(
            channels=channels, layers=layers, input_size=input_size, precision=precision
        )
        self.iterations = iterations
        self.untrained = UntrainedNetwork(
            make=lambda outputs, frame: DecoderNetwork(architecture, outputs=outputs, size=frame.size),
            draw_input=lambda frame, generator: torch.randn(
                (1, channels, input_size, input_size), generator=generator
            ),
            fuse=_fuse,
            coarsest=input_size,
            settings=FitSettings(
                optimiser=optimiser,
                learning_rate=learning_rate,
                momentum=momentum,
                input_noise=input_noise,
                averaging=averaging,
            ),
            scale_init=scale_init,
            engine=engine,
            precision=precision,
        )

    def iterate(self, observation: Observation) -> Iterator[Iterate]:
        """Fit a fresh network to the observation."""
        return self.untrained.iterate(observation)

    def iterate_together(self, observations: Sequence[Observation]) -> Iterator[Sequence[Iterate]]:
        """Fit a fresh network to each observation, all at once."""
        return self.untrained.iterate_together(observations)


def _fuse(network: DecoderNetwork, frame: Frame) -> nn.Module:
    from priorbench_conv_decoder.fused import fuse

    return fuse(network, frame.coarsest, frame.coarsest)

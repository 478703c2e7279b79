"""Deep Image Prior as a denoiser: fit the skip network to the noisy image."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from torch import nn

from priorbench import Iterate, Observation
from priorbench.toolkit.bfloat16 import Precision
from priorbench.toolkit.checks import Count, Fraction, NonNegative, NonNegativeCount, at_least, within
from priorbench.toolkit.engines import Engine
from priorbench.toolkit.fitting import FitSettings, Optimiser
from priorbench.toolkit.initialisation import ScaleInit, uniform_input
from priorbench.toolkit.sizes import Frame
from priorbench.toolkit.untrained import UntrainedNetwork
from priorbench_dip.network import Architecture, Padding, SkipNetwork, Upsampling


class DeepImagePrior:
    """Deep Image Prior: an untrained hourglass network with skip connections, fitted to the noisy image.

    The defaults are those of the code behind Heckel & Soltanolkotabi 2020, Table 1: 1800 iterations (the
    text says 1900), input noise 0.7/30 (the text: 1/30), no averaging, and the network with the best
    training loss returned: combine with the stopping rule ``best-loss``. The DIP authors' own demo has
    3000 iterations, input noise 1/30, averaging 0.99 and a restart from earlier weights when the fit to the
    noisy image drops by 5 dB; the restart is not offered here.

    Parameters
    ----------
    channels : int, default 128
        of every convolution but those below.
    skip_channels : int, default 4
        across each scale; 0 = no skip connections.
    scales : int, default 5
        halvings.
    input_channels : int, default 32
        of the fixed input.
    kernel : int, default 3
        side of the spatial convolutions, odd.
    upsampling : {'bilinear', 'nearest'}, default 'bilinear'
        bilinear (pixel centres aligned, not corners) or nearest.
    padding : {'reflection', 'zero'}, default 'reflection'
        of the spatial convolutions.
    negative_slope : float, default 0.2
        of the leaky ReLU.
    sigmoid : bool, default True
        the output passes through a sigmoid.
    scale_init : {'uniform', 'one'}, default 'uniform'
        scale of the normalisations at the start: U(0, 1), as in the torch releases of the published runs, or
        1, today's default.
    input_scale : float, default 0.1
        the fixed input is U(0, input_scale).
    input_noise : float, default 0.7 / 30
        standard deviation of Gaussian noise added to the input in every iteration.
    optimiser : {'adam', 'sgd', 'gd'}, default 'adam'
        adam, sgd (with momentum) or gd (plain gradient descent).
    learning_rate : float, default 0.01
        step size, on the mean squared error.
    momentum : float, default 0.9
        of sgd.
    averaging : float, default 0.0
        weight of the past in the exponential average of outputs that is returned; 0 = no average.
    iterations : int, default 1800
        the published budget.
    engine : {'auto', 'plain', 'fused'}, default 'auto'
        auto, plain (PyTorch) or fused (CPU only: the same function in fewer products and passes); auto is
        fused where it can be.
    precision : {'float32', 'bfloat16'}, default 'float32'
        bfloat16 rounds the factors of convolutions into more than 8 channels to 8 bits of mantissa, in both
        passes. Sums, weights, statistics, activations, optimiser and output stay float32. The hardware has to
        have it: AVX512-BF16 on a CPU (the fused engine), or tensor cores.
    """

    def __init__(
        self,
        *,
        channels: Count = 128,
        skip_channels: NonNegativeCount = 4,
        scales: Count = 5,
        input_channels: Count = 32,
        kernel: Count = 3,
        upsampling: Upsampling = "bilinear",
        padding: Padding = "reflection",
        negative_slope: NonNegative = 0.2,
        sigmoid: bool = True,
        scale_init: ScaleInit = "uniform",
        input_scale: NonNegative = 0.1,
        input_noise: NonNegative = 0.7 / 30,
        optimiser: Optimiser = "adam",
        learning_rate: NonNegative = 0.01,
        momentum: Fraction = 0.9,
        averaging: Fraction = 0.0,
        iterations: Count = 1800,
        engine: Engine = "auto",
        precision: Precision = "float32",
    ) -> None:
        within(0, math.inf, input_scale=input_scale)
        at_least(1, iterations=iterations)
        self.architecture = architecture = Architecture(
            channels=channels,
            skip_channels=skip_channels,
            scales=scales,
            input_channels=input_channels,
            kernel=kernel,
            upsampling=upsampling,
            padding=padding,
            negative_slope=negative_slope,
            sigmoid=sigmoid,
            precision=precision,
        )
        self.iterations = iterations
        self.untrained = UntrainedNetwork(
            make=lambda outputs, frame: SkipNetwork(architecture, outputs=outputs),
            # Unlike 1x1 decoders, 3x3 convolutions on a CPU are faster with channels first.
            draw_input=lambda frame, generator: uniform_input(
                (1, input_channels, *frame.size), scale=input_scale, generator=generator
            ),
            fuse=_fuse,
            multiple=2**scales,
            coarsest=architecture.coarsest,
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
            fuse_rounds=True,
        )

    def iterate(self, observation: Observation) -> Iterator[Iterate]:
        """Fit a fresh network to the observation."""
        return self.untrained.iterate(observation)

    def iterate_together(self, observations: Sequence[Observation]) -> Iterator[Sequence[Iterate]]:
        """Fit a fresh network to each observation, all at once."""
        return self.untrained.iterate_together(observations)


def _fuse(network: SkipNetwork, frame: Frame) -> nn.Module:
    from priorbench_dip.fused import fuse

    return fuse(network, *frame.size)

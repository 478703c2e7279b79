"""The deep decoder as a denoiser: fit the network to the noisy image."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import nn

from priorbench import Iterate, Observation
from priorbench.toolkit.bfloat16 import Precision
from priorbench.toolkit.checks import Count, Fraction, NonNegative, at_least, within
from priorbench.toolkit.engines import Engine
from priorbench.toolkit.fitting import FitSettings, Optimiser
from priorbench.toolkit.initialisation import ScaleInit, uniform_input
from priorbench.toolkit.sizes import Frame
from priorbench.toolkit.untrained import UntrainedNetwork
from priorbench_deep_decoder.network import Architecture, DecoderNetwork, Normalise, Order, Upsampling


class DeepDecoder:
    """Deep decoder: an untrained network without spatial convolutions, fitted to the noisy image.

    The published code returns the network with the best training loss: combine with the stopping rule
    ``best-loss``.

    Parameters
    ----------
    channels : int, default 128
        k, in every layer; 128 fits natural images better than noise, 512 has to be stopped early.
    layers : int, default 5
        number of upsamplings L; there are L + 1 hidden 1x1 convolutions and an output one.
    order : {'convolve-first', 'upsample-first'}, default 'upsample-first'
        the layer without upsampling stands last (convolve-first) or first (upsample-first). The published
        code's ``upsample_first=True`` puts the *convolution* first: it is convolve-first here.
    normalise : {'after-activation', 'before-activation'}, default 'after-activation'
        channel normalisation after or before the ReLU.
    affine : bool, default True
        the normalisation has a trainable scale and shift.
    upsampling : {'bilinear', 'nearest'}, default 'bilinear'
        bilinear (pixel centres aligned, not corners) or nearest.
    sigmoid : bool, default True
        the output passes through a sigmoid.
    scale_init : {'uniform', 'one'}, default 'uniform'
        scale of the normalisation at the start: U(0, 1), as in the torch releases of the published runs, or
        1, today's default.
    input_scale : float, default 0.1
        the fixed input is U(0, input_scale).
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
    iterations : int, default 3000
        the published budget.
    engine : {'auto', 'plain', 'fused'}, default 'auto'
        how the same function is computed: operation by operation (plain), or on a CPU with less work and
        memory (fused, needs numba); auto takes fused where it can.
    tf32 : bool, default False
        CUDA may compute products with less precision.
    precision : {'float32', 'bfloat16'}, default 'float32'
        bfloat16 rounds the factors of products to 8 bits of mantissa, in both passes, where a mixing is into
        more than 8 channels: in the hidden layers. Sums, weights, statistics, optimiser and output stay
        float32. The hardware has to have it: AVX512-BF16 on a CPU (the fused engine), or tensor cores.
    """

    def __init__(
        self,
        *,
        channels: Count = 128,
        layers: Count = 5,
        order: Order = "upsample-first",
        normalise: Normalise = "after-activation",
        affine: bool = True,
        upsampling: Upsampling = "bilinear",
        sigmoid: bool = True,
        scale_init: ScaleInit = "uniform",
        input_scale: NonNegative = 0.1,
        input_noise: NonNegative = 0.0,
        optimiser: Optimiser = "adam",
        learning_rate: NonNegative = 0.01,
        momentum: Fraction = 0.9,
        averaging: Fraction = 0.0,
        iterations: Count = 3000,
        engine: Engine = "auto",
        tf32: bool = False,
        precision: Precision = "float32",
    ) -> None:
        within(0, math.inf, input_scale=input_scale)
        at_least(1, iterations=iterations)
        self.architecture = architecture = Architecture(
            channels=channels,
            layers=layers,
            order=order,
            normalise=normalise,
            affine=affine,
            upsampling=upsampling,
            sigmoid=sigmoid,
        )
        self.iterations = iterations
        self.untrained = UntrainedNetwork(
            make=lambda outputs, frame: DecoderNetwork(architecture, outputs=outputs, precision=precision),
            draw_input=lambda frame, generator: uniform_input(
                (1, channels, *frame.coarse_size), scale=input_scale, generator=generator
            ).to(memory_format=torch.channels_last),
            fuse=_fuse,
            multiple=2**layers,
            coarsest=2,  # the first layer's normalisation needs more than one value
            settings=FitSettings(
                optimiser=optimiser,
                learning_rate=learning_rate,
                momentum=momentum,
                input_noise=input_noise,
                averaging=averaging,
                tf32=tf32,
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


def _fuse(network: DecoderNetwork, frame: Frame) -> nn.Module:
    from priorbench_deep_decoder.engine.function import FusedDecoder

    return FusedDecoder(network)

"""The deep decoder as a denoiser: fit the network to the noisy image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

import torch
from torch import nn

from priorbench import Iterate, Observation
from priorbench.toolkit.checks import Count, Fraction, NonNegative, at_least, one_of, within
from priorbench.toolkit.engines import Engine, use_fused
from priorbench.toolkit.fitting import FitSettings, Optimiser
from priorbench.toolkit.initialisation import ScaleInit, build, stream, uniform_input
from priorbench.toolkit.sizes import Frame, image_shape
from priorbench.toolkit.together import Start, fit_together
from priorbench_deep_decoder.network import Architecture, DecoderNetwork, Normalise, Order, Upsampling


class DeepDecoder:
    """Deep decoder: an untrained network without spatial convolutions, fitted to the noisy image.

    The published code returns the network with the best training loss: combine with the stopping rule
    ``best-loss``.

    Parameters
    ----------
    channels : k, in every layer; 128 fits natural images better than noise, 512 has to be stopped early.
    layers : number of upsamplings L; there are L + 1 hidden 1x1 convolutions and an output one.
    order : the layer without upsampling stands last (convolve-first) or first (upsample-first). The
        published code's ``upsample_first=True`` puts the *convolution* first: it is convolve-first here.
    normalise : channel normalisation after or before the ReLU.
    affine : the normalisation has a trainable scale and shift.
    upsampling : bilinear (pixel centres aligned, not corners) or nearest.
    sigmoid : the output passes through a sigmoid.
    scale_init : scale of the normalisation at the start: U(0, 1), as in the torch releases of the published
        runs, or 1, today's default.
    input_scale : the fixed input is U(0, input_scale).
    input_noise : standard deviation of Gaussian noise added to the input in every iteration.
    optimiser : adam, sgd (with momentum) or gd (plain gradient descent).
    learning_rate : step size, on the mean squared error.
    momentum : of sgd.
    averaging : weight of the past in the exponential average of outputs that is returned; 0 = no average.
    iterations : the published budget.
    engine : how the same function is computed: operation by operation (plain), or on a CPU with less work
        and memory (fused, needs numba); auto takes fused where it is to be had.
    tf32 : CUDA may compute products with less precision.
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
    ) -> None:
        self.architecture = Architecture(
            channels=channels,
            layers=layers,
            order=order,
            normalise=normalise,
            affine=affine,
            upsampling=upsampling,
            sigmoid=sigmoid,
        )
        self.settings = FitSettings(
            optimiser=optimiser,
            learning_rate=learning_rate,
            momentum=momentum,
            input_noise=input_noise,
            averaging=averaging,
            tf32=tf32,
        )
        one_of(get_args(ScaleInit), scale_init=scale_init)
        one_of(get_args(Engine), engine=engine)
        within(0, float("inf"), input_scale=input_scale)
        at_least(1, iterations=iterations)
        self.scale_init: ScaleInit = scale_init
        self.input_scale = input_scale
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
        # Two coarse pixels a side: the first layer's normalisation needs more than one value.
        frame = Frame(height=height, width=width, multiple=2**self.architecture.layers, coarsest=2)
        network, net_input = self.start(outputs, frame, observation.seed)
        network = network.to(observation.device)
        net_input = net_input.to(observation.device, memory_format=torch.channels_last)
        return Start(
            network=self._computed(network, observation.device),
            net_input=net_input,
            observation=observation,
            frame=frame,
        )

    def _computed(self, network: DecoderNetwork, device: torch.device) -> nn.Module:
        """Return the network, or the same one computed by the engine."""
        if not use_fused(self.engine, device):
            return network
        from priorbench_deep_decoder.engine.function import FusedDecoder

        return FusedDecoder(network)

    def start(self, outputs: int, frame: Frame, seed: int) -> tuple[DecoderNetwork, torch.Tensor]:
        """Return the initial network and its fixed input, on the CPU, as a function of the seed alone."""
        network = build(
            lambda: DecoderNetwork(self.architecture, outputs=outputs),
            generator=stream(seed, "weights"),
            scale_init=self.scale_init,
        )
        shape = (1, self.architecture.channels, *frame.coarse_size)
        return network, uniform_input(shape, scale=self.input_scale, generator=stream(seed, "input"))

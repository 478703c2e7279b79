"""The common code of methods that fit an untrained network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, get_args

import torch
from torch import nn

from priorbench.contract.methods import Iterate
from priorbench.contract.observation import Observation
from priorbench.toolkit.bfloat16 import Precision
from priorbench.toolkit.checks import one_of
from priorbench.toolkit.engines import Engine, use_fused
from priorbench.toolkit.fitting import FitSettings
from priorbench.toolkit.initialisation import Network, ScaleInit, build, stream
from priorbench.toolkit.sizes import Frame
from priorbench.toolkit.together import Start, fit_together


@dataclass(frozen=True, kw_only=True, slots=True)
class UntrainedNetwork(Generic[Network]):
    """A network that is drawn afresh for each observation and fitted to it.

    Attributes
    ----------
    make : callable
        Makes the network for an image of this many channels in this frame; its weights are drawn afterwards.
    draw_input : callable
        Draws its fixed input for this frame from a CPU generator.
    fuse : callable
        Returns the same network for this frame, computed by fused kernels on the CPU, and imports them.
    multiple, coarsest : int
        Of the frame, see `priorbench.toolkit.sizes.Frame`.
    settings : FitSettings
        How the network is fitted.
    scale_init : {'uniform', 'one'}
        Scale of the normalisations at the start, see `priorbench.toolkit.initialisation.build`.
    engine : {'auto', 'plain', 'fused'}
        How the network is computed, see `priorbench.toolkit.engines.use_fused`.
    precision : {'float32', 'bfloat16'}
        Of the factors of products, which `make` and `fuse` see to.
    fuse_rounds : bool, default False
        Whether `fuse` does; where not, bfloat16 is refused on a CPU.
    """

    make: Callable[[int, Frame], Network]
    draw_input: Callable[[Frame, torch.Generator], torch.Tensor]
    fuse: Callable[[Network, Frame], nn.Module]
    multiple: int = 1
    coarsest: int = 1
    settings: FitSettings
    scale_init: ScaleInit
    engine: Engine
    precision: Precision = "float32"
    fuse_rounds: bool = False

    def __post_init__(self) -> None:
        one_of(get_args(ScaleInit), scale_init=self.scale_init)
        one_of(get_args(Engine), engine=self.engine)
        one_of(get_args(Precision), precision=self.precision)

    def start(self, outputs: int, frame: Frame, seed: int) -> tuple[Network, torch.Tensor]:
        """Return the initial network and its fixed input, on the CPU, as a function of the seed alone."""
        network = build(
            lambda: self.make(outputs, frame),
            generator=stream(seed, "weights"),
            scale_init=self.scale_init,
        )
        return network, self.draw_input(frame, stream(seed, "input"))

    def begin(self, observation: Observation) -> Start:
        """Return the fit of a fresh network, on the observation's device."""
        return self.begin_openly(observation)[1]

    def begin_openly(self, observation: Observation) -> tuple[Network, Start]:
        """Return the plain network too: whatever the engine, the fit updates its parameters."""
        outputs, height, width = observation.shape
        frame = Frame(height=height, width=width, multiple=self.multiple, coarsest=self.coarsest)
        network, net_input = self.start(outputs, frame, observation.seed)
        network, net_input = network.to(observation.device), net_input.to(observation.device)
        fitted: nn.Module = network
        if use_fused(self.engine, observation.device, self.precision, rounds=self.fuse_rounds):
            fitted = self.fuse(network, frame)
        return network, Start(network=fitted, net_input=net_input, observation=observation, frame=frame)

    def iterate(self, observation: Observation) -> Iterator[Iterate]:
        """Fit a fresh network to the observation; yields what `priorbench.toolkit.fitting.fit` does."""
        yield from self.begin(observation).fit(self.settings)

    def iterate_together(self, observations: Sequence[Observation]) -> Iterator[Sequence[Iterate]]:
        """Fit a fresh network to each observation, all at once; yields what `iterate` would of each."""
        yield from fit_together([self.begin(observation) for observation in observations], self.settings)

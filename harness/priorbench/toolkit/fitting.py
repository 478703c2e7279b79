"""Fits an untrained network by gradient steps on ||A G(theta) - y||^2 over its weights theta."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import torch
from torch import nn

from priorbench.contract.methods import Iterate
from priorbench.contract.observation import Observation
from priorbench.toolkit.checks import one_of, within
from priorbench.toolkit.initialisation import stream
from priorbench.toolkit.phases import Generate, Phase, make_optimiser, set_rate
from priorbench.toolkit.phases import Optimiser as Optimiser
from priorbench.toolkit.sizes import Frame
from priorbench.toolkit.stepping import precision, stepping
from priorbench.toolkit.threads import threads_of


@dataclass(frozen=True, kw_only=True, slots=True)
class FitSettings:
    """How a network is fitted.

    Attributes
    ----------
    optimiser : {'adam', 'sgd', 'gd'}, default 'adam'
        Adam (betas 0.9 and 0.999, no weight decay), SGD with momentum, or plain gradient descent.
    learning_rate : float, default 0.01
        step size, on the mean squared error.
    momentum : float, default 0.9
        of ``"sgd"``; the others ignore it.
    input_noise : float, default 0.0
        standard deviation of the Gaussian noise that is added to the input anew in every iteration.
    averaging : float, default 0.0
        weight beta in [0, 1) of the past in the exponential average of the outputs that is returned, a_1 =
        x_1, a_t = beta a_(t-1) + (1 - beta) x_t; 0 returns the network's own output instead.
    tf32 : bool, default False
        CUDA may round the factors of products to 10 bits of mantissa. Elsewhere nothing depends on it.
    """

    optimiser: Optimiser = "adam"
    learning_rate: float = 0.01
    momentum: float = 0.9
    input_noise: float = 0.0
    averaging: float = 0.0
    tf32: bool = False

    def __post_init__(self) -> None:
        one_of(get_args(Optimiser), optimiser=self.optimiser)
        within(0, math.inf, learning_rate=self.learning_rate, input_noise=self.input_noise)
        within(0, 1, momentum=self.momentum, averaging=self.averaging)


def fit(
    network: nn.Module,
    net_input: torch.Tensor,
    observation: Observation,
    *,
    frame: Frame,
    settings: FitSettings,
) -> Iterator[Iterate]:
    """Fit `network` to `observation`, one optimiser step for each iterate, without end.

    Step t computes the output x_t and its loss, then updates the network. Its iterate carries

    * ``output``: x_t, that is, of the network before this step and on the perturbed input;
    * ``loss``: the mean squared error of A x_t to y over the true, allowed pixels, a scalar tensor;
    * ``estimate``: what would be returned now, that is, the *updated* network on the *unperturbed* input,
      or with `averaging` the average of x_1 ... x_t. Valid until the next iterate is asked for;
    * ``estimate_is_next_output``: True on a CPU without input noise and averaging, where the estimate is
      x_(t+1) bit for bit.

    Nothing is read back from the device, and no yielded tensor is written to again. On CUDA the step is
    recorded as a graph and replayed, so that `network` and the operator must do the same work in every step.

    Parameters
    ----------
    network : nn.Module
        maps (1, c, h, w) to (1, channels, frame height, frame width); trained in place. What it returns may
        be a parameter or buffer of its own; other memory it must not write to again.
    net_input : torch.Tensor
        its input, on the network's device. The observation is cast to its dtype.
    observation : Observation
        its image, operator, mask and seed are used.
    frame : Frame
        where the true pixels lie in the network's output.
    settings : FitSettings
        optimiser, input noise, averaging.
    """
    phases = [Phase(generate=network)]
    yield from fit_in_phases(phases, net_input, observation, frame=frame, settings=settings)


def fit_in_phases(
    phases: Sequence[Phase],
    net_input: torch.Tensor,
    observation: Observation,
    *,
    frame: Frame,
    settings: FitSettings,
) -> Iterator[Iterate]:
    """Do what `fit` does, by one network after the other.

    The last step of a phase has an estimate of its own network, which is not the next output.

    Parameters
    ----------
    phases : Sequence[Phase]
        their `generate` are networks, each as `fit` takes it, which share their parameters.
    net_input, observation, frame, settings : torch.Tensor or Observation or Frame or FitSettings
        See `fit`.
    """
    objective = Objective(observation, net_input.dtype)
    perturbation = Perturbation(net_input, settings.input_noise, [observation.seed])
    networks = [phase.generate for phase in phases if isinstance(phase.generate, nn.Module)]
    own = {_address(value) for network in networks for value in (*network.parameters(), *network.buffers())}
    context = threads_of(*networks)
    cropped = [
        replace(phase, generate=_cropped(phase.generate, frame, own), context=context) for phase in phases
    ]
    yield from descend_in_phases(cropped, list(networks[0].parameters()), perturbation, objective, settings)


def _cropped(network: Generate, frame: Frame, own: set[int]) -> Generate:
    """Return what gives the true pixels of a network's output, in memory that is not one of its `own`."""

    def generate(z: torch.Tensor) -> torch.Tensor:
        image = frame.crop(network(z)).squeeze(0)
        if _address(image) in own:
            return image.clone(memory_format=torch.contiguous_format)
        return image.contiguous()

    return generate


def descend(
    generate: Generate,
    parameters: list[nn.Parameter],
    perturbation: Perturbation,
    objective: Callable[[torch.Tensor], torch.Tensor],
    settings: FitSettings,
) -> Iterator[Iterate]:
    """Do the steps of `fit`, or those of several fits at once; then a loss is a tensor of one value for each.

    Parameters
    ----------
    generate : callable
        maps the input to a fresh image, or to a stack of them, by the parameters.
    parameters : list of nn.Parameter
        trained in place.
    perturbation : Perturbation
        of the input.
    objective : callable
        maps what `generate` gives to a loss, or to several, each of parameters of its own.
    settings : FitSettings
        optimiser, averaging.
    """
    yield from descend_in_phases([Phase(generate=generate)], parameters, perturbation, objective, settings)


def descend_in_phases(
    phases: Sequence[Phase],
    parameters: list[nn.Parameter],
    perturbation: Perturbation,
    objective: Callable[[torch.Tensor], torch.Tensor],
    settings: FitSettings,
) -> Iterator[Iterate]:
    """Do what `descend` does, phase by phase, see `Phase`; the optimiser goes on from one to the next."""
    optimiser = make_optimiser(
        settings.optimiser,
        parameters,
        learning_rate=settings.learning_rate,
        momentum=settings.momentum,
        rate_changes=any(phase.rate is not None for phase in phases),
    )
    average: torch.Tensor | None = None
    for phase in phases:
        for iterate in _one_phase(phase, optimiser, perturbation, objective, settings):
            if settings.averaging > 0:
                assert iterate.output is not None
                beta, x = settings.averaging, iterate.output
                average = x if average is None else torch.lerp(x, average, beta)
                iterate = replace(iterate, estimate=_constant(average))
            yield iterate


def _one_phase(
    phase: Phase,
    optimiser: torch.optim.Optimizer,
    perturbation: Perturbation,
    objective: Callable[[torch.Tensor], torch.Tensor],
    settings: FitSettings,
) -> Iterator[Iterate]:
    """Do the steps of one phase; yields iterates without averaging."""
    device, generate = perturbation.net_input.device, phase.generate

    @torch.enable_grad()
    def step() -> tuple[torch.Tensor, ...]:
        optimiser.zero_grad()
        output = generate(perturbation.input)
        loss = objective(output)
        torch.autograd.backward(loss, torch.ones_like(loss))
        optimiser.step()
        return output.detach(), loss.detach()

    @torch.no_grad()
    def updated() -> torch.Tensor:
        with phase.context(), precision(device, tf32=settings.tf32):
            return generate(perturbation.net_input)

    repeat = stepping(step, device)
    # On CUDA the step is replayed and the estimate is not: nobody has compared their bits.
    same_pass = device.type == "cpu" and not perturbation.active and settings.averaging == 0
    for number in itertools.count() if phase.steps is None else range(phase.steps):
        if phase.rate is not None:
            set_rate(optimiser, settings.learning_rate * phase.rate(number))
        with phase.context(), precision(device, tf32=settings.tf32):
            perturbation()
            output, loss = repeat()
        said = same_pass and number + 1 != phase.steps
        yield Iterate(output, loss=loss, estimate=updated, estimate_is_next_output=said)


class Objective:
    """Mean squared error of A x to y over the pixels that the mask allows."""

    def __init__(self, observation: Observation, dtype: torch.dtype) -> None:
        self._apply = observation.operator.A
        self._measured = observation.image.to(dtype)
        self._mask = observation.mask
        if self._mask is not None:
            self._mask = self._mask.to(observation.image.device).expand_as(observation.image)
            self._allowed = self._mask.sum()
            if not self._allowed:
                raise ValueError("the mask leaves no pixel for the loss")

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return the loss of an image (channels, height, width)."""
        predicted = self._apply(x)
        if predicted.shape != self._measured.shape:
            shapes = f"{tuple(predicted.shape)}, the observation {tuple(self._measured.shape)}"
            raise ValueError(f"the operator gives {shapes}")
        if self._mask is None:
            squares = nn.functional.mse_loss(predicted, self._measured, reduction="none")
            return _sum(squares) / squares.numel()
        residual = torch.where(self._mask, predicted - self._measured, 0)
        return _sum(residual.square()) / self._allowed


def _sum(values: torch.Tensor) -> torch.Tensor:
    """Return the sum, row by row: torch cuts one long sum into parts, one for each thread, but not a row."""
    return values.sum(-1).sum()


class Perturbation:
    """The input plus fresh Gaussian noise, drawn on the CPU so that every device sees the same numbers.

    Parameters
    ----------
    net_input : torch.Tensor
        one input, or several stacked, along the first axis.
    std : float
        standard deviation of the noise.
    seeds : Sequence[int]
        of each input's noise.
    """

    def __init__(self, net_input: torch.Tensor, std: float, seeds: Sequence[int]) -> None:
        self.net_input, self._std = net_input, std
        # A pageable copy to CUDA may return before the device has it, never before the buffer is free again.
        self._may_overlap = net_input.device.type == "cuda"
        self._generators = [stream(seed, "input noise") for seed in seeds]
        #: the input of the current step, always the same memory
        self.input = net_input
        if std > 0:
            self._noise = torch.empty(net_input.shape)
            self.input = torch.empty_like(net_input)

    @property
    def active(self) -> bool:
        """Whether there is any noise."""
        return self._std > 0

    def __call__(self) -> None:
        """Make the input of the next step."""
        if self.active:
            for one, generator in zip(self._noise, self._generators, strict=True):
                one.normal_(generator=generator)
            noise = self._noise.to(self.net_input.device, non_blocking=self._may_overlap)
            torch.add(self.net_input, noise, alpha=self._std, out=self.input)


def _address(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _constant(value: torch.Tensor) -> Callable[[], torch.Tensor]:
    return lambda: value

"""Fits several small images at the same time.

On a CPU each fit is its own and they take turns on the threads, one thread to a fit: a small image has too
little work to share out. On an accelerator the networks are stacked, so that every product is one batched
product of all of them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial

import torch
from torch import nn

from priorbench.contract.methods import Iterate
from priorbench.contract.observation import Observation
from priorbench.toolkit.fitting import FitSettings, Objective, Perturbation, descend, fit
from priorbench.toolkit.sizes import Frame


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """A fit that has not begun: the arguments of `fit`.

    Attributes
    ----------
    network, net_input, observation, frame : nn.Module or torch.Tensor or Observation or Frame
        See `priorbench.toolkit.fitting.fit`.
    """

    network: nn.Module
    net_input: torch.Tensor
    observation: Observation
    frame: Frame

    def fit(self, settings: FitSettings) -> Iterator[Iterate]:
        """Fit this one alone."""
        return fit(self.network, self.net_input, self.observation, frame=self.frame, settings=settings)


def fit_together(starts: Sequence[Start], settings: FitSettings) -> Iterator[Sequence[Iterate]]:
    """Fit several networks of the same kind; yields for each step the iterates of all, in order.

    They are those of the fits one by one, up to rounding.

    Parameters
    ----------
    starts : Sequence[Start]
        of equal shapes, on the same device.
    settings : FitSettings
        of all.
    """
    if starts[0].net_input.device.type == "cpu":
        return take_turns([start.fit(settings) for start in starts])
    return fit_stacked(starts, settings)


def take_turns(fits: Sequence[Iterator[Iterate]]) -> Iterator[Sequence[Iterate]]:
    """Advance endless fits on a CPU side by side, each on one of as many threads as torch has."""
    threads = torch.get_num_threads()
    pool = ThreadPoolExecutor(threads, "fit", initializer=torch.set_num_threads, initargs=(1,))

    def in_pool(estimate: Callable[[], torch.Tensor] | None) -> Callable[[], torch.Tensor] | None:
        return None if estimate is None else lambda: pool.submit(estimate).result()

    try:
        with pool:
            while True:
                iterates = tuple(pool.map(next, fits))
                yield tuple(replace(iterate, estimate=in_pool(iterate.estimate)) for iterate in iterates)
    finally:
        torch.set_num_threads(threads)


def fit_stacked(starts: Sequence[Start], settings: FitSettings) -> Iterator[Sequence[Iterate]]:
    """Fit networks whose parameters are stacked: one program that works on all of them at once."""
    base = copy.deepcopy(starts[0].network).to("meta")
    parameters, buffers = torch.func.stack_module_state([start.network for start in starts])
    frame = starts[0].frame

    def one(own: dict[str, torch.Tensor], kept: dict[str, torch.Tensor], z: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = torch.func.functional_call(base, (own, kept), (z,))
        return frame.crop(output)[0]

    def generate(z: torch.Tensor) -> torch.Tensor:
        return torch.vmap(one)(parameters, buffers, z).clone(memory_format=torch.contiguous_format)

    objectives = [Objective(start.observation, start.net_input.dtype) for start in starts]

    def losses(images: torch.Tensor) -> torch.Tensor:
        return torch.stack([loss(image) for loss, image in zip(objectives, images.unbind(), strict=True)])

    inputs = torch.stack([start.net_input for start in starts])
    perturbation = Perturbation(inputs, settings.input_noise, [start.observation.seed for start in starts])
    for several in descend(generate, list(parameters.values()), perturbation, losses, settings):
        assert several.output is not None and isinstance(several.loss, torch.Tensor) and several.estimate
        images, each_loss = several.output.unbind(), several.loss.unbind()
        estimates = cache(several.estimate)
        yield tuple(
            Iterate(
                images[n],
                loss=each_loss[n],
                estimate=partial(_nth, estimates, n),
                estimate_is_next_output=several.estimate_is_next_output,
            )
            for n in range(len(starts))
        )


def _nth(images: Callable[[], torch.Tensor], n: int) -> torch.Tensor:
    return images()[n]

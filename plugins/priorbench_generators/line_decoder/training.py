"""Training of the 1-D decoder, and the three moments at which Fig. 7 looks at it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from priorbench.toolkit.checks import at_least
from priorbench.toolkit.initialisation import ScaleInit, stream
from priorbench_generators.line_decoder.network import Begun, start

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What the decoder is trained on.

    Attributes
    ----------
    clean, noisy : torch.Tensor
        (n,), float64: 1 on the first half and 0 on the second; with Gaussian noise.
    """

    clean: torch.Tensor
    noisy: torch.Tensor


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A network in the course of training.

    Attributes
    ----------
    begun : Begun
        the network as it stands, and its input.
    losses, errors : ndarray
        mean squared distances of the output to the noisy and to the clean signal, before each step since the
        moment from which training went on.
    """

    begun: Begun
    losses: Array
    errors: Array


def target(seed: int, *, n: int = 512, sigma: float = 0.2) -> Target:
    """Return the step and the step with noise N(0, sigma^2), 0.2 as published: 0.4 times N(0, 1/4)."""
    at_least(2, n=n)
    clean = torch.zeros(n, dtype=torch.float64)
    clean[: n // 2] = 1
    noise = torch.randn(n, generator=stream(seed, "noise"), dtype=torch.float64)
    return Target(clean=clean, noisy=clean + sigma * noise)


def trained(begun: Begun, goal: Target, steps: int, *, learning_rate: float = 0.01) -> Moment:
    """Return a copy of the network after steps of Adam on the mean squared error; `begun` stays as it is.

    Like the published code it begins with a fresh optimiser.
    """
    at_least(1, steps=steps)
    network = copy.deepcopy(begun.network)
    weights = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.Adam(weights, lr=learning_rate)
    losses, errors = np.empty(steps), np.empty(steps)
    with _one_thread():
        for step in range(steps):
            optimiser.zero_grad()
            output = network(begun.net_input)
            loss = (output - goal.noisy).square().mean()
            torch.autograd.backward(loss)
            optimiser.step()
            losses[step] = float(loss.detach())
            errors[step] = float((output.detach() - goal.clean).square().mean())
    return Moment(begun=Begun(network=network, net_input=begun.net_input), losses=losses, errors=errors)


def moments(
    seed: int,
    *,
    n: int = 512,
    k: int = 64,
    layers: int = 4,
    scale_init: ScaleInit = "uniform",
    more: tuple[int, ...] = (75, 3500),
) -> tuple[Moment, ...]:
    """Return the network of Fig. 7 at t = 1 and, each going on from there by itself, `more` steps later.

    Parameters
    ----------
    seed : int
        of weights, input and noise.
    n, k, layers, scale_init : int or {'uniform', 'one'}
        See `priorbench_generators.line_decoder.network.start`.
    more : tuple of int, default (75, 3500)
        of the published code, where the text says 50 for the first.
    """
    goal = target(seed, n=n)
    begun = start(seed, n=n, k=k, layers=layers, scale_init=scale_init)
    first = trained(begun, goal, 1)
    return (first, *(trained(first.begun, goal, steps) for steps in more))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Use one thread: the tensors are too small to share, and threads that wait for each other are slower."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)

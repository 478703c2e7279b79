"""Phases of a fit, and the optimiser that goes through all of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

Optimiser = Literal["adam", "sgd", "gd"]
Generate = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, kw_only=True, slots=True)
class Phase:
    """A part of a fit: all parts train the same parameters, by the same optimiser.

    Attributes
    ----------
    generate : callable
        Maps the input to an image: for `priorbench.toolkit.fitting.fit_in_phases` a network, for
        `priorbench.toolkit.fitting.descend_in_phases` what `priorbench.toolkit.fitting.descend` takes.
    steps : int or None, default None
        Steps of this part; None = without end.
    rate : callable or None, default None
        Maps the number of a step, from 0 within this part, to the factor of the learning rate; None = it
        stays as it is.
    context : callable, default nullcontext
        Makes the context in which a step is done, see `priorbench.toolkit.threads.threads_of`.
    """

    generate: Generate
    steps: int | None = None
    rate: Callable[[int], float] | None = None
    context: Callable[[], AbstractContextManager[None]] = nullcontext


def make_optimiser(
    kind: Optimiser,
    parameters: list[nn.Parameter],
    *,
    learning_rate: float,
    momentum: float,
    rate_changes: bool,
) -> torch.optim.Optimizer:
    """Return an optimiser whose steps can be recorded on CUDA, also where `set_rate` changes its rate."""
    device = parameters[0].device
    # One pass over each parameter instead of a dozen; elementwise, so the bits do not depend on threads.
    fused = True if device.type in ("cpu", "cuda") else None
    # What changes from step to step has to be on the device where a step is recorded.
    on_device = device.type == "cuda"
    rate: float | torch.Tensor = learning_rate
    if rate_changes and on_device:
        rate = torch.tensor(learning_rate, device=device)
    if kind == "adam":
        return torch.optim.Adam(parameters, lr=rate, fused=fused, capturable=on_device)
    return torch.optim.SGD(parameters, lr=rate, momentum=momentum if kind == "sgd" else 0.0, fused=fused)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of the next steps."""
    for group in optimiser.param_groups:
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate

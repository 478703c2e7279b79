"""How far weights move while a network fits a target, layer by layer (Fig. 9)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from priorbench import Observation
from priorbench.toolkit.untrained import UntrainedNetwork
from priorbench_generators.instruments.weights import convolution_weights


@dataclass(frozen=True, kw_only=True, slots=True)
class Distances:
    """Distances of the weights from their start, after some steps.

    Attributes
    ----------
    step : int
        steps done.
    loss : float
        training error before the last of them.
    relative : Mapping of str to float
        by layer ||C(t) - C(0)|| / ||C(0)||, of the paper's text.
    symmetrised : Mapping of str to float
        by layer ||C(t) - C(0)||^2 / (||C(t)||^2 + ||C(0)||^2), of the published code: about half the square.
    """

    step: int
    loss: float
    relative: Mapping[str, float]
    symmetrised: Mapping[str, float]


def weight_distances(
    untrained: UntrainedNetwork[Any], observation: Observation, at: Collection[int]
) -> Iterator[Distances]:
    """Fit a fresh network as its method does, and yield the distances after each of the steps `at`.

    Parameters
    ----------
    untrained : UntrainedNetwork
        for example ``DeepDecoder(channels=256, layers=4, ...).untrained``.
    observation : Observation
        what is fitted; its seed draws the network.
    at : Collection[int]
        steps of 1 or more; the fit ends after the last one.
    """
    wanted = frozenset(at)
    if wanted and min(wanted) < 1:
        raise ValueError(f"distances are from step 1 on, not {min(wanted)}")
    network, start = untrained.begin_openly(observation)
    weights = convolution_weights(network)
    before = {name: weight.detach().clone() for name, weight in weights.items()}
    iterates = start.fit(untrained.settings)
    for step in range(1, max(wanted, default=0) + 1):
        loss = next(iterates).loss
        if step in wanted:
            squares = {name: _squares(before[name], weight.detach()) for name, weight in weights.items()}
            yield Distances(
                step=step,
                loss=float("nan") if loss is None else float(loss),
                relative={name: (moved / old) ** 0.5 for name, (moved, old, _) in squares.items()},
                symmetrised={name: moved / (old + new) for name, (moved, old, new) in squares.items()},
            )


def _squares(before: torch.Tensor, after: torch.Tensor) -> tuple[float, float, float]:
    """Return the squared norms of the difference, of the weight before, and after."""
    old, new = before.double(), after.double()
    return float((new - old).square().sum()), float(old.square().sum()), float(new.square().sum())

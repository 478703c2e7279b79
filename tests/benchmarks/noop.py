"""Methods that do nothing, as a plugin: what a trial of theirs takes is the harness's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from priorbench import DenoiserSpec, Observation, hookimpl

if TYPE_CHECKING:
    import torch


@hookimpl
def priorbench_denoisers() -> Iterator[DenoiserSpec]:
    """Yield a one-shot and an iterative method."""
    yield DenoiserSpec(name="noop", factory=f"{__name__}:NoOp", summary="the noisy image itself")
    yield DenoiserSpec(
        name="noop-iterative", factory=f"{__name__}:NoOpIterative", summary="the noisy image, again and again"
    )


class NoOp:
    """Returns what it got."""

    def denoise(self, observation: Observation) -> torch.Tensor:
        """Return the noisy image."""
        return observation.image


class NoOpIterative:
    """Yields what it got."""

    def __init__(self, *, iterations: int = 1000) -> None:
        self.iterations = iterations

    def iterate(self, observation: Observation) -> Iterator[torch.Tensor]:
        """Yield the noisy image, for ever."""
        while True:
            yield observation.image

"""Data between harness and method: the problem, the outcome, and the check of a returned image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from priorbench.contract.observation import Observation

if TYPE_CHECKING:
    from numpy.typing import NDArray

Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is measured: a noisy image or measurement y on the host and how to present it.

    Attributes
    ----------
    noisy : ndarray of float32
        y, float32; in denoising (channels, height, width).
    observation : Observation
        the same as the method will see it; its image is replaced inside the clock.
    clean : ndarray of float32
        for oracles only, float32 (channels, height, width).
    """

    noisy: NDArray[np.float32]
    observation: Observation
    clean: NDArray[np.float32]

    def present(self) -> Observation:
        """Copy the noisy image to the device, as the method's own tensor."""
        image = torch.tensor(self.noisy, device=self.observation.device)
        return replace(self.observation, image=image)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a method returned under one stopping rule, or why it returned nothing; seconds.

    `quiet` is False where another thread of the process was at work when the clock started.
    """

    output: NDArray[np.float32] | None = None
    error: Exception | None = None
    iterations: int | None = None
    wall_seconds: float | None = None
    device_seconds: float | None = None
    cpu_seconds: float | None = None
    quiet: bool = True


class InvalidOutputError(Exception):
    """A method gave something that is not an image of the right shape, type and values."""


def checked(value: Any, shape: Shape) -> torch.Tensor:
    """Return what is an image of this shape, or raise `InvalidOutputError`."""
    if not isinstance(value, torch.Tensor):
        raise InvalidOutputError(f"expected a torch.Tensor, got {type(value).__name__}")
    if tuple(value.shape) != shape:
        raise InvalidOutputError(f"expected shape {shape}, got {tuple(value.shape)}")
    if not value.is_floating_point():
        raise InvalidOutputError(f"expected a floating-point image, got {value.dtype}")
    return value


def to_numpy(value: torch.Tensor) -> NDArray[np.float32]:
    """Copy a tensor to the host."""
    return value.detach().to("cpu", torch.float32).numpy().copy()


def to_host(value: Any, shape: Shape) -> NDArray[np.float32]:
    """Copy what is an image of this shape to the host, or raise `InvalidOutputError`."""
    return to_numpy(checked(value, shape))


def check_values(output: NDArray[np.float32]) -> None:
    """Raise `InvalidOutputError` where a value is not finite."""
    bad = int(np.size(output) - np.count_nonzero(np.isfinite(output)))
    if bad:
        raise InvalidOutputError(f"{bad} of {output.size} values are NaN or infinite")

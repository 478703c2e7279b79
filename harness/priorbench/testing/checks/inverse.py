"""Denoisers that say that they solve inverse problems: y need not be shaped like the image."""

# ruff: noqa: N802 - A and its relatives are the field's names

from __future__ import annotations

from dataclasses import replace

import torch

from priorbench.contract.observation import Observation
from priorbench.contract.operators import Operator
from priorbench.testing.results import Check, Finding, Skip, finding
from priorbench.testing.subject import DenoiserSubject, output_fault, value_fault


class Columns:
    """A x keeps every other column."""

    def __init__(self, width: int) -> None:
        self._width = width

    def A(self, x: torch.Tensor) -> torch.Tensor:
        """Return the columns 0, 2, 4, ..."""
        return x[..., ::2]

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:
        """Return y with zeros between its columns."""
        return torch.stack([y, torch.zeros_like(y)], -1).flatten(-2)[..., : self._width]


class Flat:
    """A x is a vector, (1, 1, m): every third number of the image."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape

    def A(self, x: torch.Tensor) -> torch.Tensor:
        """Return the numbers 0, 3, 6, ... of the image."""
        return x.reshape(1, 1, -1)[..., ::3]

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:
        """Return an image with y in their places, and zeros."""
        nothing = torch.zeros_like(y)
        numbers = torch.stack([y, nothing, nothing], -1).flatten()
        return numbers[: torch.Size(self._shape).numel()].reshape(self._shape)


def operator(subject: DenoiserSubject) -> Finding | Skip | None:
    """An image is to be returned, whatever was measured."""
    if not subject.spec.accepts_operator:
        return Skip("it does not say that it accepts an operator")
    shape = subject.problems.usual().image.shape
    seen = ""
    for operator in (Columns(shape[-1]), Flat(shape)):
        observation = _measured(subject.problems.usual(), operator)
        run = subject.attempt(observation)
        fault = run.error or output_fault(run.output)
        if not fault and tuple(run.output.shape) != tuple(shape):
            fault = f"shape {tuple(run.output.shape)} for an image of shape {tuple(shape)}"
        fault = fault or value_fault(run.output)
        if fault and not seen:
            seen = f"from y of shape {tuple(observation.image.shape)}: {fault}"
    return finding(
        seen,
        expected="it returns an image of observation.shape from y = A x + noise (accepts_operator=True)",
        mend="fit observation.operator.A(x) to observation.image, x of shape observation.shape; or take "
        "'accepts_operator' out of the record",
    )


def _measured(noisy: Observation, operator: Operator) -> Observation:
    """Return the problem whose noisy image is measured; no channels are left that could have a covariance."""
    noise = noisy.noise and replace(noisy.noise, channel_covariance=None)
    channels, height, width = noisy.image.shape
    y = operator.A(noisy.image).contiguous()
    return replace(noisy, image=y, noise=noise, operator=operator, image_shape=(channels, height, width))


CHECKS = (
    Check(name="operator", what="it solves inverse problems, where claimed", run=operator, needs=("time",)),
)

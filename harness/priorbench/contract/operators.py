"""Operators of linear inverse problems, y = A x + noise: what an operator plugin gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import torch


class Operator(Protocol):
    """A linear operator A of an inverse problem y = A x + noise.

    Both methods take and return tensors of any device and floating-point type, and are differentiable.
    An operator may have, besides,

    * ``A_dagger(y)``: the pseudo-inverse in closed form (see `priorbench.protocol.least_squares`);
    * ``measured``: a bool tensor, broadcastable to y, where some entries of y are not measured: A x is
      0 there.
    """

    def A(self, x: torch.Tensor) -> torch.Tensor:  # noqa: N802
        """Apply the operator to an image (channels, height, width)."""
        ...

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:  # noqa: N802
        """Apply the adjoint to a measurement."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """The operator of denoising: A x = x."""

    def A(self, x: torch.Tensor) -> torch.Tensor:  # noqa: N802
        """Return `x`."""
        return x

    def A_adjoint(self, y: torch.Tensor) -> torch.Tensor:  # noqa: N802
        """Return `y`."""
        return y

    def A_dagger(self, y: torch.Tensor) -> torch.Tensor:  # noqa: N802
        """Return `y`."""
        return y


class OperatorModel(Protocol):
    """Makes the operator of one image."""

    def draw(self, shape: tuple[int, int, int], rng: np.random.Generator) -> Operator:
        """Return the operator for images of a shape.

        Parameters
        ----------
        shape : tuple[int, int, int]
            (channels, height, width) of x.
        rng : np.random.Generator
            where an operator that is drawn at random takes its numbers: the protocol seeds it by image set,
            image and repetition, so that every method gets the same operator.

        Raises
        ------
        PriorbenchError
            Where there is no such operator for this shape; the message is why the trial is refused.
        """
        ...

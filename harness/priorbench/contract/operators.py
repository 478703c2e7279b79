"""Operators of linear inverse problems, y = A x + noise: what an operator plugin gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from priorbench.contract.observation import Identity, Operator

if TYPE_CHECKING:
    import numpy as np


class OperatorModel(Protocol):
    """Makes the operator of one image."""

    def draw(self, shape: tuple[int, int, int], rng: np.random.Generator) -> Operator:
        """Return the operator for images of a shape.

        Parameters
        ----------
        shape : (channels, height, width) of x.
        rng : where an operator that is drawn at random takes its numbers: the protocol seeds it by image set,
            image and repetition, so that every method gets the same operator.

        Raises
        ------
        PriorbenchError
            Where there is no such operator for this shape; the message is why the trial is refused.
        """
        ...


class IdentityModel:
    """The operator of denoising."""

    def draw(self, shape: tuple[int, int, int], rng: np.random.Generator) -> Operator:
        """Return the identity; nothing is drawn."""
        return Identity()

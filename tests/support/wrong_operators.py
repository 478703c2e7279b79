"""Operators that break the contract in one way each."""

# ruff: noqa: N802 - A and its relatives are the field's names

from __future__ import annotations

import numpy as np
import torch


class Good:
    """y_j = 0.5 x_j + 0.3 x_(j-1), around the border."""

    side = 0.3

    def draw(self, shape, rng):
        return self

    def A(self, x):
        return 0.5 * x + self.side * x.roll(1, -1)

    def A_adjoint(self, y):
        return 0.5 * y + self.side * y.roll(-1, -1)


class Level(Good):
    """Its record names a level that it does not have."""


class Draws(Good):
    """Gives the matrix."""

    def draw(self, shape, rng):
        return torch.eye(shape[-1])


class Measurement(Good):
    """A vector."""

    def A(self, x):
        return super().A(x).flatten()


class Image(Good):
    """An axis for batches."""

    def A_adjoint(self, y):
        return super().A_adjoint(y)[None]


class Precision(Good):
    """Single precision."""

    def A(self, x):
        return super().A(x.float())


class Linear(Good):
    """Adds a constant."""

    def A(self, x):
        return super().A(x) + 0.01


class Adjoint(Good):
    """Forgets that the kernel has to be turned."""

    def A_adjoint(self, y):
        return self.A(y)


class Differentiable(Good):
    """Leaves torch."""

    def A(self, x):
        return super().A(torch.from_numpy(x.detach().numpy()))


class GivenGenerator(Good):
    """A generator of its own."""

    def draw(self, shape, rng):
        drawn = GivenGenerator()
        drawn.side = np.random.default_rng().random()
        return drawn


class InputUnchanged(Good):
    """Works in place."""

    def A(self, x):
        before = x.roll(1, -1)
        return x.mul_(0.5).add_(before, alpha=self.side).clone()


class Measured(Good):
    """Numbers in place of truth values."""

    measured = torch.ones(1)


class PseudoInverse(Good):
    """Takes the adjoint for it."""

    def A_dagger(self, y):
        return self.A_adjoint(y)

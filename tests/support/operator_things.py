"""Operators for tests."""

# ruff: noqa: N802 - A and its relatives are the field's names

from __future__ import annotations


class Rows:
    """Looks like physics of deepinv: sums over the rows, as a vector for each image of a batch."""

    def __init__(self, img_size, rng=None):
        self.img_size, self.rng = img_size, rng

    def A(self, x):
        return x.sum(dim=-1).flatten(1)

    def A_adjoint(self, y):
        channels, height, width = self.img_size
        return y.reshape(-1, channels, height, 1).expand(-1, -1, -1, width)

    def to(self, *_):
        return self


class Nothing:
    """Has no adjoint."""


class MeasurementShaped:
    """Returns what it was given, whatever shape that has."""

    def denoise(self, observation):
        return observation.image.clone()


class Halves:
    """Yields the adjoint's image times 1, 1/2, 1/4, ...

    Parameters
    ----------
    iterations : int, default 3
        published budget.
    """

    def __init__(self, *, iterations: int = 3):
        self.iterations = iterations

    def iterate(self, observation):
        x = observation.operator.A_adjoint(observation.image)
        while True:
            yield x.clone()
            x = x / 2

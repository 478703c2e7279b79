"""Noise models that break the contract in one way each."""

from __future__ import annotations

import numpy as np

from priorbench import NoiseDescriptor


class Good:
    """Uniform noise."""

    family = ""

    def __init__(self, *, width: float = 0.2) -> None:
        self.width = width

    def corrupt(self, clean, rng):
        return clean + self.width * (rng.random(clean.shape) - 0.5)

    def describe(self, noisy):
        name = f"wrong-noise-{type(self).__name__.lower()}"
        return NoiseDescriptor(family=self.family or name, sigma=self.deviation())

    def deviation(self):
        return self.width / 12**0.5


class Level(Good):
    """Its record names a level that it does not have."""


class Draws(Good):
    """Single precision."""

    def corrupt(self, clean, rng):
        return super().corrupt(clean, rng).astype(np.float32)


class GivenGenerator(Good):
    """Its own generator."""

    family = "wrong-noise-given-generator"

    def corrupt(self, clean, rng):
        return super().corrupt(clean, np.random.default_rng(7))


class SharedDraws(Good):
    """As many numbers as the level asks for."""

    family = "wrong-noise-shared-draws"

    def corrupt(self, clean, rng):
        rng.random(round(1000 * self.width))
        return super().corrupt(clean, rng)


class CleanUnchanged(Good):
    """In place."""

    family = "wrong-noise-clean-unchanged"

    def corrupt(self, clean, rng):
        clean += super().corrupt(clean, rng) - clean
        return clean.copy()


class Descriptor(Good):
    """Says that it is another model."""

    family = "gaussian"


class Sigma(Good):
    """States the variance."""

    def deviation(self):
        return super().deviation() ** 2

"""Image sets that break the contract in one way each."""

from __future__ import annotations

import random

import numpy as np

from priorbench import Image, NoisyImage, PriorbenchError


class Good:
    """Two flat pictures."""

    def __init__(self, *, limit: int | None = None) -> None:
        self.limit = limit

    def __len__(self):
        return 2

    def __iter__(self):
        for name in ("dark", "light")[: self.limit]:
            yield self.load(name)

    def load(self, image_id):
        if image_id not in ("dark", "light"):
            raise PriorbenchError(f"no image '{image_id}'")
        return Image(id=image_id, pixels=self.pixels(0.25 if image_id == "dark" else 0.75))

    def pixels(self, value):
        return np.full((3, 8, 8), value, dtype=np.float32)


class Images(Good):
    """Yields bare arrays."""

    def __iter__(self):
        yield self.pixels(0.5)


class Pixels(Good):
    """On the 0..255 scale."""

    def pixels(self, value):
        return super().pixels(value) * 255


class Ids(Good):
    """Every picture is called the same."""

    def load(self, image_id):
        loaded = super().load(image_id)
        return (
            Image(id="picture", pixels=loaded.pixels)
            if image_id == "light"
            else Image(id="dark", pixels=loaded.pixels)
        )

    def __iter__(self):
        return iter([self.load("dark"), self.load("dark")][: self.limit])


class SamePixels(Good):
    """Crops at random."""

    def pixels(self, value):
        return super().pixels(value) * np.float32(random.random())


class UnknownId(Good):
    """A bare KeyError."""

    def load(self, image_id):
        return Image(id=image_id, pixels=self.pixels({"dark": 0.25, "light": 0.75}[image_id]))


class Length(Good):
    """Counts too few."""

    def __len__(self):
        return 1


class Limit(Good):
    """Takes no notice of the limit."""

    def __iter__(self):
        yield from (self.load("dark"), self.load("light"))


class NoisyPictures(Good):
    """Brings noisy pictures of another size."""

    def ids(self):
        return ["dark", "light"]

    def frames(self):
        return 1

    def noisy(self, image_id, frame):
        return NoisyImage(pixels=np.full((3, 9, 8), 0.5, dtype=np.float32))

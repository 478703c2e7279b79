"""For runs on a cluster: a picture that ends who started the judge, and a method for any device."""

from __future__ import annotations

import os
import signal
import sys

import numpy as np

from priorbench import DenoiserSpec, Image, ImageSetSpec, hookimpl


@hookimpl
def priorbench_image_sets():
    yield ImageSetSpec(name="poisoned", factory=f"{__name__}:Poisoned", summary="one of them kills")


@hookimpl
def priorbench_denoisers():
    yield DenoiserSpec(name="anywhere", factory="example_things:Mean", devices="any", iterative=False)


class Poisoned:
    """Grey pictures.

    Parameters
    ----------
    count : int, default 6
        how many.
    """

    def __init__(self, *, count: int = 6) -> None:
        self.count = count

    def __len__(self):
        return self.count

    def __iter__(self):
        return (self._picture(number) for number in range(self.count))

    def load(self, image_id):
        judge = getattr(sys.modules["__main__"].__spec__, "name", "") == "priorbench.worker.__main__"
        if image_id == "3" and judge:
            os.kill(os.getppid(), signal.SIGKILL)
        return self._picture(int(image_id))

    def _picture(self, number):
        return Image(id=str(number), pixels=np.full((1, 16, 16), 0.3 + number / 100, np.float32))

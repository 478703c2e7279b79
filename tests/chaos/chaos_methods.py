"""A method that writes down each time that it runs, into a file that all runs share; pictures for it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import torch

from priorbench import DenoiserSpec, Image, ImageSetSpec, Observation, hookimpl

#: calls of this process; the first is to warm up
_calls = count()


@hookimpl
def priorbench_denoisers() -> Iterator[DenoiserSpec]:
    """Yield the method."""
    yield DenoiserSpec(name="counted", factory=f"{__name__}:Counted", summary="the noisy image, told")


@hookimpl
def priorbench_image_sets() -> Iterator[ImageSetSpec]:
    """Yield the pictures."""
    yield ImageSetSpec(name="greys", factory=f"{__name__}:Greys", summary="pictures of one colour")


class Greys:
    """Small pictures of one colour.

    Parameters
    ----------
    count : int, default 10
        how many.
    """

    def __init__(self, *, count: int = 10) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Image]:
        return map(self.load, map(str, range(self._count)))

    def load(self, image_id: str) -> Image:
        """Return a picture."""
        level = (int(image_id) + 1) / (self._count + 1)
        return Image(id=image_id, pixels=np.full((1, 16, 16), level, dtype=np.float32))


class Counted:
    """Return the noisy image after a while; append a line to a file when it begins: which run, which picture.

    The variable ``CHAOS_LOG`` names the file. The run is told by this process and those above it.

    Parameters
    ----------
    seconds : float, default 0.0
        how long it takes.
    """

    def __init__(self, *, seconds: float = 0.0) -> None:
        self._seconds = seconds

    def denoise(self, observation: Observation) -> torch.Tensor:
        """Return the noisy image."""
        if next(_calls):
            picture = float(observation.image.double().sum())
            _tell(f"{','.join(map(str, _lineage(os.getpid())))} {picture}\n")
            time.sleep(self._seconds)
        return observation.image


def _tell(line: str) -> None:
    handle = os.open(os.environ["CHAOS_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(handle, line.encode())
    os.close(handle)


def _lineage(process: int) -> Iterator[int]:
    """Yield the number of a process and of those above it."""
    while process > 1:
        yield process
        stat = Path(f"/proc/{process}/stat").read_text()
        process = int(stat.rpartition(")")[2].split()[1])

"""Pixels between two processes: a file in memory that both have open.

Both read and write it as a file. A mapping of it would save one copy, and would let the one process change
what the other one looks at, or kill it by making the file shorter.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

import numpy as np
import torch

Layout = tuple[tuple[int, ...], torch.dtype]
#: types of images, by name
TYPES = {
    str(kind).removeprefix("torch."): kind
    for kind in (torch.float16, torch.bfloat16, torch.float32, torch.float64)
}
#: the system moves a little less than 2 GiB at once
_CHUNK = 2**30


class MissingPixelsError(Exception):
    """The file has fewer bytes than it should."""


class SharedMemory:
    """A file in memory.

    Parameters
    ----------
    descriptor : int
        of the open file.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def write(self, tensors: Sequence[torch.Tensor]) -> None:
        """Write the values of dense tensors, one behind the other."""
        position = 0
        for tensor in tensors:
            view = memoryview(_bytes(tensor).data)
            while view:
                written = os.pwrite(self.descriptor, view[:_CHUNK], position)
                view, position = view[written:], position + written

    def read(self, layouts: Sequence[Layout]) -> list[torch.Tensor]:
        """Return new tensors of these shapes and types.

        Raises
        ------
        MissingPixelsError
            Where the file is too short.
        """
        found, position = [], 0
        for shape, kind in layouts:
            buffer = torch.empty(math.prod(shape) * kind.itemsize, dtype=torch.uint8)
            view = memoryview(buffer.numpy().data)
            while view:
                count = os.preadv(self.descriptor, [view[:_CHUNK]], position)
                if not count:
                    raise MissingPixelsError("the memory that it shares has fewer bytes than an image")
                view, position = view[count:], position + count
            found.append(buffer.view(kind).view(shape))
        return found

    def clear(self) -> None:
        """Give the memory back."""
        os.ftruncate(self.descriptor, 0)

    def close(self) -> None:
        """Close this process's end."""
        os.close(self.descriptor)


def _bytes(tensor: torch.Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    plain = tensor.detach().resolve_neg().contiguous()
    return plain.reshape(-1).view(torch.uint8).numpy()

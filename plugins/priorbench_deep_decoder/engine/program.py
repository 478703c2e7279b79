# mypy: allow-untyped-calls
"""A decoder for inputs of one size and precision: its memory, and the two passes over it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch

from priorbench.toolkit.fused import product
from priorbench.toolkit.fused.bfloat16 import product as rounded
from priorbench.toolkit.fused.team import ThreadTeam
from priorbench_deep_decoder.engine import passes
from priorbench_deep_decoder.engine.bands import BANDS
from priorbench_deep_decoder.engine.memory import Memory
from priorbench_deep_decoder.network import Architecture

#: bytes of a tile of activations, at least: it stays in a core's own cache
TILE_BYTES = 1 << 18
#: pixels of a tile, at least: fewer, and reading the weights would take a noticeable part of their product
TILE_PIXELS = 256
#: multiplications of a pass below which a second thread, which takes 60 microseconds to wake, is not worth it
ALONE = 1 << 21
#: added to the variance
EPSILON = 1e-5


class Program:
    """The passes of a decoder, in preallocated memory.

    Parameters
    ----------
    architecture : Architecture
        of the network.
    outputs : int
        channels of the image.
    height, width : int
        of the input.
    dtype : torch.dtype
        float32 or float64.
    threads : int
        to be used.
    bfloat16 : bool, default False
        factors of products are rounded to that; `dtype` is float32.
    """

    def __init__(
        self,
        architecture: Architecture,
        outputs: int,
        height: int,
        width: int,
        dtype: torch.dtype,
        threads: int,
        *,
        bfloat16: bool = False,
    ) -> None:
        k = architecture.channels
        # Repeating pixels commutes with what works on single pixels, and with statistics: it is done last.
        nearest = architecture.upsampling == "nearest"
        sizes = []
        for upsample in architecture.upsamples:
            up = upsample and not nearest
            sizes.append((height, width, up))
            height, width = (2 * height, 2 * width) if up else (height, width)
        self.height, self.width = height, width
        number = torch.empty(0, dtype=dtype).numpy().dtype
        given = architecture, outputs, sizes, height * width, number, threads
        self._memory = _memory(*given, bfloat16=bfloat16)
        work = sum(h * w * (4 if up else 1) * k * (12 + k) for h, w, up in sizes)
        self._alone = work < ALONE
        self._team = ThreadTeam(threads)

    def forward(self, b: Any, theta: Any) -> Any:
        """Return the output before the sigmoid, (outputs, pixels), for an input (pixels, k)."""
        planes = np.empty(self._memory.output.shape[::-1], b.dtype)
        self._team.share(passes.forward, self._memory, theta, b, planes, alone=self._alone)
        return planes

    def backward(self, b: Any, theta: Any, planes: Any) -> tuple[Any, Any]:
        """Return dL/d(first Z) (pixels, k) and the gradient of all parameters.

        `planes` is dL/d(output before the sigmoid), contiguous (outputs, pixels). What `forward` kept is used
        up.
        """
        found = np.empty_like(b), np.empty_like(theta)
        self._team.share(passes.backward, self._memory, theta, b, planes, *found, alone=self._alone)
        return found


def _memory(
    architecture: Architecture,
    outputs: int,
    sizes: list[tuple[int, int, bool]],
    pixels: int,
    number: np.dtype[Any],
    threads: int,
    *,
    bfloat16: bool,
) -> Memory:
    """Return the memory for layers of these heights and widths, of which some upsample."""
    k, layers = architecture.channels, len(sizes)
    most = max(outputs, k)
    ends = np.cumsum([0] + [h * w * k for h, w, _ in sizes])
    rows = min(max(TILE_PIXELS, TILE_BYTES // (k * number.itemsize)), pixels)
    rows = max(rows, *(4 * w for _, w, up in sizes if up), 1)
    factor = rounded.PAIR if bfloat16 else number
    room = rounded.room_for if bfloat16 else partial(product.room_for, number)
    return Memory(
        layers=np.array([(h, w, start, up) for (h, w, up), start in zip(sizes, ends, strict=False)]),
        normalise_last=architecture.normalise == "after-activation",
        affine=architecture.affine,
        epsilon=EPSILON,
        z=np.empty(ends[-1], number),
        spare=np.empty(max((h * w * k for h, w, up in sizes if up), default=0), number),
        moments=np.empty((layers, 2, k)),
        transform=np.empty((layers, 3, k), number),
        lines=np.empty((3, k), number),
        plain=np.array([np.ones(k), np.zeros(k)], number),
        lost=np.empty((2, k), number),
        totals=np.empty((BANDS, 2, k)),
        columns=np.empty(BANDS * most),
        parts=np.empty(BANDS * most * k, number),
        sums=np.empty((threads, most), number),
        folded=np.empty((most, k), number),
        bias=np.empty(most, number),
        edges=np.empty(BANDS * max(w for _, w, _ in sizes) * k, number),
        panels=np.empty(max(room(most, k), room(k, most)), factor),
        tiles=np.empty((threads, rows, k), number),
        packed=np.empty((threads, room(rows, k)), factor),
        halves=np.empty((threads, (rows + 1) * (most + 1) // 2), factor) if bfloat16 else None,
        output=np.empty((pixels, outputs), number),
    )

"""`noise-targets`: uniform noise as pictures to be fitted, without any structure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from priorbench import Image, PriorbenchError, SkippedImage
from priorbench.errors import suggestion

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class NoiseTargets:
    """Seeded pictures of independent values, uniform on [0, 1] or on a smaller interval from 0.

    The "noise" that Heckel & Soltanolkotabi (2020) fit in Figs. 1, 4, 8, 10 and 12 is such a picture; their
    text calls it Gaussian. Normal numbers are not offered: some lie outside of [0, 1], as no picture may.

    Fig. 1 (c) and 12: ``norm=85.7806``, the phantom's; Figs. 4 and 8: the default; Fig. 10:
    ``size=512,channels=3,scale=0.9``.

    Parameters
    ----------
    size : int, default 256
        height and width, in pixels.
    channels : int, default 1
        1 or 3, independent of each other.
    scale : float, default 1.0
        the values are uniform on [0, scale]; at most 1.
    norm : float or None, optional
        multiply each picture so that the root of the sum of its squares is this; then no `scale` is given.
    count : int, default 1
        how many pictures.
    seed : int, default 0
        of all pictures; picture n is the same however many there are.
    limit : int or None, optional
        use at most this many.

    Raises
    ------
    PriorbenchError
        a number of channels that no picture has, a scale above 1, a scale and a norm at once, or a norm that
        no picture of this size can have.
    """

    def __init__(
        self,
        *,
        size: Count = 256,
        channels: Literal[1, 3] = 1,
        scale: Positive = 1.0,
        norm: Positive | None = None,
        count: Count = 1,
        seed: Annotated[int, Field(ge=0)] = 0,
        limit: Count | None = None,
    ) -> None:
        if channels not in (1, 3):
            raise PriorbenchError(f"noise-targets: channels is {channels}. Allowed: 1, 3")
        if scale > 1:
            raise PriorbenchError(f"noise-targets: scale is {scale:g}: values of pictures lie in [0, 1]")
        if norm is not None and scale != 1:
            raise PriorbenchError("noise-targets: scale and norm both set the size of the values: give one")
        self._shape, self._scale, self._norm, self._seed = (channels, size, size), scale, norm, seed
        self._ids = tuple(islice((f"uniform-{number}" for number in range(count)), limit))

    def __iter__(self) -> Iterator[Image | SkippedImage]:
        """Yield the pictures in order."""
        return map(self.load, self._ids)

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self._ids)

    def load(self, image_id: str) -> Image:
        """Compute a picture; raise `PriorbenchError` for an unknown id, or a norm that is too large."""
        if image_id not in self._ids:
            what = suggestion(image_id, self._ids)
            raise PriorbenchError(f"noise-targets: image '{image_id}' is unknown{what}")
        number = int(image_id.rpartition("-")[2])
        values = np.random.default_rng([self._seed, number]).random(self._shape)
        factor = self._scale if self._norm is None else self._norm / float(np.linalg.norm(values))
        if factor * values.max() > 1:
            largest = float(np.linalg.norm(values) / values.max())
            raise PriorbenchError(
                f"noise-targets: norm is {self._norm:g}: {image_id} would have values above 1; "
                f"at most {largest:.1f} at this size"
            )
        return Image(id=image_id, pixels=(factor * values).astype(np.float32))

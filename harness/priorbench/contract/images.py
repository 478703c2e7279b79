"""Clean images and the sets they come in: what an image-set plugin gives."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """One clean image.

    Attributes
    ----------
    id : str
        stable id in its set (for a folder: the path relative to it, with ``/``).
    pixels : ndarray of float32
        float32 (channels, height, width) in [0, 1]; 1 channel is grey, 3 is RGB.
    notes : tuple of str, default ()
        what the loader did to it, for example "opaque alpha dropped".
    """

    id: str
    pixels: NDArray[np.float32]
    notes: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """Digest of the shape and the float32 values, little-endian, in C order."""
        return array_sha256(self.pixels)


@dataclass(frozen=True, kw_only=True, slots=True)
class SkippedImage:
    """A file that cannot be used: its id and the reason, one line."""

    id: str
    reason: str


class ImageSet(Protocol):
    """Ordered images, decoded one at a time.

    Iterating decodes lazily: an image is read when it is reached, a file that cannot be used comes out as a
    `SkippedImage` in its place, and iteration ends when the set's own selection (``limit``) is
    satisfied. Making the object and `len` read no pixels.

    A set that takes a folder has another method, ``ids()``: the ids of all its files, also of those that
    cannot be used, in any order, without reading them. By them two folders of one name are told apart.
    """

    def __iter__(self) -> Iterator[Image | SkippedImage]:
        """Yield the images in order."""
        ...

    def __len__(self) -> int:
        """Return an upper bound of the number of images."""
        ...

    def load(self, image_id: str) -> Image:
        """Return one image by its id, without walking the set; raise `PriorbenchError` if that fails."""
        ...


def array_sha256(array: NDArray[np.float32]) -> str:
    """Return the hex sha256 of an array's shape and float32 little-endian values in C order."""
    import numpy as np

    data = np.ascontiguousarray(array, dtype="<f4")
    digest = hashlib.sha256(repr(data.shape).encode())
    digest.update(data.tobytes())
    return digest.hexdigest()

"""Clean images and the sets they come in: what an image-set plugin gives."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
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
class NoisyImage:
    """A noisy picture that an image set brings: real noise, which nobody draws.

    Attributes
    ----------
    pixels : ndarray of float32
        float32, of the shape of the clean image, in [0, 1].
    sigma : float or None, optional
        standard deviation of its noise on the 0..1 scale, where the set knows it; methods are told it.
    notes : tuple of str, default ()
        what the loader did to it.
    """

    pixels: NDArray[np.float32]
    sigma: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """Digest of the pixels, and of `sigma` where there is one: of all that a method is told."""
        told = array_sha256(self.pixels)
        return told if self.sigma is None else hashlib.sha256(f"{told} {self.sigma!r}".encode()).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class SkippedImage:
    """A file that cannot be used: its id and the reason, one line."""

    id: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownImage:
    """What a plan needs of an image whose files were read before, and did not change since.

    Attributes
    ----------
    id, sha256, notes : str or tuple of str
        as of the `Image`.
    shape : tuple[int, int, int]
        (channels, height, width).
    noisy : tuple of str, default ()
        digests of the noisy pictures that its set brings; empty where noise is drawn.
    """

    id: str
    sha256: str
    shape: tuple[int, int, int]
    notes: tuple[str, ...] = ()
    noisy: tuple[str, ...] = ()


#: told the id of an image and the paths of all its files before they are read: None = read them
Known = Callable[[str, tuple[str, ...]], KnownImage | None]


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


class WalkedImageSet(ImageSet, Protocol):
    """An image set of files that passes over those that are known.

    A set may have `walk`, and is planned in a fraction of the time when it comes again: what was read before
    is remembered by path, size and times. The files that `known` is told must be all that the pixels come
    from.
    """

    def walk(self, known: Known) -> Iterator[Image | SkippedImage | KnownImage]:
        """Yield what iterating does, with what `known` knows in the place of images, which are not read."""
        ...


class PairedImageSet(ImageSet, Protocol):
    """Clean images, each with noisy pictures of its own: for the noise ``given``.

    The noisy pictures of an image, its *frames*, are several shots of one scene. Frame 0 is that of the first
    repetition, frame 1 that of the second: repetitions are averaged before images are compared, so that many
    shots of few scenes do not pass for many scenes. The spec says ``paired=True``.
    """

    def frames(self) -> int:
        """Return how many noisy pictures every usable image has at least, 1 or more; read no pixels."""
        ...

    def noisy(self, image_id: str, frame: int) -> NoisyImage:
        """Return a noisy picture of an image; raise `PriorbenchError` if it cannot be used."""
        ...


def array_sha256(array: NDArray[np.float32]) -> str:
    """Return the hex sha256 of an array's shape and float32 little-endian values in C order."""
    import numpy as np

    data = np.ascontiguousarray(array, dtype="<f4")
    digest = hashlib.sha256(repr(data.shape).encode())
    digest.update(data.tobytes())
    return digest.hexdigest()

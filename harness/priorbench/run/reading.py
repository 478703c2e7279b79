"""The images of a set as a plan reads them: what trials say of each, what is skipped, what is noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from priorbench.contract.images import Image, ImageSet, SkippedImage
from priorbench.errors import PriorbenchError
from priorbench.run.given import noisy_frames
from priorbench.run.noting import Notes

#: told the label of a set and the file that cannot be used
Skipped = Callable[[str, SkippedImage], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """What trials say of an image: its pixels are not needed again.

    Attributes
    ----------
    id, sha256 : str
        of the image.
    shape : tuple[int, int, int]
        (channels, height, width).
    crops : bool
        its middle is stored.
    noisy : tuple of str
        digests of the noisy pictures that its set brings, one for each repetition; empty where noise is
        drawn.
    """

    id: str
    sha256: str
    shape: tuple[int, int, int]
    crops: bool
    noisy: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which images are read, and how.

    Attributes
    ----------
    frames : int
        noisy pictures of each image; 0 where noise is drawn.
    limit : int or None
        usable images; None = all.
    strict : bool
        an image that cannot be used is an error.
    pictures : int
        of so many images the middles are stored.
    """

    frames: int
    limit: int | None
    strict: bool
    pictures: int


def read_images(
    label: str, members: ImageSet, wanted: Wanted, skipped: Skipped, notes: Notes
) -> Iterator[Planned]:
    """Yield the usable images of a set as they are read.

    Parameters
    ----------
    label : str
        of the set.
    members : ImageSet
        the set.
    wanted : Wanted
        which of its images.
    skipped : callable
        see `Skipped`.
    notes : Notes
        what was done to the images; it is told when the last of them was read.

    Raises
    ------
    PriorbenchError
        If there is no usable image, or, when strict, at the first unusable one.
    """

    def usable() -> Iterator[tuple[Image, tuple[str, ...]]]:
        for member in _members(label, members):
            found = noisy_frames(members, member, wanted.frames)
            if isinstance(found.image, Image):
                notes.add(label, found.image.id, found.notes)
                yield found.image, found.digests
            elif wanted.strict:
                raise PriorbenchError(
                    f"image set '{label}': {found.image.id} cannot be used: {found.image.reason} (--strict)"
                )
            else:
                skipped(label, found.image)

    count = 0
    for image, noisy in islice(usable(), wanted.limit):
        channels, height, width = image.pixels.shape
        yield Planned(
            id=image.id,
            sha256=image.sha256,
            shape=(channels, height, width),
            crops=count < wanted.pictures,
            noisy=noisy,
        )
        count += 1
    notes.flush()
    if not count:
        raise PriorbenchError(f"image set '{label}': none of its files can be used")


def _members(label: str, members: ImageSet) -> Iterator[Image | SkippedImage]:
    try:
        yield from members
    except MemoryError as error:
        raise PriorbenchError(f"image set '{label}': its pictures need too much memory: {error}") from error

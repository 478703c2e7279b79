"""The images of a set as a plan reads them: what trials say of each, what is skipped, what is noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from priorbench.contract.images import Image, ImageSet, KnownImage, SkippedImage
from priorbench.errors import PriorbenchError
from priorbench.run.given import noisy_frames
from priorbench.run.memory.pictures import NOTHING, Remembered
from priorbench.run.noting import Notes
from priorbench.words import few

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """What was read of an image set before a run.

    Attributes
    ----------
    shapes : tuple of (int, int, int)
        (channels, height, width) of each picture.
    whole : bool
        these are all that a run uses.
    """

    shapes: tuple[tuple[int, int, int], ...]
    whole: bool


def read_images(
    label: str,
    members: ImageSet,
    wanted: Wanted,
    skipped: Skipped,
    notes: Notes,
    memory: Remembered = NOTHING,
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
    memory : Remembered, optional
        what is known of images that were read before; what is read now is added to it.

    Raises
    ------
    PriorbenchError
        If there is no usable image, or, when strict, at the first unusable one.
    """

    def usable() -> Iterator[KnownImage]:
        for member in _members(label, members, memory):
            found = member if isinstance(member, KnownImage) else _read(members, member, wanted, memory)
            if isinstance(found, KnownImage):
                notes.add(label, found.id, found.notes)
                yield found
            elif wanted.strict:
                raise PriorbenchError(
                    f"image set '{label}': {found.id} cannot be used: {found.reason} (--strict)"
                )
            else:
                skipped(label, found)

    count, same = 0, _SamePixels()
    try:
        for image in islice(usable(), wanted.limit):
            same.add(image)
            crops = count < wanted.pictures
            yield Planned(id=image.id, sha256=image.sha256, shape=image.shape, crops=crops, noisy=image.noisy)
            count += 1
    finally:
        memory.save()
    same.tell(label, notes)
    notes.flush()
    if not count:
        raise PriorbenchError(f"image set '{label}': none of its files can be used")


class _SamePixels:
    """Images of a set with the pixels of another one: drawn noise differs, so that each counts."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._pairs: list[tuple[str, str]] = []

    def add(self, image: KnownImage) -> None:
        if image.sha256 in self._first:
            self._pairs.append((self._first[image.sha256], image.id))
        else:
            self._first[image.sha256] = image.id

    def tell(self, label: str, notes: Notes) -> None:
        """Add one note for the set."""
        if self._pairs:
            told = few(f"{first} and {other}" for first, other in self._pairs)
            text = f"{told} have the same pixels: each counts as an image of its own, so that intervals"
            notes.add(label, self._pairs[0][1], [f"{text} and p claim too much"])


def _read(
    members: ImageSet, member: Image | SkippedImage, wanted: Wanted, memory: Remembered
) -> KnownImage | SkippedImage:
    """Return what a plan needs of a member of a set, with its noisy pictures."""
    found = noisy_frames(members, member, wanted.frames)
    if isinstance(found.image, SkippedImage):
        return found.image
    channels, height, width = found.image.pixels.shape
    image = KnownImage(
        id=found.image.id,
        sha256=found.image.sha256,
        shape=(channels, height, width),
        notes=found.notes,
        noisy=found.digests,
    )
    memory.learn(image)
    return image


def _members(
    label: str, members: ImageSet, memory: Remembered
) -> Iterator[Image | SkippedImage | KnownImage]:
    walk = getattr(members, "walk", None)
    try:
        yield from members if walk is None else walk(memory.known)
    except MemoryError as error:
        raise PriorbenchError(f"image set '{label}': its pictures need too much memory: {error}") from error

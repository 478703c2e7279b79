"""Noise that is given, in a plan: what cannot be run, and the digests of the noisy pictures."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import cast

from priorbench.contract.images import Image, ImageSet, PairedImageSet, SkippedImage
from priorbench.errors import PriorbenchError
from priorbench.protocol.frames import frame_of, notes_of
from priorbench.suite.model import Suite
from priorbench.words import one_line


def check_given(
    suite: Suite, given: Collection[str], sets: Iterable[tuple[str, ImageSet]], *, salt: str
) -> None:
    """Refuse more repetitions than there are noisy pictures, and a salt.

    Parameters
    ----------
    suite : Suite
        what is to be run.
    given : Collection[str]
        labels of its noises that are given.
    sets : Iterable[tuple[str, ImageSet]]
        its image sets with their labels; all bring noisy pictures, if a noise is given.
    salt : str
        secret of a verifying run; empty for none.

    Raises
    ------
    PriorbenchError
        If the noisy pictures are too few, or a salt is to draw what nobody draws.
    """
    if not given:
        return
    name = sorted(given)[0]
    if salt:
        raise PriorbenchError(
            f"suite {suite.name}: noise '{name}' is not drawn, a salt cannot change it: "
            "leave out --salt, or that noise"
        )
    for label, members in sets:
        frames = cast(PairedImageSet, members).frames()
        if suite.repetitions > frames:
            raise PriorbenchError(
                f"suite {suite.name}: each repetition of noise '{name}' is another noisy picture of a scene; "
                f"the image set '{label}' has only {frames} of one of its scenes: give --repetitions {frames}"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """A member of a set as it was read.

    Attributes
    ----------
    image : Image or SkippedImage
        what can be used of it.
    digests : tuple of str, default ()
        of its noisy pictures, in the order of the repetitions.
    notes : tuple of str, default ()
        what was done to the pictures.
    """

    image: Image | SkippedImage
    digests: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def noisy_frames(members: ImageSet, item: Image | SkippedImage, repetitions: int) -> Read:
    """Return a member of a set with what is to be known of its noisy pictures.

    A member whose noisy pictures cannot be used comes out as skipped.

    Parameters
    ----------
    members : ImageSet
        the set; if `repetitions` is not 0, one that brings noisy pictures.
    item : Image or SkippedImage
        what it yielded.
    repetitions : int
        how many noisy pictures are wanted.
    """
    if isinstance(item, SkippedImage):
        return Read(image=item)
    digests, notes = [], notes_of(item)
    try:
        for number in range(repetitions):
            given = frame_of(cast(PairedImageSet, members), item, number)
            digests.append(given.sha256)
            notes += notes_of(item, given)
    except PriorbenchError as error:
        return Read(image=SkippedImage(id=item.id, reason=one_line(error)))
    return Read(image=item, digests=tuple(digests), notes=tuple(dict.fromkeys(notes)))

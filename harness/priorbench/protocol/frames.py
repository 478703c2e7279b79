"""The noisy pictures that an image set brings: loaded and checked, one for each repetition."""

from __future__ import annotations

import numpy as np

from priorbench.contract.images import Image, NoisyImage, PairedImageSet
from priorbench.errors import PriorbenchError
from priorbench.words import one_line


def frame_of(members: PairedImageSet, image: Image, frame: int) -> NoisyImage:
    """Return a noisy picture of an image, checked against the clean one.

    Parameters
    ----------
    members : PairedImageSet
        the set of the image.
    image : Image
        the clean image.
    frame : int
        number of the noisy picture, from 0: that of the repetition.

    Raises
    ------
    PriorbenchError
        Where it cannot be used; one line.
    """
    given = members.noisy(image.id, frame)
    problem = _problem(image, given)
    if problem:
        raise PriorbenchError(f"its noisy picture {problem}")
    return given


def notes_of(image: Image, given: NoisyImage | None = None) -> tuple[str, ...]:
    """Return what was done to the pictures of a trial when they were read, each kind once.

    Parameters
    ----------
    image : Image
        the clean image.
    given : NoisyImage or None, optional
        the noisy picture, where noise is not drawn.
    """
    noisy = () if given is None else given.notes
    texts = [*map(one_line, image.notes), *(f"noisy picture: {one_line(note)}" for note in noisy)]
    return tuple(dict.fromkeys(texts))


def _problem(image: Image, given: NoisyImage) -> str:
    noisy, clean = given.pixels, image.pixels
    if noisy.dtype != np.float32 or noisy.shape != clean.shape:
        return (
            f"is {noisy.dtype} of shape {noisy.shape}, the clean one {clean.dtype} of shape {clean.shape} "
            "(channels, height, width): pairs need pictures of one size, both grey or both colour"
        )
    if not np.isfinite(noisy).all():
        return "has values that are NaN or infinite"
    if np.array_equal(noisy, clean):
        return "is the clean one, pixel for pixel: there is nothing to denoise"
    if given.sigma is not None and not (np.isfinite(given.sigma) and given.sigma > 0):
        return f"is said to have noise of deviation {given.sigma}: give a number above 0, or None"
    return ""

"""Image sets: stable ids, honest pixels, the same picture however it is reached."""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import Any

import numpy as np

from priorbench.contract.images import Image, SkippedImage
from priorbench.contract.specs import ImageSetSpec
from priorbench.errors import PriorbenchError
from priorbench.parameters.values import build
from priorbench.protocol.frames import frame_of
from priorbench.testing.advice import told
from priorbench.testing.results import Check, Finding, Skip, finding
from priorbench.testing.subject import Subject

#: images that are looked at
SOME = 3


class ImageSetSubject(Subject):
    """An image set."""

    @cached_property
    def problem(self) -> str:
        """Why its first images cannot be read, one line; empty if they can."""
        try:
            self.entries  # noqa: B018
        except PriorbenchError:
            raise
        except Exception as error:
            return told(error)
        return ""

    @cached_property
    def entries(self) -> list[Image | SkippedImage]:
        """What it yields first."""
        return list(itertools.islice(self.make(), SOME))

    @property
    def images(self) -> list[Image]:
        """The usable ones of these."""
        return [entry for entry in self.entries if isinstance(entry, Image)]


def images(subject: ImageSetSubject) -> Finding | Skip | None:
    """A set without a usable image is no set; one whose folder is not here cannot be judged."""
    try:
        problem = subject.problem
    except PriorbenchError as error:
        return Skip(f"its pictures are not here: {told(error)}")
    strange = [
        entry
        for entry in ([] if problem else subject.entries)
        if not isinstance(entry, (Image, SkippedImage))
    ]
    if strange:
        problem = f"it yields {type(strange[0]).__name__}"
    elif not problem and not subject.images:
        problem = f"no usable image among the first {SOME}"
    return finding(
        problem,
        expected="iterating yields priorbench.Image, or priorbench.SkippedImage with the reason",
        mend="see priorbench.ImageSet",
    )


def pixels(subject: ImageSetSubject) -> Finding | None:
    """Everything after takes them as they are."""
    for image in subject.images:
        array: Any = image.pixels
        seen = ""
        if not isinstance(array, np.ndarray) or array.dtype != np.float32:
            seen = f"{image.id}: {getattr(array, 'dtype', type(array).__name__)}"
        elif array.ndim != 3 or len(array) not in (1, 3) or not array.size:
            seen = f"{image.id}: shape {array.shape}"
        elif not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
            seen = f"{image.id}: values from {array.min():.4g} to {array.max():.4g}"
        if seen:
            return Finding(
                expected="float32 arrays (1 or 3, height, width) with values in [0, 1]",
                seen=seen,
                mend="divide by the largest value of the file's depth, and move the channels to the front",
            )
    return None


def ids(subject: ImageSetSubject) -> Finding | None:
    """Noise, resuming and comparison hang on them."""
    names = [entry.id for entry in subject.entries]
    again = [entry.id for entry in itertools.islice(subject.make(), SOME)]
    seen = ""
    if len(set(names)) < len(names):
        seen = f"{names}, with one twice"
    elif names != again:
        seen = f"{names}, then {again}"
    return finding(
        seen,
        expected="ids are unique, and the same in the same order every time",
        mend="use names, not positions or hashes of memory; sort what a folder lists",
    )


def same_pixels(subject: ImageSetSubject) -> Finding | None:
    """A worker loads by id what the planner saw while iterating."""
    fresh = subject.make()
    for image in subject.images:
        try:
            loaded = fresh.load(image.id)
            seen = "" if loaded.sha256 == image.sha256 else "other pixels"
        except Exception as error:
            seen = told(error)
        if seen:
            return Finding(
                expected="load(id) gives the pixels that iterating gave, in every process",
                seen=f"{image.id}: {seen}",
                mend="let __iter__ call load; draw nothing at random without a fixed seed",
            )
    return None


def unknown_id(subject: ImageSetSubject) -> Finding | None:
    """A store may name an image that has gone."""
    try:
        subject.make().load("no such image")
        seen = "it gave one"
    except PriorbenchError:
        return None
    except Exception as error:
        seen = told(error)
    return Finding(
        expected="load of an unknown id raises priorbench.PriorbenchError with the reason",
        seen=seen,
        mend="check the id first; priorbench.errors.suggestion names the nearest",
    )


def length(subject: ImageSetSubject) -> Finding | None:
    """Progress and planning ask before anything is read."""
    try:
        count = len(subject.make())
        seen = "" if count >= len(subject.entries) else f"{count} for at least {len(subject.entries)} images"
    except Exception as error:
        seen = told(error)
    return finding(seen, expected="len() is an upper bound of the number of images", mend="add __len__")


def limit(subject: ImageSetSubject) -> Finding | Skip | None:
    """`--limit` is passed on to it."""
    if "limit" not in subject.parameters:
        return Skip("it has no parameter 'limit'")
    count = sum(
        isinstance(entry, Image) for entry in build(subject.factory, {**subject.parameters, "limit": 1})
    )
    return finding(
        "" if count == 1 else f"{count} images",
        expected="limit=1 gives one usable image",
        mend="count usable images, and stop iterating when there are enough",
    )


def noisy_pictures(subject: ImageSetSubject) -> Finding | Skip | None:
    """Noise that is given is theirs: the same for all methods, in every process."""
    assert isinstance(subject.spec, ImageSetSpec)
    if not subject.spec.paired:
        return Skip("it brings no noisy pictures")
    seen = ""
    try:
        members, fresh = subject.make(), subject.make()
        last = members.frames() - 1
        for image in subject.images:
            one, again = frame_of(members, image, 0), frame_of(fresh, image, 0)
            if one.sha256 != again.sha256:
                seen = f"{image.id}: other pixels the second time"
            frame_of(fresh, image, last)
    except Exception as error:
        seen = told(error)
    return finding(
        seen,
        expected="frames() is 1 or more, and noisy(id, n) gives a priorbench.NoisyImage, shaped like the "
        "clean one, for each n below it, always the same",
        mend="see priorbench.PairedImageSet",
    )


CHECKS = (
    Check(name="images", what="it yields images", run=images, needs=("loads",)),
    Check(
        name="pixels",
        what="they are float32, (channels, height, width), in [0, 1]",
        run=pixels,
        needs=("images",),
    ),
    Check(name="ids", what="ids are unique and stable", run=ids, needs=("images",)),
    Check(name="same-pixels", what="load gives what iterating gave", run=same_pixels, needs=("pixels",)),
    Check(name="unknown-id", what="an unknown id is refused clearly", run=unknown_id, needs=("images",)),
    Check(name="length", what="it knows how many images it has at most", run=length, needs=("images",)),
    Check(name="limit", what="'limit' limits", run=limit, needs=("images",)),
    Check(
        name="noisy-pictures",
        what="the noisy pictures that it brings fit its images",
        run=noisy_pictures,
        needs=("pixels",),
    ),
)

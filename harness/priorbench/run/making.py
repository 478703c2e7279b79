"""Makes the trials of a set of images under one operator and noise: what they share is found once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from priorbench.contract.choice import Choice
from priorbench.contract.trial import Trial
from priorbench.loading.changes import CORE
from priorbench.loading.digests import core_digest
from priorbench.run.keys import KeyFrame, Provenance
from priorbench.run.reading import Planned
from priorbench.run.sharding import in_shard


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    """A method with the rules that watch one fit of it, under one operator and noise, on any image.

    Attributes
    ----------
    denoiser : Choice
        the method.
    shared : dict[str, Any]
        fields of a `Trial` that do not depend on image and repetition.
    frames : tuple of KeyFrame
        of the key of each record.
    bare : tuple of KeyFrame
        of the same keys without further metrics; empty where there are none.
    """

    denoiser: Choice
    shared: dict[str, Any]
    frames: tuple[KeyFrame, ...]
    bare: tuple[KeyFrame, ...]

    def trial(self, image: Planned, repetition: int, *, given: bool) -> Trial:
        """Return the trial on an image; `given` says whether the noise is that which the image set brings."""
        channels, height, width = image.shape
        noisy = image.noisy[repetition] if given else ""
        keys, results = (
            tuple(frame.key(image.id, image.sha256, noisy, repetition) for frame in frames)
            for frames in (self.frames, self.bare)
        )
        return Trial(
            image=image.id,
            image_sha256=image.sha256,
            height=height,
            width=width,
            channels=channels,
            repetition=repetition,
            crops=image.crops and repetition == 0,
            noisy_sha256=noisy,
            keys=keys,
            results=results or keys,
            **self.shared,
        )


def fit_of(
    denoiser: Choice,
    rules: tuple[Choice, ...],
    provenance: Provenance,
    **about: Any,
) -> Fit:
    """Return a fit.

    Parameters
    ----------
    denoiser, rules : Choice or tuple of Choice
        the method, and the rules that watch it; none for a one-shot method.
    provenance : Provenance
        what keys hold of code and versions.
    **about : Any
        the other fields of its trials, but image, repetition, code and keys.
    """
    shared: dict[str, Any] = {"denoiser": denoiser, "stopping": rules, **about}
    any_image: dict[str, Any] = {
        "image": "",
        "image_sha256": "",
        "height": 1,
        "width": 1,
        "channels": 1,
        "repetition": 0,
    }
    example = Trial(**shared, **any_image)
    asked: tuple[Choice | None, ...] = rules or (None,)
    known = [provenance.of(example, rule) for rule in asked]
    code = dict.fromkeys((factory, digest) for of in known for factory, digest in of["code"])
    shared["code"] = ((CORE, core_digest()), *code)
    frames = tuple(KeyFrame(example, rule, of) for rule, of in zip(asked, known, strict=True))
    plain = replace(example, metrics=())
    bare = tuple(KeyFrame(plain, rule, provenance.of(plain, rule)) for rule in asked if example.metrics)
    return Fit(denoiser=denoiser, shared=shared, frames=frames, bare=bare)


class Blocks:
    """The trials of blocks: one image and one draw of the noise, all methods.

    Within a block the methods come in a shuffled order that the block determines.

    Parameters
    ----------
    operator, noise : Choice
        what is done to the images.
    fits : iterable of Fit
        those of all methods.
    shard : tuple[int, int] or None
        see `in_shard`.
    given : bool
        the noise is that which the image set brings.
    """

    def __init__(
        self,
        operator: Choice,
        noise: Choice,
        fits: Iterable[Fit],
        *,
        shard: tuple[int, int] | None,
        given: bool,
    ) -> None:
        self._operator, self._noise, self._shard, self._given = operator, noise, shard, given
        self._fits: dict[str, list[Fit]] = {}
        for fit in fits:
            self._fits.setdefault(fit.denoiser.label, []).append(fit)

    def trials(self, image: Planned, repetition: int) -> Iterator[Trial]:
        """Yield the trials of a block."""
        block = f"{image.sha256} {self._operator.label} {self._noise.label} {repetition}"
        for label in sorted(self._fits, key=_order(block)):
            fits = self._fits[label]
            chosen = (self._operator, self._noise, fits[0].denoiser)
            if self._shard is None or in_shard(self._shard, image.sha256, *chosen, repetition):
                for fit in fits:
                    yield fit.trial(image, repetition, given=self._given)


def _order(block: str) -> Callable[[str], bytes]:
    def order(label: str) -> bytes:
        return hashlib.sha256(f"{block} {label}".encode()).digest()

    return order

"""Image sets that bring noisy pictures of their own: pairs of files, or several noisy frames of a scene."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from priorbench import Image, Known, KnownImage, NoisyImage, PriorbenchError, SkippedImage
from priorbench.pictures import Picture, PictureRules, UnusableImageError, picture_size, shown
from priorbench_images.grey import read_member

_EIGHT_BITS = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """The files of one scene, as paths.

    Attributes
    ----------
    clean : str
        the clean picture.
    noisy : tuple of str
        its noisy pictures, in the order of the repetitions.
    """

    clean: str
    noisy: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What folders of pairs hold.

    Attributes
    ----------
    scenes : Mapping[str, Scene]
        id of an image -> its files, in order.
    skipped : Mapping[str, str]
        id -> why there is no pair, one line.
    """

    scenes: Mapping[str, Scene]
    skipped: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """What is known of a clean picture that was read."""

    orientation: int
    white: float
    channels: int
    sha256: str

    def problem(self, noisy: Picture) -> str:
        """Say why a noisy picture cannot be compared with it, pixel by pixel; empty if it can."""
        if noisy.orientation != self.orientation:
            return (
                f"its orientation is {noisy.orientation}, that of the clean one {self.orientation}:"
                " the pixels lie otherwise; save both upright"
            )
        if noisy.white != self.white and min(noisy.white, self.white) > _EIGHT_BITS:
            return (
                f"white is {noisy.white:g} there, and {self.white:g} in the clean one, both of 16 bits: say"
                " which is, as white=4095"
            )
        return ""


class PairSet:
    """Pairs of files as a `priorbench.PairedImageSet`.

    Parameters
    ----------
    name : str
        of the image set, for messages.
    listing : callable
        lists the files; called once. It reads no pixels.
    rules : PictureRules
        which pictures are used, clean and noisy alike.
    limit : int or None, optional
        how many images to use at most; those that cannot be used do not count, nor do those whose noisy
        picture has been asked for when the next image is, and could not be used.
    sigma : float or None, optional
        standard deviation of the noise on the 0..1 scale, where it is known.
    """

    def __init__(
        self,
        *,
        name: str,
        listing: Callable[[], Listing],
        rules: PictureRules,
        limit: int | None = None,
        sigma: float | None = None,
    ) -> None:
        if limit is not None and limit < 1:
            raise PriorbenchError(f"limit is {limit}: it must be 1 or more")
        self._name, self._list, self._rules, self._limit = name, listing, rules, limit
        self._sigma = sigma
        self._read: dict[str, _Reading] = {}  # of the clean pictures
        self._refused: set[str] = set()  # images with a noisy picture that could not be used

    def __iter__(self) -> Iterator[Image | SkippedImage]:
        """Yield the clean images in order, decoding each when it is reached, and files without a partner."""
        for item in self.walk(lambda image_id, paths: None):
            assert not isinstance(item, KnownImage)
            yield item

    def walk(self, known: Known) -> Iterator[Image | SkippedImage | KnownImage]:
        """Yield what iterating does, with what `known` knows in the place of images, which are not read."""
        used = 0
        for image_id in self.ids():
            if used == self._limit:
                return
            scene = self._listing.scenes.get(image_id)
            found = None if scene is None else known(image_id, (scene.clean, *scene.noisy))
            item = found or self._try(image_id)
            yield item
            used += not isinstance(item, SkippedImage) and image_id not in self._refused

    def __len__(self) -> int:
        """Return an upper bound of the number of images."""
        count = len(self._listing.scenes)
        return count if self._limit is None else min(count, self._limit)

    def load(self, image_id: str) -> Image:
        """Open one clean image; raise `PriorbenchError` if it cannot be used."""
        scene = self._scene(image_id)
        picture = read_member(scene.clean, self._rules)
        image = Image(id=image_id, pixels=picture.pixels, notes=picture.notes)
        self._read[image_id] = _Reading(
            orientation=picture.orientation,
            white=picture.white,
            channels=len(picture.pixels),
            sha256=image.sha256,
        )
        return image

    def frames(self) -> int:
        """Return how many noisy pictures every scene has at least."""
        return min((len(scene.noisy) for scene in self._listing.scenes.values()), default=1)

    def noisy(self, image_id: str, frame: int) -> NoisyImage:
        """Open a noisy picture of an image; raise `PriorbenchError` if it cannot be used."""
        scene = self._scene(image_id)
        if not 0 <= frame < len(scene.noisy):
            raise PriorbenchError(
                f"{self._name}: '{shown(image_id)}' has {len(scene.noisy)} noisy pictures, no number {frame}"
            )
        try:
            return self._read_noisy(image_id, scene, scene.noisy[frame])
        except PriorbenchError:
            self._refused.add(image_id)
            raise

    def ids(self) -> list[str]:
        """Return the ids of all files, also of those without a partner, in their order."""
        return sorted([*self._listing.scenes, *self._listing.skipped])

    @cached_property
    def _listing(self) -> Listing:
        return self._list()

    def _read_noisy(self, image_id: str, scene: Scene, path: str) -> NoisyImage:
        _check_same_size(scene, path)
        picture = read_member(path, self._rules)
        if image_id not in self._read:
            self.load(image_id)
        clean = self._read[image_id]
        if problem := clean.problem(picture):
            raise UnusableImageError(problem, path=os.fspath(path))
        noisy = NoisyImage(pixels=picture.pixels, notes=picture.notes)
        if len(picture.pixels) != clean.channels:
            raise PriorbenchError(
                f"its noisy picture has {len(picture.pixels)} channels, the clean one {clean.channels}: "
                "pairs need pictures both grey or both colour"
            )
        if noisy.sha256 == clean.sha256:
            raise PriorbenchError(
                "its noisy picture is the clean one, pixel for pixel: there is nothing to denoise"
            )
        return replace(noisy, sigma=self._sigma)

    def _scene(self, image_id: str) -> Scene:
        scene = self._listing.scenes.get(image_id)
        if scene is None:
            why = self._listing.skipped.get(image_id, "there is no such pair")
            raise PriorbenchError(f"{self._name}: '{shown(image_id)}': {why}")
        return scene

    def _try(self, image_id: str) -> Image | SkippedImage:
        scene = self._listing.scenes.get(image_id)
        if scene is None:
            return SkippedImage(id=image_id, reason=self._listing.skipped[image_id])
        try:
            image = self.load(image_id)
        except UnusableImageError as error:
            return SkippedImage(id=image_id, reason=error.reason)
        try:
            _check_same_size(scene, scene.noisy[0])
        except UnusableImageError as error:
            return SkippedImage(id=image_id, reason=f"its noisy picture: {error.reason}")
        return image


def _check_same_size(scene: Scene, noisy: str) -> None:
    """Refuse a noisy picture of another size by the headers: its centre would be another part."""
    clean_size, noisy_size = picture_size(scene.clean), picture_size(noisy)
    if clean_size != noisy_size:
        (cw, ch), (nw, nh) = clean_size, noisy_size
        raise UnusableImageError(
            f"{nw} x {nh}, the clean one {cw} x {ch}: pairs need pictures of one size",
            path=os.fspath(noisy),
        )

"""Clean and noisy crops of a few images, made again from the image set: the noise is the protocol's own.

A picture is shown only if its pixels have the digests that the records have.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from priorbench.errors import PriorbenchError
from priorbench.records import Record
from priorbench.registry import Registry
from priorbench.report.gathering import KINDS, BoardKey, BoardStory
from priorbench.report.per_image import PerImage
from priorbench.selection import instantiate
from priorbench.suite import Choice

_SIDE = 128  #: pixels of a crop
_EACH = 3  #: images of a board
_BOARDS = 6  #: boards with pictures, so that the page stays small


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A crop of one image, clean and noisy (for another operator than the identity, A^+ y), as data URLs.

    Attributes
    ----------
    image : its name.
    width, height : of the crop, in pixels.
    noisy_psnr : of the whole noisy image, in dB.
    """

    image: str
    clean: str
    noisy: str
    width: int
    height: int
    noisy_psnr: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pictures:
    """Pictures of a board, or the reason why there are none."""

    pictures: tuple[Picture, ...] = ()
    reason: str = ""


def chosen_images(results: PerImage, story: BoardStory) -> list[Record]:
    """Return records of the hardest, the middle and the easiest image, by the mean PSNR over all rows."""
    by_name = {record.image: record for record in story.problems.values()}
    with np.errstate(invalid="ignore"):
        total = np.nansum(results.psnr, axis=0) / np.isfinite(results.psnr).sum(axis=0)
    order = [number for number in np.argsort(total) if np.isfinite(total[number])]
    if not order:
        return []
    spots = np.unique(np.linspace(0, len(order) - 1, _EACH).astype(int))
    names = [results.images[order[spot]] for spot in spots]
    return [by_name[name] for name in names if name in by_name]


def pictures(
    registry: Registry | None,
    known: Mapping[tuple[str, str], Choice],
    chosen: Mapping[BoardKey, list[Record]],
) -> dict[BoardKey, Pictures]:
    """Return the pictures of each board.

    Parameters
    ----------
    registry : what is installed; None gives no pictures.
    known : what the labels of image sets, noises and operators stand for.
    chosen : records of the images that are wanted.
    """
    found = {}
    for number, (key, records) in enumerate(chosen.items()):
        choices = [known[pair] for pair in zip(KINDS, key[1:], strict=True) if pair in known]
        if registry is None or len(choices) < len(KINDS):
            reason = "the image set, the noise or the operator is not known where this page was made"
            found[key] = Pictures(reason=reason)
        elif number >= _BOARDS:
            found[key] = Pictures(reason=f"only the first {_BOARDS} rankings have pictures")
        else:
            found[key] = _of_board(registry, *choices, records=records)
    return found


def _of_board(
    registry: Registry, image_set: Choice, noise: Choice, operator: Choice, *, records: list[Record]
) -> Pictures:
    try:
        made = [_picture(registry, image_set, noise, operator, record) for record in records]
    except (PriorbenchError, OSError, ValueError) as error:
        return Pictures(reason=f"the images cannot be read again: {error}")
    same = tuple(picture for picture in made if picture is not None)
    if not same:
        return Pictures(reason="what is installed now gives other pixels than the records have")
    return Pictures(pictures=same)


def _picture(
    registry: Registry, image_set: Choice, noise: Choice, operator: Choice, record: Record
) -> Picture | None:
    from priorbench.problems import noisy_problem  # imports torch

    image = instantiate(registry, "image set", image_set).load(record.image)
    if image.sha256 != record.image_sha256:
        return None
    noisy = noisy_problem(
        registry,
        image,
        image_set=image_set.name,
        operator=operator,
        noise=noise,
        repetition=0,
        device="cpu",
    )
    if noisy.noisy_sha256 != record.noisy_sha256:
        return None
    clean_crop, noisy_crop = _crop(image.pixels), _crop(noisy.baseline)
    return Picture(
        image=image.id,
        clean=_data_url(clean_crop),
        noisy=_data_url(noisy_crop),
        width=clean_crop.shape[2],
        height=clean_crop.shape[1],
        noisy_psnr=record.noisy_psnr,
    )


def _crop(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the middle of (channels, height, width)."""
    _, height, width = pixels.shape
    top, left = max(0, (height - _SIDE) // 2), max(0, (width - _SIDE) // 2)
    return pixels[:, top : top + _SIDE, left : left + _SIDE]


def _data_url(pixels: NDArray[np.float32]) -> str:
    from PIL import Image

    levels = np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    picture = Image.fromarray(levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"

"""A picture of before, after and what changed, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from priorbench.pictures import upright
from priorbench.pictures.keeping.exif import orientation_of
from priorbench.protocol.metrics import clip01
from priorbench.protocol.scoring import score

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: pixels between tiles, above them, and across a tile at least: smaller pictures are enlarged
_GAP, _CAPTION, _LEAST = 8, 24, 260
#: root mean square of what changed, as shown
_SHOWN_AS = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What is shown: images (channels, height, width) with black 0 and white 1.

    Attributes
    ----------
    before, after : ndarray of float32
        noisy and denoised.
    clean : ndarray of float32 or None
        then the third tile is the error that is left; otherwise what the method took away.
    exif : bytes
        its orientation is applied, as viewers do.
    """

    before: NDArray[np.float32]
    after: NDArray[np.float32]
    clean: NDArray[np.float32] | None
    exif: bytes


def before_and_after(images: Shown) -> NDArray[np.float64]:
    """Return the picture, (3, height, width) in [0, 1]."""
    before, after = clip01(images.before), clip01(images.after)
    other = before if images.clean is None else images.clean
    change = np.abs(after.astype(np.float64) - other).mean(axis=0, keepdims=True)
    strength = float(np.sqrt(np.mean(change**2)))
    factor = max(1, round(_SHOWN_AS / strength)) if strength > 0 else 1
    what = "removed" if images.clean is None else "error left"
    captions = {
        _titled("before", before, images.clean): before,
        _titled("after", after, images.clean): after,
        f"{what} x {factor}": np.clip(change * factor, 0, 1),
    }
    turn = orientation_of(images.exif)
    tiles = [_tile(upright(image, turn), text) for text, image in captions.items()]
    width, height = tiles[0].size
    sheet = Image.new("RGB", (len(tiles) * width + (len(tiles) - 1) * _GAP, height), "white")
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number * (width + _GAP), 0))
    return np.moveaxis(np.asarray(sheet, dtype=np.float64), -1, 0) / 255


def _titled(title: str, image: NDArray[Any], clean: NDArray[Any] | None) -> str:
    if clean is None:
        return title
    psnr = score(image, clean, {})["psnr"]
    return f"{title} (exact)" if psnr is None else f"{title} {psnr:.2f} dB"


def _tile(image: NDArray[Any], caption: str) -> Image.Image:
    """Return an image under its caption."""
    levels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    picture = Image.fromarray(np.moveaxis(np.broadcast_to(levels, (3, *levels.shape[1:])), 0, -1).copy())
    times = -(-_LEAST // picture.width)
    if times > 1:
        picture = picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)
    tile = Image.new("RGB", (picture.width, picture.height + _CAPTION), "white")
    tile.paste(picture, (0, _CAPTION))
    ImageDraw.Draw(tile).text((2, 5), caption, fill="black", font=ImageFont.load_default())
    return tile

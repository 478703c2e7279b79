"""Clean, noisy and denoised crops of a few images of each board, out of the store.

A crop is stored under the digest of the whole image, so that what is shown is what the records scored.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from priorbench.contract.records import Record
from priorbench.ranking.boards import Board
from priorbench.ranking.names import Place
from priorbench.report.gathering import BoardKey, BoardStory
from priorbench.report.per_image import PerImage
from priorbench.store.database import Store

_EACH = 3  #: images of a board
_BYTES = 2_200_000  #: of all pictures as they stand in the page, so that it stays below six megabytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One crop: whose it is, the file as a data URL, and the PSNR in dB of the whole image in this draw.

    Attributes
    ----------
    row : int or None, optional
        number of the row on the board; None for the clean and the noisy image.
    """

    name: str
    url: str
    psnr: float | None
    row: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CropRow:
    """The crops of one image.

    Attributes
    ----------
    image : str
        its name.
    clean, noisy : Tile
        as they were given; with another operator than the identity A^+ y stands for the noisy one.
    outputs : tuple of Tile
        of the rows that have one, in the board's order.
    """

    image: str
    clean: Tile
    noisy: Tile
    outputs: tuple[Tile, ...]


@dataclass(kw_only=True, slots=True)
class Pictures:
    """Pictures of a board, and what a reader must know of those that are missing."""

    pictures: list[CropRow] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A board with what the records say of it and its results image by image."""

    board: Board
    story: BoardStory
    results: PerImage


def pictures(store: Store, boards: Mapping[BoardKey, Shown]) -> dict[BoardKey, Pictures]:
    """Return the pictures of each board: one of every board first, while there is room.

    Parameters
    ----------
    store : Store
        where the crops are.
    boards : Mapping[BoardKey, Shown]
        by key.
    """
    there = store.crop_digests()
    chosen = {key: chosen_images(shown, there) for key, shown in boards.items()}
    found = {key: Pictures() for key in boards}
    room = _BYTES
    for turn in range(_EACH):
        for key, records in chosen.items():
            if turn >= len(records):
                continue
            picture = _picture(store, there, boards[key], records[turn])
            size = sum(len(tile.url) for tile in _tiles(picture))
            if size <= room:
                found[key].pictures.append(picture)
                room -= size
            else:
                found[key].note = "Pictures of more images are left out, so that the page stays small."
    for key, records in chosen.items():
        if not records:
            found[key].note = "No pictures: the store has none of these images (run with --pictures)."
    return found


def chosen_images(shown: Shown, there: frozenset[str]) -> list[Record]:
    """Return records of the middle, the hardest and the easiest image that has pictures.

    By the mean PSNR over all rows; images whose digests are not in `there` do not count.
    """
    by_name = {
        record.image: record
        for record in shown.story.problems.values()
        if {record.image_sha256, record.noisy_sha256} <= there
    }
    psnr = shown.results.psnr
    with np.errstate(invalid="ignore"):
        total = np.nansum(psnr, axis=0) / np.isfinite(psnr).sum(axis=0)
    order = [
        number
        for number in np.argsort(total)
        if np.isfinite(total[number]) and shown.results.images[number] in by_name
    ]
    if not order:
        return []
    last = len(order) - 1
    spots = dict.fromkeys((last // 2, 0, last))
    return [by_name[shown.results.images[order[spot]]] for spot in spots]


def _picture(store: Store, there: frozenset[str], shown: Shown, record: Record) -> CropRow:
    assert record.noisy_sha256 is not None
    outputs = []
    for number, row in enumerate(shown.board.rows):
        told = shown.story.rows.get(Place(row.denoiser, row.stopping_rule, row.device, row.threads))
        output = told.outputs.get(record.image_sha256) if told else None
        if output is not None and output.digest in there:
            url = _data_url(store.crop(output.digest))
            outputs.append(Tile(name=row.shown, url=url, psnr=output.psnr, row=number))
    return CropRow(
        image=record.image,
        clean=Tile(name="clean", url=_data_url(store.crop(record.image_sha256)), psnr=None),
        noisy=Tile(
            name=shown.board.start, url=_data_url(store.crop(record.noisy_sha256)), psnr=record.noisy_psnr
        ),
        outputs=tuple(outputs),
    )


def _tiles(picture: CropRow) -> Iterator[Tile]:
    yield picture.clean
    yield picture.noisy
    yield from picture.outputs


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"

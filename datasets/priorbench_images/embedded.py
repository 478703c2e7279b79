"""`photos`, `grey-photos` and `colour-pictures`: pictures that the scikit-image package carries inside it."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from priorbench import PriorbenchError
from priorbench.errors import UnknownNameError
from priorbench.pictures import PictureRules
from priorbench_images.fileset import FileSet
from priorbench_images.tree import Tree


@dataclass(frozen=True, kw_only=True, slots=True)
class Photograph:
    """A photograph inside the scikit-image package.

    Attributes
    ----------
    file : str
        its name in the package's folder ``data``.
    credit : str
        who took it, or where it comes from.
    licence : str
        as stated in the documentation of `skimage.data`.
    """

    file: str
    credit: str
    licence: str


#: The pictures that are neither microscopy, astronomy, scans nor drawings.
PHOTOS = (
    Photograph(file="astronaut.png", credit="NASA, Great Images", licence="public domain"),
    Photograph(file="coffee.png", credit="Rachel Michetti", licence="CC0"),
    Photograph(file="chelsea.png", credit="Stefan van der Walt", licence="CC0"),
    Photograph(file="rocket.jpg", credit="SpaceX", licence="public domain"),
    Photograph(
        file="motorcycle_left.png",
        credit="Middlebury stereo benchmark 2014, downscaled",
        licence="none stated",
    ),
)
COLOUR_PICTURES = (
    *PHOTOS,
    Photograph(file="hubble_deep_field.jpg", credit="NASA, Hubble", licence="public domain"),
    Photograph(file="retina.jpg", credit="Mikael Häggström", licence="CC0"),
    Photograph(file="ihc.png", credit="Karolinska Institutet", licence="no known copyright restrictions"),
)
GREY_PHOTOS = (
    Photograph(file="camera.png", credit="Lav Varshney", licence="CC0"),
    Photograph(file="moon.png", credit="not stated", licence="none stated"),
    Photograph(file="brick.png", credit="CC0Textures, Bricks25", licence="CC0"),
    Photograph(file="grass.png", credit="linolafett, DeviantArt", licence="CC0"),
    Photograph(file="gravel.png", credit="CC0Textures, Gravel04", licence="CC0"),
    Photograph(file="coins.png", credit="Brooklyn Museum", licence="no known copyright restrictions"),
)


def photos(*, crop: int | None = None, limit: int | None = None) -> FileSet:
    """Make the set of the colour photographs inside scikit-image: 451x300 to 741x500.

    Parameters
    ----------
    crop : int or None, optional
        cut a square of this side from the centre; smaller pictures are skipped.
    limit : int or None, optional
        use at most this many, in the order astronaut, coffee, chelsea, rocket, motorcycle_left.
    """
    return _embedded(PHOTOS, crop=crop, limit=limit)


def colour_pictures(*, crop: int | None = None, limit: int | None = None) -> FileSet:
    """Make the set of the `photos` and three pictures of instruments: 451x300 to 1411x1411.

    Parameters
    ----------
    crop : int or None, optional
        cut a square of this side from the centre; smaller pictures are skipped.
    limit : int or None, optional
        use at most this many, in the order of `photos`, then hubble_deep_field, retina, ihc.
    """
    return _embedded(COLOUR_PICTURES, crop=crop, limit=limit)


def grey_photos(*, crop: int | None = None, limit: int | None = None) -> FileSet:
    """Make the set of the grey photographs inside scikit-image: five of 512x512, one of 384x303.

    Parameters
    ----------
    crop : int or None, optional
        cut a square of this side from the centre; smaller pictures are skipped.
    limit : int or None, optional
        use at most this many, in the order camera, moon, brick, grass, gravel, coins.
    """
    return _embedded(GREY_PHOTOS, crop=crop, limit=limit)


def _embedded(photographs: Sequence[Photograph], *, crop: int | None, limit: int | None) -> FileSet:
    by_id = {Path(photograph.file).stem: photograph.file for photograph in photographs}

    def file_of(image_id: str) -> str:
        if image_id not in by_id:
            raise UnknownNameError("photograph", image_id, by_id)
        return by_id[image_id]

    return FileSet(
        root=_data_folder(),
        tree=lambda: Tree(entries=tuple(by_id.values()), ignored={}),
        rules=PictureRules(crop=crop),
        limit=limit,
        id_of=lambda name: Path(name).stem,
        file_of=file_of,
    )


def _data_folder() -> str:
    """Find scikit-image's pictures without importing it."""
    spec = importlib.util.find_spec("skimage")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "data"
        if folder.is_dir():
            return str(folder)
    raise PriorbenchError(
        "the photographs inside scikit-image are not there: pip install --force-reinstall scikit-image"
    )

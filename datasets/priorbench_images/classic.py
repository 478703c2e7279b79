"""`set12`, `cbsd68`, `bsd68`, `kodak24` (three protocols), `mcmaster`: read from a folder of the user."""

from __future__ import annotations

from typing import Literal

import numpy as np

from priorbench import PriorbenchError
from priorbench.pictures import Picture, PictureRules
from priorbench_images.fileset import FileSet, Finish
from priorbench_images.published import Published, checked_folder, tree_of

_FFDNET = "https://github.com/cszn/FFDNet/tree/master/testsets"

SET12 = Published(
    name="set12",
    folders=("Set12",),
    sizes=({(256, 256): 7, (512, 512): 5},),
    source=f"{_FFDNET}/Set12",
)
CBSD68 = Published(
    name="cbsd68",
    folders=("CBSD68", "BSD68-color", "BSDS68-color"),
    sizes=({(481, 321): 53, (321, 481): 15},),
    source=f"{_FFDNET}/CBSD68",
)
_KODAK_FULL = {(768, 512): 18, (512, 768): 6}
_KODAK_500 = {(500, 500): 24}
_KODAK_FOLDERS = ("Kodak24-full", "Kodak24", "Kodak", "Kodak24-500", "PhotoCD_PCD0992")
KODAK24 = Published(
    name="kodak24",
    folders=_KODAK_FOLDERS,
    sizes=(_KODAK_FULL,),
    source="http://r0k.us/graphics/kodak/ (the 500x500 crops of the literature: size=500)",
)
KODAK24_500 = Published(
    name="kodak24",
    folders=_KODAK_FOLDERS,
    sizes=(_KODAK_FULL, _KODAK_500),
    source=f"http://r0k.us/graphics/kodak/ (full size) or {_FFDNET}/Kodak24 (500x500)",
)
MCMASTER = Published(
    name="mcmaster",
    folders=("McMaster", "McM", "McMaster18"),
    sizes=({(500, 500): 18},),
    source=f"{_FFDNET}/McMaster",
    by_number=True,
)


def set12(*, path: str = "", crop: int | None = None, limit: int | None = None) -> FileSet:
    """Make Set12: 12 grey pictures, 7 of 256x256 and 5 of 512x512, in the order of the literature.

    Parameters
    ----------
    path : str, default ''
        its folder; if empty, ``Set12`` in ``$PRIORBENCH_DATA``.
    crop : int or None, optional
        cut a square of this side from the centre; smaller pictures are skipped.
    limit : int or None, optional
        use at most this many pictures.

    Raises
    ------
    PriorbenchError
        the folder is not there, or is not the published set.
    """
    return _classic(SET12, path, PictureRules(channels="grey", crop=crop), limit)


def cbsd68(*, path: str = "", crop: int | None = None, limit: int | None = None) -> FileSet:
    """Make CBSD68: 68 colour photographs of 481x321 or 321x481.

    Parameters
    ----------
    path : str, default ''
        its folder; if empty, ``CBSD68`` in ``$PRIORBENCH_DATA``.
    crop : int or None, optional
        cut a square of this side from the centre; smaller pictures are skipped.
    limit : int or None, optional
        use at most this many pictures.

    Raises
    ------
    PriorbenchError
        the folder is not there, or is not the published set.
    """
    return _classic(CBSD68, path, PictureRules(channels="rgb", crop=crop), limit)


def bsd68(*, path: str = "", crop: int | None = None, limit: int | None = None) -> FileSet:
    """Make BSD68, the grey form of CBSD68, from the colour pictures.

    Parameters
    ----------
    path : str, default ''
        the folder of CBSD68 (colour); if empty, ``CBSD68`` in ``$PRIORBENCH_DATA``.
    crop : int or None, optional
        cut a square of this side from the centre; smaller pictures are skipped.
    limit : int or None, optional
        use at most this many pictures.

    Raises
    ------
    PriorbenchError
        the folder is not there, or is not the published set.
    """
    return _classic(CBSD68, path, PictureRules(channels="rgb", crop=crop), limit, finish=to_grey)


def kodak24(
    *,
    path: str = "",
    size: Literal["full", 500] = "full",
    crop: int | None = None,
    limit: int | None = None,
) -> FileSet:
    """Make Kodak24: 24 colour photographs, 768x512 or 512x768, or their centres of 500x500.

    Parameters
    ----------
    path : str, default ''
        its folder; if empty, ``Kodak24-full``, ``Kodak24`` or ``Kodak`` in ``$PRIORBENCH_DATA``.
    size : {'full', 500}, default 'full'
        ``full``; or ``500`` for the 500x500 pictures of the denoising literature, which are the exact centres
        of the full ones (either form may be in the folder).
    crop : int or None, optional
        cut a square of this side from the centre.
    limit : int or None, optional
        use at most this many pictures.

    Raises
    ------
    PriorbenchError
        the folder is not there, or is not the published set.
    """
    if size not in ("full", 500):
        raise PriorbenchError(f"kodak24: size '{size}' is unknown. Allowed: 500, full")
    if size == "full":
        return _classic(KODAK24, path, PictureRules(channels="rgb", crop=crop), limit)
    if crop is not None and crop > 500:
        raise PriorbenchError(f"kodak24: crop is {crop}, larger than size = 500")
    # The centre of the centre is the centre: 768 - 500 and 512 - 500 are even, no half is rounded twice.
    return _classic(KODAK24_500, path, PictureRules(channels="rgb", crop=crop or 500), limit)


def kodak24_full(*, path: str = "", limit: int | None = None) -> FileSet:
    """Make Kodak24 as Kodak published it: 768x512 or 512x768.

    Parameters
    ----------
    path : str, default ''
        its folder; if empty, ``Kodak24-full``, ``Kodak24`` or ``Kodak`` in ``$PRIORBENCH_DATA``.
    limit : int or None, optional
        use at most this many pictures.

    Raises
    ------
    PriorbenchError
        the folder is not there, or is not the published set.
    """
    return kodak24(path=path, limit=limit)


def kodak24_500(*, path: str = "", limit: int | None = None) -> FileSet:
    """Make the Kodak24 of the papers on trained networks: the centres of 500x500.

    Parameters
    ----------
    path : str, default ''
        a folder with the full pictures or with the 500x500 ones; if empty, as for `kodak24_full`.
    limit : int or None, optional
        use at most this many pictures.

    Raises
    ------
    PriorbenchError
        the folder is not there, or is not the published set.
    """
    return kodak24(path=path, size=500, limit=limit)


def kodak24_256(*, path: str = "", limit: int | None = None) -> FileSet:
    """Make the Kodak24 of the papers on zero-shot methods: the centres of 256x256.

    Parameters
    ----------
    path : str, default ''
        a folder with the full pictures or with the 500x500 ones; if empty, as for `kodak24_full`.
    limit : int or None, optional
        use at most this many pictures.

    Raises
    ------
    PriorbenchError
        the folder is not there, or is not the published set.
    """
    return kodak24(path=path, size=500, crop=256, limit=limit)


def mcmaster(*, path: str = "", crop: int | None = None, limit: int | None = None) -> FileSet:
    """Make McMaster: 18 colour photographs of 500x500.

    Parameters
    ----------
    path : str, default ''
        its folder; if empty, ``McMaster`` in ``$PRIORBENCH_DATA``.
    crop : int or None, optional
        cut a square of this side from the centre.
    limit : int or None, optional
        use at most this many pictures.

    Raises
    ------
    PriorbenchError
        the folder is not there, or is not the published set.
    """
    return _classic(MCMASTER, path, PictureRules(channels="rgb", crop=crop), limit)


def to_grey(picture: Picture) -> Picture:
    """Return the 8-bit luma of an 8-bit RGB picture, by MATLAB's ``rgb2gray``: the published BSD68.

    Its weights are the first row of the inverse of the NTSC matrix from YIQ to RGB, at full precision: with
    the four digits 0.2989, 0.5870, 0.1140 of its manual one pixel in a thousand differs by a level.
    """
    yiq_to_rgb = np.array([[1.0, 0.956, 0.621], [1.0, -0.272, -0.647], [1.0, -1.106, 1.703]])
    weights = np.linalg.inv(yiq_to_rgb)[0]
    luma = np.tensordot(weights, np.rint(picture.pixels.astype(np.float64) * 255), axes=1)
    grey = (np.floor(luma + 0.5) / 255).astype(np.float32)
    return Picture(pixels=grey[np.newaxis], notes=(*picture.notes, "grey from RGB, as MATLAB's rgb2gray"))


def _classic(
    published: Published, path: str, rules: PictureRules, limit: int | None, finish: Finish | None = None
) -> FileSet:
    root = checked_folder(published, path)
    return FileSet(root=root, tree=lambda: tree_of(published, root), rules=rules, limit=limit, finish=finish)

"""`pairs`, `polyu`, `fmd`: pictures with real noise, from folders that the user names."""

from __future__ import annotations

import os
from typing import Literal

from priorbench import Level, PriorbenchError
from priorbench.pictures import DEFAULT_MAX_PIXELS, Channels, PictureRules
from priorbench_images.places import existing
from priorbench_images.real_noise import layouts
from priorbench_images.real_noise.pairs import PairSet


def pairs(
    *,
    noisy: str = "",
    clean: str = "",
    sigma: Level | None = None,
    crop: int | None = None,
    min_side: int = 1,
    channels: Channels = "any",
    limit: int | None = None,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    white: float | None = None,
) -> PairSet:
    """Make a set of pairs: a folder of noisy pictures and one of clean ones, matched by name.

    ``noisy/a.jpg`` belongs to ``clean/a.png``; several noisy pictures of one scene lie in a folder of its
    name: ``noisy/a/1.png``, ``noisy/a/2.png``, ... are the repetitions of ``clean/a.png``. With the noise
    ``given`` methods are run on the noisy pictures; other noises are drawn on the clean ones.

    Parameters
    ----------
    noisy : str, default ''
        folder of the noisy pictures.
    clean : str, default ''
        folder of the clean pictures.
    sigma : float or None, optional
        standard deviation of the noise, where it is known, such as ``12/255``; methods are told it.
    crop : int or None, optional
        cut a square of this side from the centre; smaller pictures are skipped.
    min_side : int, default 1
        skip pictures with a side below this, in pixels.
    channels : {'any', 'rgb', 'grey'}, default 'any'
        ``any``, or only ``rgb`` or only ``grey`` pictures.
    limit : int or None, optional
        use at most this many images.
    max_pixels : int, optional
        skip pictures with more pixels than this.
    white : float or None, optional
        the value in the files that is white, such as 4095 for 12 bits in 16: noise levels refer to it.
        Pictures with a larger value are skipped. None = what a TIFF says, else 255, 65535, or 1.

    Raises
    ------
    PriorbenchError
        a folder is not there, or no two pictures match.
    """
    if not (noisy and clean):
        raise PriorbenchError("pairs: give both folders: noisy=some/folder,clean=another/folder")
    if sigma is not None and not sigma > 0:
        raise PriorbenchError(f"pairs: sigma is {sigma}: give a number above 0, or leave it out")
    roots = [_folder(noisy, "pairs, noisy"), _folder(clean, "pairs, clean")]
    rules = PictureRules(channels=channels, crop=crop, min_side=min_side, max_pixels=max_pixels, white=white)
    return PairSet(
        name="pairs",
        listing=lambda: layouts.two_folders(*roots),
        rules=rules,
        limit=limit,
        sigma=sigma,
    )


def polyu(
    *, path: str = "", crop: int | None = None, limit: int | None = None, max_pixels: int = DEFAULT_MAX_PIXELS
) -> PairSet:
    """Make PolyU, real noise of five cameras: ``SCENE_real.JPG`` with the mean of many, ``SCENE_mean.JPG``.

    Parameters
    ----------
    path : str, default ''
        the folder of the data set; its ``CroppedImages`` (100 pairs of 512x512) are used where it has them.
        CC, which names its files in the same way, is read too.
    crop : int or None, optional
        cut a square of this side from the centre; smaller pictures are skipped.
    limit : int or None, optional
        use at most this many images.
    max_pixels : int, optional
        skip pictures with more pixels than this.

    Raises
    ------
    PriorbenchError
        there is no such folder, or no pair in it.
    """
    root = _named(path, "polyu", "https://github.com/csjunxu/PolyU-Real-World-Noisy-Images-Dataset")
    rules = PictureRules(crop=crop, max_pixels=max_pixels)
    return PairSet(name="polyu", listing=lambda: layouts.polyu(root), rules=rules, limit=limit)


def fmd(
    *,
    path: str = "",
    level: Literal["raw", "avg2", "avg4", "avg8", "avg16"] = "raw",
    types: tuple[str, ...] | None = None,
    crop: int | None = None,
    limit: int | None = None,
    max_pixels: int = DEFAULT_MAX_PIXELS,
) -> PairSet:
    """Make FMD, fluorescence microscopy: fields of view with 50 noisy frames and their mean.

    The frames of a field are its repetitions: ``--repetitions 5`` takes the first five.

    Parameters
    ----------
    path : str, default ''
        the folder with those of the types in it, unpacked, or that of one type.
    level : {'raw', 'avg2', 'avg4', 'avg8', 'avg16'}, default 'raw'
        the noisy pictures: single frames, or means of so many.
    types : tuple of str or None, optional
        such as ``Confocal_FISH``; None = all. The mixed test set, ``test_mix``, must be named: its pictures
        are among the others.
    crop : int or None, optional
        cut a square of this side from the centre; smaller pictures are skipped.
    limit : int or None, optional
        use at most this many images.
    max_pixels : int, optional
        skip pictures with more pixels than this.

    Raises
    ------
    PriorbenchError
        there is no such folder, or no field of view in it.
    """
    root = _named(path, "fmd", "https://github.com/yinhaoz/denoising-fluorescence")
    rules = PictureRules(crop=crop, max_pixels=max_pixels)
    return PairSet(name="fmd", listing=lambda: layouts.fmd(root, level, types), rules=rules, limit=limit)


def _named(path: str, name: str, source: str) -> str:
    if not path:
        raise PriorbenchError(f"{name}: give its folder as path=some/folder. Published at {source}")
    return _folder(path, name)


def _folder(path: str, wanted_by: str) -> str:
    root = existing(path, wanted_by)
    if not os.path.isdir(root):  # noqa: PTH112 - a path with stray bytes stays a str
        raise PriorbenchError(f"{wanted_by}: {path} is no folder; give the folder with the pictures")
    return root

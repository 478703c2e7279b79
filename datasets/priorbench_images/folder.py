"""`folder`: the user's own pictures."""

from __future__ import annotations

import os

from priorbench import PriorbenchError
from priorbench.pictures import DEFAULT_MAX_PIXELS, Channels, PictureRules
from priorbench_images.fileset import FileSet
from priorbench_images.places import existing
from priorbench_images.selection import Select, check_select, ordered
from priorbench_images.tree import Tree, scan


def folder(
    *,
    path: str = "",
    recursive: bool = True,
    crop: int | None = None,
    min_side: int = 1,
    channels: Channels = "any",
    limit: int | None = None,
    select: Select = "first",
    seed: int = 0,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    follow_links: bool = False,
    white: float | None = None,
) -> FileSet:
    """Make the set of the pictures in a folder, or of a single file.

    Pictures are used as they are: not resized, not rotated by their EXIF orientation, not converted between
    grey and colour. What cannot be used is skipped by name and reason.

    Parameters
    ----------
    path : str, default ''
        folder, or a single picture file. ``~`` is the home folder.
    recursive : bool, default True
        enter the folders inside it.
    crop : int or None, optional
        cut a square of this side from the centre; smaller pictures are skipped.
    min_side : int, default 1
        skip pictures with a side below this, in pixels.
    channels : {'any', 'rgb', 'grey'}, default 'any'
        ``any``, or only ``rgb`` or only ``grey`` pictures; colour files of three equal planes are grey then.
    limit : int or None, optional
        use at most this many pictures.
    select : {'first', 'random'}, default 'first'
        ``first`` = in the order of their names, ``random`` = shuffled.
    seed : int, default 0
        of the shuffle.
    max_pixels : int, optional
        skip pictures with more pixels than this.
    follow_links : bool, default False
        enter the folders that links lead to; each folder once.
    white : float or None, optional
        the value in the files that is white, such as 4095 for 12 bits in 16: noise levels refer to it.
        Pictures with a larger value are skipped. None = what a TIFF says, else 255, 65535, or 1.

    Raises
    ------
    PriorbenchError
        there is nothing at `path`, or no picture in it.
    """
    if not path:
        raise PriorbenchError("folder: give the folder with the pictures: path=some/folder")
    root = existing(path, "folder")
    rules = PictureRules(channels=channels, crop=crop, min_side=min_side, max_pixels=max_pixels, white=white)
    if not os.path.isdir(root):  # noqa: PTH112 - a path with stray bytes stays a str
        root, name = os.path.split(os.path.abspath(root))  # noqa: PTH100
        return FileSet(root=root, tree=lambda: Tree(entries=(name,), ignored={}), rules=rules, limit=limit)
    check_select(select)

    def tree() -> Tree:
        return ordered(scan(root, recursive=recursive, follow_links=follow_links), select=select, seed=seed)

    return FileSet(root=root, tree=tree, rules=rules, limit=limit)

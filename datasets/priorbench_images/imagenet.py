"""`imagenet`: the validation pictures of ILSVRC2012, in whichever layout the user has them."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from priorbench import PriorbenchError, SkippedImage
from priorbench.pictures import DEFAULT_MAX_PIXELS, READABLE_SUFFIXES, Channels, PictureRules, shown
from priorbench_images.fileset import FileSet
from priorbench_images.lists import has_ending, read_names
from priorbench_images.names import id_of
from priorbench_images.places import existing, folders_of_data, how_to_name
from priorbench_images.selection import Select, check_select, ordered
from priorbench_images.tree import Entry, Tree, files, scan

#: What a validation file's name begins with; some copies add the class: ``..._n01751748.JPEG``.
_VALIDATION = re.compile(r"ILSVRC2012_val_\d{8}")
_USUAL_FOLDERS = ("ILSVRC2012_img_val", "ILSVRC2012_val", "ImageNet-val", "ImageNet")
_SOURCE = "https://image-net.org/challenges/LSVRC/2012 (after registration; ILSVRC2012_img_val.tar)"


def imagenet(
    *,
    path: str = "",
    list: str | None = None,
    numbers: tuple[int, ...] | None = None,
    limit: int | None = None,
    select: Select = "first",
    seed: int = 0,
    crop: int | None = 512,
    min_side: int = 513,
    channels: Channels = "rgb",
    max_pixels: int = DEFAULT_MAX_PIXELS,
    follow_links: bool = False,
    white: float | None = None,
) -> FileSet:
    """Make a set of ImageNet validation pictures: flat, in class folders, or with the class in the name.

    The defaults are the rule of Heckel & Soltanolkotabi (2020): both sides above 512, three channels, the
    centre 512 x 512; no resizing, no EXIF rotation. Pictures that do not pass are skipped with the reason.

    Parameters
    ----------
    path : str, default ''
        folder of the pictures; if empty, ``ILSVRC2012_img_val`` in ``$PRIORBENCH_DATA``.
    list : str or None, optional
        text file of names, one a line, whose order is kept; or ``package:file`` inside a package.
    numbers : tuple of int or None, optional
        validation numbers (1 to 50000) instead of a list.
    limit : int or None, optional
        use at most this many pictures.
    select : {'first', 'random'}, default 'first'
        ``first`` = in the order of the list, or of the validation numbers; ``random`` = shuffled.
    seed : int, default 0
        of the shuffle.
    crop : int or None, default 512
        cut a square of this side from the centre; None = the whole picture.
    min_side : int, default 513
        skip pictures with a side below this, in pixels.
    channels : {'any', 'rgb', 'grey'}, default 'rgb'
        ``rgb`` skips grey pictures, ``grey`` skips colour, ``any`` takes both.
    max_pixels : int, optional
        skip pictures with more pixels than this.
    follow_links : bool, default False
        enter the folders that links lead to, for example of the classes; each folder once.
    white : float or None, optional
        the value in the files that is white, such as 4095 for 12 bits in 16: noise levels refer to it.
        Pictures with a larger value are skipped. None = what a TIFF says, else 255, 65535, or 1.

    Raises
    ------
    PriorbenchError
        there is no such folder or list, or no picture in it.
    """
    root = _root(path)
    rules = PictureRules(channels=channels, crop=crop, min_side=min_side, max_pixels=max_pixels, white=white)
    check_select(select)
    wanted = _wanted(list, numbers)

    def tree() -> Tree:
        found = ordered(scan(root, follow_links=follow_links), select="first", seed=seed, key=picture_key)
        if wanted is not None:
            found = Tree(
                entries=look_up(wanted, found.entries, where=shown(list or "")), ignored=found.ignored
            )
        return ordered(found, select=select, seed=seed, key=picture_key) if select == "random" else found

    return FileSet(root=root, tree=tree, rules=rules, limit=limit)


def picture_key(name: str) -> str:
    """Return what identifies a picture in every layout: its validation name, else its file name's stem."""
    base = name.rsplit("/", 1)[-1]
    match = _VALIDATION.match(base)
    if match:
        return match[0]
    stem, suffix = os.path.splitext(base)  # noqa: PTH122 - a name, not a path
    return id_of(stem if suffix.lower() in READABLE_SUFFIXES else base)


def look_up(wanted: Mapping[str, int], entries: Sequence[Entry], *, where: str) -> tuple[Entry, ...]:
    """Find the files that a list names, in the order of the list; what is not there comes out as skipped.

    Parameters
    ----------
    wanted : Mapping[str, int]
        names, with or without suffix or class, or paths relative to the folder, and the lines that have them.
    entries : Sequence[str or SkippedImage]
        what the folder holds.
    where : str
        the list, for messages.
    """
    paths = {id_of(name): name for name in files(entries)}
    by_key: dict[str, list[str]] = defaultdict(list)
    for name in files(entries):
        by_key[picture_key(name)].append(name)
    found = {name: _find(name, line, paths, by_key) for name, line in wanted.items()}
    for name in found:
        if "\\" in name and isinstance(found[name], SkippedImage):
            turned = _find(name.replace("\\", "/"), wanted[name], paths, by_key)
            if isinstance(turned, str):
                raise PriorbenchError(
                    f"imagenet: {where}, line {wanted[name]}: '{shown(name)}' has a backslash, and there is "
                    f"'{shown(id_of(turned))}': write / between folders, as by  tr '\\\\' / < list"
                )
    return tuple(found.values())


def _find(name: str, line: int, paths: dict[str, str], by_key: dict[str, list[str]]) -> Entry:
    if name in paths:
        return paths[name]
    same = by_key.get(picture_key(name), [])
    if not same:
        told = has_ending(name) or _VALIDATION.fullmatch(name) is not None  # else it may be anybody's secret
        return SkippedImage(
            id=name if told else f"line {line} of the list", reason="in the list, but not in the folder"
        )
    if len(same) > 1 and not _VALIDATION.match(PurePosixPath(name).name):
        choices = ", ".join(map(id_of, same[:3]))
        return SkippedImage(id=name, reason=f"{len(same)} files have this name: write the path ({choices})")
    return same[0]


def _root(path: str) -> str:
    if path:
        root = existing(path, "imagenet")
        if os.path.isfile(root):  # noqa: PTH113 - a path with stray bytes stays a str
            raise PriorbenchError(f"imagenet: {path} is a file; give the folder with the unpacked pictures")
        return root
    found = folders_of_data(_USUAL_FOLDERS)
    if not found:
        raise PriorbenchError(how_to_name("imagenet", _USUAL_FOLDERS[0], _SOURCE))
    return found[0]


def _wanted(names: str | None, numbers: Sequence[int] | None) -> Mapping[str, int] | None:
    if names is not None and numbers is not None:
        raise PriorbenchError("imagenet: give either list or numbers, not both")
    if names is not None:
        return read_names(names, "imagenet")
    if numbers is None:
        return None
    bad = [number for number in numbers if not 1 <= number <= 50_000]
    if bad or len(set(numbers)) < len(numbers):
        raise PriorbenchError(f"imagenet: numbers must be different ones from 1 to 50000{_such_as(bad)}")
    return {f"ILSVRC2012_val_{number:08d}": place for place, number in enumerate(numbers, 1)}


def _such_as(bad: Sequence[int]) -> str:
    return f"; {bad[0]} is not" if bad else ""

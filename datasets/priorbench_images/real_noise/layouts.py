"""Which files belong together: two folders, and the layouts of PolyU and FMD."""

from __future__ import annotations

import itertools
import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from priorbench import PriorbenchError, SkippedImage
from priorbench.pictures import OTHER_PICTURE_SUFFIXES, shown
from priorbench_images.names import id_of
from priorbench_images.real_noise.pairs import Listing, Scene
from priorbench_images.tree import files, scan

_POLYU = re.compile(r"(?P<scene>.+)_(?P<kind>real|mean)", re.IGNORECASE)
_COUNTED = re.compile(r"(\D*)(\d{0,18})")
#: the mean of all frames of a field of view, as FMD calls it
_FMD_CLEAN = "avg50"


def two_folders(noisy: str, clean: str) -> Listing:
    """Match the files of two folders by their names without suffix.

    The noisy files of a scene are ``NAME.*``, or all in a folder ``NAME``, where the clean one is ``NAME.*``.

    Raises
    ------
    PriorbenchError
        a folder cannot be read or holds no pictures, or no two files match.
    """
    if os.path.realpath(noisy) == os.path.realpath(clean):
        raise PriorbenchError(f"pairs: noisy and clean are one folder, {shown(clean)}: give two")
    skipped: dict[str, str] = {}
    clean_by_stem, noisy_by_stem = (
        _by_stem(_files(root, what, skipped)) for root, what in ((clean, "clean"), (noisy, "noisy"))
    )
    found: dict[str, Scene] = {}
    partners: dict[str, list[str]] = defaultdict(list)
    for stem, names in sorted(noisy_by_stem.items()):
        home = stem if stem in clean_by_stem else stem.rpartition("/")[0]
        if home in clean_by_stem:
            partners[home] += names
        else:
            skipped |= {f"{id_of(name)} (noisy)": f"no clean picture {_shown(stem)}.*" for name in names}
    for stem, (first, *others) in clean_by_stem.items():
        noisy_names = sorted(partners.get(stem, []), key=by_number)
        twice = [name for name, more in itertools.pairwise(sorted(map(_stem, noisy_names))) if name == more]
        if others or (stem in noisy_by_stem and len(noisy_by_stem[stem]) > 1):
            skipped[id_of(first)] = f"several files are called {_shown(stem)}.*: which belong together?"
        elif stem in noisy_by_stem and len(noisy_names) > 1:
            skipped[id_of(first)] = f"there is a noisy picture {_shown(stem)}.*, and a folder of that name"
        elif twice:
            skipped[id_of(first)] = f"several noisy files are called {_shown(twice[0])}.*: which counts?"
        elif not noisy_names:
            skipped[id_of(first)] = f"no noisy picture {_shown(stem)}.*, nor a folder of that name"
        else:
            found[id_of(first)] = Scene(
                clean=_join(clean, first), noisy=tuple(_join(noisy, name) for name in noisy_names)
            )
    if not found:
        raise PriorbenchError(
            f"pairs: no picture in {shown(noisy)} has the name of one in {shown(clean)}, suffix aside; "
            f"for example '{shown(min(noisy_by_stem))}' and '{shown(min(clean_by_stem))}': "
            "give both the same names"
        )
    return Listing(scenes=dict(sorted(found.items())), skipped=skipped)


def polyu(root: str) -> Listing:
    """Match ``SCENE_real.*`` with ``SCENE_mean.*``, in ``CroppedImages`` if there is such a folder.

    Raises
    ------
    PriorbenchError
        the folder cannot be read, or has no such pair.
    """
    cropped = _join(root, "CroppedImages")
    folder = cropped if os.path.isdir(cropped) else root  # noqa: PTH112 - a path with stray bytes stays a str
    halves: dict[str, dict[str, list[str]]] = defaultdict(lambda: {"real": [], "mean": []})
    skipped = {}
    for name in files(scan(folder, recursive=False).entries):
        match = _POLYU.fullmatch(_stem(name))
        if match:
            halves[match["scene"]][match["kind"].lower()].append(name)
        else:
            skipped[id_of(name)] = "its name ends neither in _real nor in _mean"
    found = {}
    for scene, half in sorted(halves.items()):
        if len(half["real"]) == len(half["mean"]) == 1:
            (real,), (mean,) = half["real"], half["mean"]
            found[id_of(scene)] = Scene(clean=_join(folder, mean), noisy=(_join(folder, real),))
        else:
            counts = f"{len(half['real'])} of _real, {len(half['mean'])} of _mean"
            skipped[id_of(scene)] = f"one file of each is needed, there are {counts}"
    if not found:
        raise PriorbenchError(
            f"polyu: {shown(folder)} has no two files SCENE_real.JPG and SCENE_mean.JPG: give the folder "
            "CroppedImages of the data set, or the one that holds it"
        )
    return Listing(scenes=found, skipped=skipped)


def fmd(root: str, level: str, types: Sequence[str] | None) -> Listing:
    """List the fields of view: ``TYPE/LEVEL/FIELD/*.png`` with ``TYPE/gt/FIELD/avg50.png``.

    The mixed test set, ``test_mix/LEVEL/NAME.png`` with ``test_mix/gt/NAME.png``, counts only where it is
    named: its pictures are among the others.

    Raises
    ------
    PriorbenchError
        there is no such layout here, or a type that is asked for is not there.
    """
    found: dict[str, Scene] = {}
    skipped: dict[str, str] = {}
    for name, folder in _fmd_types(root, level, types).items():
        for field, frames in sorted(_fields(_join(folder, level)).items()):
            image_id = id_of(f"{name}/{field}")
            clean = _fmd_clean(_join(folder, "gt"), field)
            if clean is None:
                skipped[image_id] = f"no ground truth in {shown(name)}/gt"
            else:
                found[image_id] = Scene(clean=clean, noisy=tuple(_join(folder, level, one) for one in frames))
    if not found:
        raise PriorbenchError(f"fmd: no field of view in {shown(root)} has frames in '{level}' and in 'gt'")
    return Listing(scenes=found, skipped=skipped)


def _fmd_types(root: str, level: str, types: Sequence[str] | None) -> Mapping[str, str]:
    """Return name -> folder of the types of pictures; the folder may be that of one type."""

    def is_type(folder: str) -> bool:
        return all(os.path.isdir(_join(folder, part)) for part in (level, "gt"))  # noqa: PTH112

    if is_type(root):
        name = os.path.basename(os.path.realpath(root))  # noqa: PTH119
        there = {name: root}
    else:
        names = sorted(name for name in os.listdir(root) if is_type(_join(root, name)))  # noqa: PTH208
        there = {name: _join(root, name) for name in names}
    if not there:
        raise PriorbenchError(
            f"fmd: {shown(root)} has no folder with '{level}' and 'gt' in it: give the folder that holds "
            "Confocal_FISH, TwoPhoton_MICE and so on, unpacked"
        )
    if types is None:
        return {name: path for name, path in there.items() if name != "test_mix" or len(there) == 1}
    missing = [name for name in types if name not in there]
    if missing:
        raise PriorbenchError(
            f"fmd: {shown(root)} has no type '{shown(missing[0])}'; there is {shown(', '.join(there))}"
        )
    return {name: there[name] for name in types}


def _fields(folder: str) -> Mapping[str, Sequence[str]]:
    """Return field of view -> its frames, in order; in the mixed test set each picture is one."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in files(scan(folder).entries):
        home = name.rpartition("/")[0]
        found[home or _stem(name)].append(name)
    return {field: sorted(frames, key=by_number) for field, frames in found.items()}


def _fmd_clean(folder: str, field: str) -> str | None:
    for name in (f"{field}/{_FMD_CLEAN}.png", f"{field}.png"):
        path = _join(folder, name)
        if os.path.isfile(path):  # noqa: PTH113
            return path
    return None


def _files(folder: str, what: str, skipped: dict[str, str]) -> list[str]:
    """Return the pictures of a folder; what cannot be entered, and kinds that are not read, are told."""
    tree = scan(folder)
    for entry in tree.entries:
        if isinstance(entry, SkippedImage):
            skipped[f"{entry.id} ({what})"] = entry.reason
    for suffix, count in sorted(tree.ignored.items()):
        if suffix in OTHER_PICTURE_SUFFIXES:
            skipped[f"*{suffix} ({what})"] = f"{count} of a kind that is not read: save as PNG or TIFF"
    return list(files(tree.entries))


def _by_stem(names: Sequence[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        found[_stem(name)].append(name)
    return found


def by_number(name: str) -> list[tuple[str, int]]:
    """Return what sorts names as people count: 2 before 10."""
    return [(text, int(number or 0)) for text, number in _COUNTED.findall(name)]


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]  # noqa: PTH122 - a name, not a path


def _join(*parts: str) -> str:
    return os.path.join(*parts)  # noqa: PTH118 - may have stray bytes


def _shown(stem: str) -> str:
    return shown(id_of(stem))

"""Descriptions of published sets, and the check that a folder holds one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from priorbench import PriorbenchError
from priorbench.pictures import UnusableImageError, picture_size, shown
from priorbench_images.places import existing, folders_of_data, how_to_name
from priorbench_images.tree import Entry, Tree, files, scan

#: (width, height) in pixels -> number of pictures.
Sizes = Mapping[tuple[int, int], int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """A published set of pictures.

    Attributes
    ----------
    name : str
        of the image set.
    folders : tuple of str
        usual names of its folder, the likeliest first.
    sizes : tuple[Mapping[tuple[int, int], int], ...]
        the forms in which it is published.
    source : str
        where to get it.
    by_number : bool, default False
        its files are called 1, 2, ..., 10 and are sorted as numbers.
    """

    name: str
    folders: tuple[str, ...]
    sizes: tuple[Sizes, ...]
    source: str
    by_number: bool = False


def checked_folder(published: Published, path: str) -> str:
    """Return the folder that holds the set, its number of pictures and their sizes checked by their headers.

    Parameters
    ----------
    published : Published
        the set.
    path : str
        the folder, or empty to look in ``$PRIORBENCH_DATA``.

    Raises
    ------
    PriorbenchError
        no folder, or its contents are not the set; with what was expected, what was found, and where the set
        is published.
    """
    candidates = [existing(path, published.name)] if path else folders_of_data(published.folders)
    if not candidates:
        raise PriorbenchError(how_to_name(published.name, published.folders[0], published.source))
    problems = []
    for folder in candidates:
        problem = _problem(published, folder)
        if not problem:
            return folder
        problems.append(f"{shown(folder)} {problem}")
    expected = " or ".join(_describe(sizes) for sizes in published.sizes)
    raise PriorbenchError(
        f"{published.name}: {'; '.join(problems)}; expected {expected}. Published at {published.source}"
    )


def tree_of(published: Published, folder: str) -> Tree:
    """List the set's files in the order of the literature."""
    found = scan(folder, recursive=False)
    if not published.by_number:
        return found
    by_number: list[Entry] = [*sorted(files(found.entries), key=_number)]
    return Tree(entries=tuple(by_number), ignored=found.ignored)


def _problem(published: Published, folder: str) -> str:
    """Say what is wrong with a folder; empty if it holds the set."""
    found: Counter[tuple[int, int]] = Counter()
    try:
        for name in files(scan(folder, recursive=False).entries):
            found[picture_size(Path(folder) / name)] += 1
    except UnusableImageError as error:
        return f"has a picture that cannot be used: {error}"
    except PriorbenchError:
        return "holds no pictures"
    return "" if any(found == dict(sizes) for sizes in published.sizes) else f"holds {_describe(found)}"


def _describe(sizes: Sizes) -> str:
    parts = [f"{count} of {width}x{height}" for (width, height), count in sorted(sizes.items())]
    shown_parts = ", ".join(parts[:4]) + (", ..." if len(parts) > 4 else "")
    return f"{sum(sizes.values())} pictures ({shown_parts})"


def _number(name: str) -> tuple[int, str]:
    digits = re.search(r"\d+", name)
    return (int(digits[0]) if digits else 0, name)

"""The order in which the pictures of a large set are tried."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Literal

from priorbench import PriorbenchError, SkippedImage
from priorbench_images.names import id_of
from priorbench_images.tree import Entry, Tree

Select = Literal["first", "random"]


def check_select(select: str) -> None:
    """Raise `PriorbenchError` for an unknown way to select."""
    if select not in ("first", "random"):
        raise PriorbenchError(f"select '{select}' is unknown. Allowed: first, random")


def ordered(tree: Tree, *, select: Select, seed: int, key: Callable[[str], str] = id_of) -> Tree:
    """Return a tree in the order of its names, or shuffled.

    The shuffle sorts by a hash of the seed and the name. So it is the same on every machine and in every
    version of Python, and a file more or less leaves the order of the others as it was.

    Parameters
    ----------
    tree : Tree
        what was found.
    select : {'first', 'random'}
        ``"first"`` = by name, ``"random"`` = shuffled.
    seed : int
        of the shuffle.
    key : callable, optional
        a file's name -> what it is sorted by.
    """

    def rank(entry: Entry) -> tuple[str, str]:
        if isinstance(entry, SkippedImage):
            return ("" if select == "random" else entry.id, entry.id)  # problems of the walk come first
        name = key(entry)
        if select == "random":
            name = hashlib.sha256(f"{seed}/{name}".encode()).hexdigest()
        return (name, id_of(entry))

    return Tree(entries=tuple(sorted(tree.entries, key=rank)), ignored=tree.ignored)

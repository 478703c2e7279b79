"""Finds the folders of the user's pictures."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from pathlib import Path

from priorbench import PriorbenchError
from priorbench.pictures import shown

#: Names the folder that holds the folders of the classic sets.
DATA_VARIABLE = "PRIORBENCH_DATA"


def existing(path: str, wanted_by: str) -> str:
    """Return `path` with ``~`` expanded; where there is nothing, raise an error with the nearest name."""
    expanded = os.path.expanduser(path)  # noqa: PTH111 - a path with stray bytes stays a str
    if os.path.lexists(expanded):  # a broken link is told from nothing at all
        return expanded
    raise PriorbenchError(f"{wanted_by}: {shown(path)} does not exist{_nearest(Path(expanded))}")


def folders_of_data(names: Sequence[str]) -> list[str]:
    """Return the folders in ``$PRIORBENCH_DATA`` (and its ``testsets``) that are called one of `names`.

    Parameters
    ----------
    names : Sequence[str]
        accepted names; case, ``-``, ``_`` and spaces do not count.
    """
    root = os.environ.get(DATA_VARIABLE, "")
    if not root:
        return []
    wanted = [_plain(name) for name in names]
    found = []
    for parent in (Path(root).expanduser(), Path(root).expanduser() / "testsets"):
        children = sorted(parent.iterdir()) if parent.is_dir() else []
        found += [child for child in children if _plain(child.name) in wanted and child.is_dir()]
    return [str(path) for path in sorted(found, key=lambda path: wanted.index(_plain(path.name)))]


def how_to_name(wanted_by: str, folder: str, source: str) -> str:
    """Say how a set's folder is found and where the set is published."""
    root = os.environ.get(DATA_VARIABLE, "")
    state = f"is {shown(root)}, which has no folder {folder}" if root else "is not set"
    return (
        f"{wanted_by}: no pictures found. Give their folder as path=..., or set {DATA_VARIABLE} to the "
        f"folder that holds {folder}/ ({DATA_VARIABLE} {state}). Published at {source}"
    )


def _plain(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "").replace(" ", "")


def _nearest(path: Path) -> str:
    """Return "; did you mean ...?" where the parent has a similar name."""
    try:
        siblings = os.listdir(path.parent)  # noqa: PTH208 - names, not paths
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, siblings, n=1, cutoff=0.6)
    return f"; did you mean {shown(str(path.parent / near[0]))}?" if near else ""

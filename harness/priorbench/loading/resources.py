"""Finds a file of a package without importing the package."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path


def package_file(resource: str) -> Path:
    """Return the path of ``"package:file"``.

    Parameters
    ----------
    resource : str
        Dotted name of a package, a colon, and a path inside it.

    Raises
    ------
    FileNotFoundError
        Where there is no such package on the import path.
    """
    package, _, file = resource.partition(":")
    places = [Path(place) for place in _places(package)]
    if not places:
        raise FileNotFoundError(2, f"there is no package '{package}'")
    found = [place / file for place in places if (place / file).exists()]
    return found[0] if found else places[0] / file


def _places(package: str) -> Sequence[str]:
    """Return the folders of a package; none where there is no such package."""
    loaded = sys.modules.get(package)
    if loaded is not None:
        return tuple(getattr(loaded, "__path__", ()))
    top, *inner = package.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return ()
    places = tuple(spec.submodule_search_locations or ()) if spec is not None else ()
    below = [str(Path(place, *inner)) for place in places]
    return [place for place in below if Path(place).is_dir()]

"""Where the sources of a repository lie, and whether a file is one of them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from priorbench.loading.discovery import candidates

_INSTALLED = ("site-packages", "dist-packages")


def inside(path: Path, folder: Path) -> bool:
    """Say whether a path is in a folder; what is installed into an environment there does not count."""
    if not path.is_relative_to(folder):
        return False
    return not any(part in _INSTALLED for part in path.relative_to(folder).parts)


def source_roots(root: Path, project: Path) -> tuple[Path, ...]:
    """Return the folders that modules of a repository are imported from, relative to it, each once.

    They are those that this Python imports from now (an editable installation, PYTHONPATH), then the folders
    of the project and of the repository, and ``src`` in each.

    Parameters
    ----------
    root : Path
        of the repository.
    project : Path
        folder of the plugin's project in it; often the same.
    """
    used = (place for place in _import_places() if inside(place, root))
    usual = (folder / name for folder in (project, root) for name in ("src", "."))
    return tuple(dict.fromkeys(place.relative_to(root) for place in (*used, *usual)))


def project_folder(root: Path, folder: Path) -> Path:
    """Return the nearest folder with a ``pyproject.toml``, from `folder` up to `root`; else `root`."""
    for place in (folder, *folder.parents):
        if not place.is_relative_to(root):
            break
        if (place / "pyproject.toml").is_file():
            return place
    return root


def has_module(roots: Iterable[Path], module: str) -> bool:
    """Say whether one of the folders has a module or package of this dotted name."""
    parts = module.split(".")
    return any(
        root.joinpath(*parts[:-1], f"{parts[-1]}.py").is_file()
        or root.joinpath(*parts, "__init__.py").is_file()
        for root in roots
    )


def _import_places() -> Iterator[Path]:
    """Yield the folders on the import path, and those that editable plugins are imported from otherwise."""
    yield from (Path(place).resolve() for place in sys.path if place and Path(place).is_dir())
    for candidate in candidates():
        top = candidate.module.partition(":")[0].partition(".")[0]
        try:
            spec = importlib.util.find_spec(top) if top else None
        except (ImportError, ValueError, AttributeError):
            continue
        if spec is not None and spec.has_location and spec.origin:
            origin = Path(spec.origin).resolve()
            yield origin.parents[1] if spec.submodule_search_locations else origin.parent

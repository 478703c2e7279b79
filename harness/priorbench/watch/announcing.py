"""Announces a side's plugins as an installation of it would: by what its own ``pyproject.toml`` says."""

from __future__ import annotations

import importlib.metadata
import tomllib
from pathlib import Path
from typing import Any

from priorbench.loading.discovery import GROUP

#: other places where a project may announce its plugins; what is installed then speaks for it
_OTHER_FILES = ("setup.py", "setup.cfg")


def project_name(folder: Path) -> str:
    """Return the name of the distribution that a folder makes; empty where it does not say."""
    return str(_project(folder).get("name", ""))


def announce(folder: Path, target: Path, *, name: str) -> None:
    """Write the metadata of a side's project, which then hides that of an installation.

    Parameters
    ----------
    folder : Path
        the side's project.
    target : Path
        a new folder for the import path.
    name : str
        of the distribution; nothing is announced where it is empty, or where another file may do that.
    """
    target.mkdir(parents=True)
    project = _project(folder)
    elsewhere = not project and any((folder / file).is_file() for file in _OTHER_FILES)
    if not name or elsewhere or "entry-points" in project.get("dynamic", ()):
        return
    version = str(project.get("version") or _installed_version(name))
    info = target / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8"
    )
    points = project.get("entry-points", {}).get(GROUP, {})
    lines = (f"{point} = {value}" for point, value in points.items())
    (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines, ""]), encoding="utf-8")


def _project(folder: Path) -> dict[str, Any]:
    try:
        read = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none, or no TOML: what is installed speaks for it
        return {}
    project = read.get("project", {})
    return project if isinstance(project, dict) else {}


def _installed_version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "0"

"""Plugins that are one Python file each, without packaging: ``--plugin FILE`` and PRIORBENCH_PLUGIN_FILES.

A file is imported under the name of its stem, so that its factories are written ``"my_method:Method"``; its
folder goes to the end of the import path, where it hides nothing. Child processes find the same files in the
environment.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
from pathlib import Path
from typing import NoReturn

from priorbench.errors import PriorbenchError, nearest_path
from priorbench.loading.discovery import Candidate

FILES_VARIABLE = "PRIORBENCH_PLUGIN_FILES"


class _FromSource(SourceFileLoader):
    """Compiles a module from its text, whatever is in ``__pycache__``.

    Python takes compiled code for current if the file has the size and the time, in seconds, that it had. A
    key has the digest of the text: the code that runs must be that of the text.
    """

    def path_stats(self, path: str) -> NoReturn:
        """Say that the file's time is not known, so that no compiled code is read or written."""
        raise OSError


def add_plugin_files(files: Iterable[Path]) -> None:
    """Have files loaded as plugins, by this process and by those that it starts.

    Raises
    ------
    PriorbenchError
        Where one is no readable Python file, or its name is that of another module.
    """
    chosen = [*_named(), *map(_place, files)]
    for path in chosen:
        _check(path)
    if chosen:
        os.environ[FILES_VARIABLE] = os.pathsep.join(dict.fromkeys(map(str, chosen)))


def plugin_files() -> list[Candidate]:
    """Return a candidate for each file that the environment names.

    Raises
    ------
    PriorbenchError
        As `add_plugin_files`.
    """
    return [_candidate(path) for path in _named()]


def _named() -> list[Path]:
    text = os.environ.get(FILES_VARIABLE, "")
    return [_place(Path(part)) for part in text.split(os.pathsep) if part.strip()]


def _place(path: Path) -> Path:
    """Return where a file is, without links; what leads nowhere is one line."""
    try:
        return path.expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, nobody's home, a null character
        raise PriorbenchError(f"plugin {path}: the file cannot be found: {error}") from None


def _candidate(path: Path) -> Candidate:
    _check(path)
    folder = str(path.parent)
    if folder not in sys.path:
        sys.path.append(folder)
        importlib.invalidate_caches()
    finder = FileFinder(folder, (ExtensionFileLoader, EXTENSION_SUFFIXES), (_FromSource, SOURCE_SUFFIXES))
    sys.path_importer_cache[folder] = finder
    return Candidate(
        name=path.stem,
        module=path.stem,
        distribution=path.name,
        version="",
        file=str(path),
        load=lambda: importlib.import_module(path.stem),
    )


def _check(path: Path) -> None:
    if not path.is_file():
        raise PriorbenchError(f"plugin {path}: there is no such file{nearest_path(path)}")
    if path.suffix != ".py" or not path.stem.isidentifier():
        raise PriorbenchError(
            f"plugin {path}: a plugin of one file is called like a Python module, such as my_method.py"
        )
    spec = importlib.util.find_spec(path.stem)
    if spec is not None and (spec.origin is None or Path(spec.origin).resolve() != path):
        there = spec.origin or "another module"
        raise PriorbenchError(
            f"plugin {path}: 'import {path.stem}' means {there}: give the file another name"
        )

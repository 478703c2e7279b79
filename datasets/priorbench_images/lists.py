"""Lists of file names: a text file, one name a line."""

from __future__ import annotations

import importlib.resources
import re
import sys
from importlib.resources.abc import Traversable
from pathlib import Path

from priorbench import PriorbenchError
from priorbench.pictures import shown
from priorbench_images.places import existing

_RESOURCE = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([^/\\:]+)")


def read_names(where: str, wanted_by: str) -> tuple[str, ...]:
    """Return the names in a list, in its order. Empty lines and lines that begin with ``#`` do not count.

    Parameters
    ----------
    where : str
        a text file, or ``package:file`` for one inside the package of a plugin. Nothing is imported for it: a
        suite may be a stranger's.
    wanted_by : str
        name of the image set, for messages.

    Raises
    ------
    PriorbenchError
        there is no such list, it is no text, it is empty, or it names a picture twice.
    """
    lines = [line.strip() for line in _text(where, wanted_by).splitlines()]
    first: dict[str, int] = {}
    for number, name in enumerate(lines, start=1):
        if not name or name.startswith("#"):
            continue
        if name in first:
            raise PriorbenchError(
                f"{wanted_by}: {shown(where)} names {shown(name)} twice, in lines {first[name]} and {number}"
            )
        first[name] = number
    if not first:
        raise PriorbenchError(f"{wanted_by}: the list {shown(where)} has no names")
    return tuple(first)


def _text(where: str, wanted_by: str) -> str:
    resource = _RESOURCE.fullmatch(where)
    try:
        if resource and not Path(where).exists():
            return _file_of(resource[1], resource[2]).read_text(encoding="utf-8-sig")
        return Path(existing(where, f"{wanted_by}, list")).read_text(encoding="utf-8-sig")
    except (OSError, ImportError) as error:
        raise PriorbenchError(f"{wanted_by}: the list {shown(where)} cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise PriorbenchError(f"{wanted_by}: the list {shown(where)} is not a text file") from error


def _file_of(package: str, name: str) -> Traversable:
    """Return a file of a package that is loaded, as those of all plugins are."""
    module = sys.modules.get(package)
    if module is None:
        raise ImportError(f"no plugin that is loaded has the package '{package}'")
    return importlib.resources.files(module).joinpath(name)

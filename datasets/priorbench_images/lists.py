"""Lists of file names: a text file, one name a line.

A suite may be a stranger's and name any file of this machine as its list. No message tells what stands in a
file that is none.
"""

from __future__ import annotations

import importlib.resources
import os
import re
import sys
from importlib.resources.abc import Traversable
from pathlib import Path

from priorbench import PriorbenchError
from priorbench.pictures import READABLE_SUFFIXES, UnusableImageError, open_regular, shown
from priorbench_images.places import existing

#: a name without the ending of a picture: letters, digits and what joins them
_PLAIN_NAME = re.compile(r"[\w./ -]+")
#: a picture's name, by its ending or as ImageNet's validation pictures are called, and another column
_TWO_COLUMNS = re.compile(
    r"[\"']?([^\s,;\"']*(?:"
    + "|".join(map(re.escape, sorted(READABLE_SUFFIXES, reverse=True)))
    + r"|ILSVRC2012_val_\d{8}\w*))[\"']?[\s,;]\s*\S",
    re.IGNORECASE,
)
#: characters of a name with its folders, and bytes of a list, at most
_LONGEST, _LARGEST = 1000, 2**24

_RESOURCE = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([^/\\:]+)")


def read_names(where: str, wanted_by: str) -> dict[str, int]:
    """Return the names in a list with their lines, in its order.

    Empty lines and lines that begin with ``#`` do not count.

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
        there is no such list, it is no text, a line is no picture's name, it is empty, or it names a picture
        twice.
    """
    lines = [line.strip() for line in _text(where, wanted_by).splitlines()]
    first: dict[str, int] = {}
    for number, name in enumerate(lines, start=1):
        if not name or name.startswith("#"):
            continue
        if first_column := _before_label(name):
            raise PriorbenchError(
                f"{wanted_by}: {shown(where)}, line {number}: '{shown(first_column)}' and more, a label? "
                "Keep one name in each line: the first column alone, as by  cut -d' ' -f1  or  cut -d, -f1"
            )
        if not _is_name(name):
            raise PriorbenchError(
                f"{wanted_by}: {shown(where)} is no list of pictures: line {number} is no picture's name"
            )
        if name in first:
            what = shown(name) if has_ending(name) else "a picture"
            raise PriorbenchError(
                f"{wanted_by}: {shown(where)} names {what} twice, in lines {first[name]} and {number}"
            )
        first[name] = number
    if not first:
        raise PriorbenchError(f"{wanted_by}: the list {shown(where)} has no names")
    return first


def has_ending(name: str) -> bool:
    """Say whether a name ends as those of pictures do; only then a message may tell it."""
    return os.path.splitext(name)[1].lower() in READABLE_SUFFIXES  # noqa: PTH122 - a name, not a path


def _before_label(text: str) -> str:
    """Return the picture's name in a line that has another column; empty if the line is no such line."""
    found = None if len(text) > _LONGEST or has_ending(text) else _TWO_COLUMNS.match(text)
    return found[1] if found else ""


def _is_name(text: str) -> bool:
    if len(text) > _LONGEST or not text.isprintable() or ":" in text:
        return False
    return has_ending(text) or _PLAIN_NAME.fullmatch(text) is not None


def _text(where: str, wanted_by: str) -> str:
    resource = _RESOURCE.fullmatch(where)
    try:
        if resource and not Path(where).exists():
            return _file_of(resource[1], resource[2]).read_text(encoding="utf-8-sig")
        with open_regular(existing(where, f"{wanted_by}, list")) as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise PriorbenchError(
                f"{wanted_by}: {shown(where)} is no list of pictures: it has more than "
                f"{_LARGEST // 2**20} MiB"
            )
        return data.decode("utf-8-sig")
    except UnusableImageError as error:
        raise PriorbenchError(
            f"{wanted_by}: the list {shown(where)} cannot be read: {error.reason}"
        ) from error
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

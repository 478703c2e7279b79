"""Describes in one line why a plugin cannot be used."""

from __future__ import annotations

import itertools
import linecache
import reprlib
import traceback
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from types import FrameType

from priorbench.words import one_line

#: characters of a message that are told
_LONGEST = 300
#: characters of a line of code that are told
_LINE = 80
_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 60


class RejectionError(Exception):
    """A plugin cannot be used.

    Attributes
    ----------
    status : str
        "broken", or "conflict" where it clashes with another plugin.
    reason : str
        one line.
    """

    def __init__(self, status: str, reason: str) -> None:
        self.status, self.reason = status, reason
        super().__init__(reason)


class TooLongError(BaseException):
    """Loading a plugin takes too long; raised inside the plugin, where no ``except Exception`` catches it."""


class EndedProcessError(BaseException):
    """A plugin's code called what ends the process, such as ``os._exit``."""


def describe(error: BaseException) -> str:
    """Return type, message and, where it is known, the plugin's own line of an error."""
    try:
        message = one_line(error)
    except BaseException:  # its own __str__ may be what is broken
        message = ""
    if len(message) > _LONGEST:
        message = message[:_LONGEST] + "..."
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    place = None if isinstance(error, SyntaxError) else place_of(error)  # its message has the line already
    return f"{text} ({place})" if place else text


def shown(value: object) -> str:
    """Return a value of a plugin as a short text, whatever its ``__repr__`` does."""
    try:
        text = one_line(_REPR.repr(value))
    except BaseException:
        return f"a value of type {type(value).__name__} that cannot be shown"
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def place_of(error: BaseException) -> str | None:
    """Return "package/file.py:line" of the innermost frame that belongs to the plugin."""
    frames = list(_plugins_own(traceback.walk_tb(error.__traceback__)))
    return frames[-1] if frames else None


def place_in(frame: FrameType | None) -> str | None:
    """Return "package/file.py:line" of where the plugin is now, in the stack of a thread.

    It is a line of the plugin itself, not of what that calls; where it imports something there, the line is
    shown, with what to do.
    """
    stack = itertools.dropwhile(_is_ours, traceback.walk_stack(frame) if frame is not None else ())
    inside = itertools.takewhile(lambda one: not _loads(one[0]), stack)
    frames = [one for one in inside if not _is_ours(one)]
    own = [one for one in frames if _top(one[0]) == _top(frames[-1][0])]
    if not own:
        return None
    [place] = _plugins_own(own[:1])
    line = linecache.getline(own[0][0].f_code.co_filename, own[0][1]).strip()[:_LINE]
    if own[0] is frames[0] or not line.startswith(("import ", "from ")):
        return place
    return f"{place}: {line}; import it in the method"


def _top(frame: FrameType) -> str:
    """Return the outermost package of a frame's module."""
    name = frame.f_globals.get("__name__")
    return name.partition(".")[0] if type(name) is str else ""


def _loads(frame: FrameType) -> bool:
    return PurePath(frame.f_code.co_filename).parent == PurePath(__file__).parent


def _is_ours(frame: tuple[FrameType, int]) -> bool:
    return next(_plugins_own([frame]), None) is None


def _plugins_own(frames: Iterable[tuple[FrameType, int]]) -> Iterator[str]:
    core = PurePath(__file__).parents[1]
    for frame, line in frames:
        path = PurePath(frame.f_code.co_filename)
        ours = path.parent in (core / "loading", core / "contract")
        if not ours and not str(path).startswith("<") and "importlib" not in path.parts:
            yield f"{'/'.join(path.parts[-2:])}:{line}"

"""Describes in one line why a plugin cannot be used."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import PurePath

from priorbench.words import one_line


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


def describe(error: BaseException) -> str:
    """Return type, message and, where it is known, the plugin's own line of an error."""
    try:
        message = one_line(error)
    except Exception:  # its own __str__ may be what is broken
        message = ""
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    place = None if isinstance(error, SyntaxError) else _place(error)  # its message has the line already
    return f"{text} ({place})" if place else text


def describe_import(error: BaseException, target: str) -> str:
    """Say why importing a plugin failed.

    Parameters
    ----------
    error : BaseException
        what the import raised.
    target : str
        what the entry point names.
    """
    if isinstance(error, SystemExit):
        return f"stops the interpreter when it is imported: {describe(error)}"
    if isinstance(error, ModuleNotFoundError) and error.name:
        if target.partition(":")[0] == error.name or target.startswith(f"{error.name}."):
            return f"there is no module '{error.name}': reinstall the plugin"
        return f"needs the module '{error.name}', which is not installed: {describe(error)}"
    return f"cannot be imported: {describe(error)}"


def _place(error: BaseException) -> str | None:
    """Return "package/file.py:line" of the innermost frame that belongs to the plugin."""
    frames = list(_frames(error))
    return frames[-1] if frames else None


def _frames(error: BaseException) -> Iterator[str]:
    core = PurePath(__file__).parents[1]
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = PurePath(frame.f_code.co_filename)
        ours = path.parent in (core / "loading", core / "contract")
        if not ours and not str(path).startswith("<") and "importlib" not in path.parts:
            yield f"{'/'.join(path.parts[-2:])}:{line}"

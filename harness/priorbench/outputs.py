"""Files that a person asked for: written whole or not at all, the same for all commands."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Give a stream to write a file with; the file is there when all of it is, and not before.

    A file that was there is replaced, and keeps its permissions. A link stays a link: what it points to is
    written. A device or a pipe, as ``/dev/stdout``, is written through. The draft beside the file has a
    random name and is made by this process alone, so that nobody can plant one.

    Parameters
    ----------
    path : str or os.PathLike[str]
        file to write; its folder must exist.

    Raises
    ------
    OSError
        If it cannot be written; then nothing has changed.
    """
    target = Path(os.path.realpath(path))  # a path with stray bytes stays as it is
    if target.is_symlink():  # the way of links does not end: it leads in a circle, or is too long
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    if target.exists() and not target.is_file() and not target.is_dir():
        with target.open("wb") as stream:
            yield stream
        return
    if target.is_dir():
        raise IsADirectoryError(21, "Is a directory", str(path))
    draft = target.with_name(f".priorbench-{secrets.token_hex(8)}.part")
    try:
        with draft.open("xb") as stream:
            if target.exists():
                draft.chmod(target.stat().st_mode & 0o777)
            yield stream
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)

"""A folder that this process made, and which it alone may remove again."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnFolder:
    """A folder, and what the disk knows it by.

    Attributes
    ----------
    path : Path
        where it was made.
    device, number : int
        its disk, and its number (inode) there.
    """

    path: Path
    device: int
    number: int

    def remove(self) -> None:
        """Remove it with all that is in it; something else that has its name by now is left alone."""
        try:
            there = os.lstat(self.path)
        except OSError:
            return
        if (there.st_dev, there.st_ino) == (self.device, self.number):
            shutil.rmtree(self.path, ignore_errors=True)


def known_folder(path: Path) -> OwnFolder:
    """Return a folder that this process, or its parent, has just made."""
    there = os.lstat(path)
    return OwnFolder(path=path.absolute(), device=there.st_dev, number=there.st_ino)

"""Which folders a walk has entered, by what they are and not by their names."""

from __future__ import annotations

import os

from priorbench.pictures import shown
from priorbench_images.names import id_of


class Entered:
    """The folders that were entered.

    Parameters
    ----------
    root : str
        where the walk begins.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._known: dict[tuple[int, int], str] = {}

    def problem(self, prefix: str) -> str:
        """Say why a folder is not entered, or note that it is, and return an empty text.

        Parameters
        ----------
        prefix : str
            the folder, relative to the root, with ``/`` at its end; empty for the root.

        Raises
        ------
        OSError
            it cannot be reached.
        """
        status = os.stat(os.path.join(self._root, prefix))  # noqa: PTH116, PTH118 - may have stray bytes
        first = self._known.setdefault((status.st_dev, status.st_ino), prefix)
        if first == prefix:
            return ""
        what = f"the folder {shown(id_of(first.rstrip('/')))}" if first else "the set's own folder"
        if prefix.startswith(first):
            return f"a circle of links: it is {what}, in which it lies"
        return f"a second way to {what}: its pictures would count twice"

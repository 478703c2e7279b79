"""Records what a plugin does to files and processes, and blocks network access."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname")
_SENDS = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind")
_INTERNET = (socket.AF_INET, socket.AF_INET6)
#: audit event -> how many of its first arguments are paths that it changes
_CHANGES = {
    "os.mkdir": 1,
    "os.remove": 1,
    "os.rmdir": 1,
    "os.rename": 2,
    "os.link": 2,
    "os.symlink": 2,
    "os.truncate": 1,
    "shutil.rmtree": 1,
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_HARMLESS = ("/dev/", "/proc/")
#: where Python, and compilers such as numba's, keep compiled code beside its source
_COMPILED = f"{os.sep}__pycache__"


class Auditor:
    """An audit hook (PEP 578) that notes network use, which it refuses, and writing outside a folder.

    Parameters
    ----------
    folder : str
        where writing is allowed.

    Attributes
    ----------
    network, writes : list of str
        what was tried while watching, in order, without repetition.
    """

    def __init__(self, folder: str) -> None:
        self.network: list[str] = []
        self.writes: list[str] = []
        self._folder = os.path.realpath(folder)
        self._watching = False
        sys.addaudithook(self._hook)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Take note of what happens inside the block."""
        self._watching = True
        try:
            yield
        finally:
            self._watching = False

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._watching:
            return
        if event in _LOOK_UPS:
            self._refuse(f"looks up the host {arguments[0]!r}")
        elif event in _SENDS and getattr(arguments[0], "family", None) in _INTERNET:
            self._refuse(f"{event.partition('.')[2]} to {arguments[1]!r}")
        elif event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
            self._note_writing(arguments[0])
        elif event in _CHANGES:
            for path in arguments[: _CHANGES[event]]:
                self._note_writing(path)

    def _refuse(self, what: str) -> None:
        if what not in self.network:
            self.network.append(what)
        raise OSError(f"no network while a method is checked: it {what}")

    def _note_writing(self, path: Any) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return  # a file descriptor that is open already
        full = os.path.realpath(os.fsdecode(path))
        inside = full == self._folder or full.startswith(self._folder + os.sep)
        allowed = inside or full.startswith(_HARMLESS) or _COMPILED in full
        if not allowed and full not in self.writes:
            self.writes.append(full)

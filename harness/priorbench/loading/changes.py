"""Notices in a worker that code is not what the run was planned with, or changes while the worker lives."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from priorbench.loading.digests import digest_of
from priorbench.loading.sources import core_files, plugin_sources

#: what stands for the measured path among the factories of a trial
CORE = "core"
#: seconds for which a comparison holds
LATELY = 0.5
#: of a file or folder: moment of its last change, size, number on its disk
_Stamp = tuple[int, int, int]


class CodeWatch:
    """Compares the files of this process with the digests that a run was planned with."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, dict[str, _Stamp | None]]] = {}
        self._checked: tuple[Iterable[tuple[str, str]], float] = ((), -LATELY)

    def checked_lately(self, planned: Iterable[tuple[str, str]]) -> bool:
        """Say whether the same code was compared, and found as planned, a moment ago."""
        of, at = self._checked
        return of == planned and time.monotonic() - at < LATELY

    def difference(self, planned: Iterable[tuple[str, str]]) -> str | None:
        """Return in one line whose code differs from what was planned, or None.

        Every file is read once; from then on only changes on the disk are looked for, in the folders of the
        files too: a new file counts.

        Parameters
        ----------
        planned : Iterable[tuple[str, str]]
            Factories, or `CORE`, each with the digest that stands in the keys of the run.
        """
        for factory, digest in planned:
            if digest == CORE:
                continue  # it is part of the measured path
            now = self._digest(factory)
            if now != digest:
                name = "priorbench" if factory == CORE else factory.partition(":")[0]
                return (
                    f"the code of {name} changed since the run began: planned with {digest}, "
                    f"now {now}; start the run again"
                )
        self._checked = (planned, time.monotonic())
        return None

    def _digest(self, factory: str) -> str:
        known = self._known.get(factory)
        if known is not None and all(_stamp(path) == stamp for path, stamp in known[1].items()):
            return known[0]
        files = _files(factory)
        folders = dict.fromkeys(path.parent for path in files.values())
        stamps = {place: _stamp(place) for place in map(str, (*files.values(), *folders))}
        digest = digest_of(files) if files else "nothing"
        self._known[factory] = (digest, stamps)
        return digest


def _files(factory: str) -> Mapping[str, Path]:
    return core_files() if factory == CORE else plugin_sources(factory.partition(":")[0]).files


def _stamp(place: str) -> _Stamp | None:
    try:
        found = os.stat(place)  # noqa: PTH116 (a path would be made text each time: half of what it takes)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino

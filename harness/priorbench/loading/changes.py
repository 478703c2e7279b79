"""Notices in a worker that code is not what the run was planned with, or changes while the worker lives."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from priorbench.loading.digests import digest_of
from priorbench.loading.sources import core_files, plugin_sources

#: what stands for the measured path among the factories of a trial
CORE = "core"
#: of a file: moment of its last change, size, number on its disk
_Stamp = tuple[int, int, int]


class CodeWatch:
    """Compares the files of this process with the digests that a run was planned with."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, dict[Path, _Stamp | None]]] = {}

    def difference(self, planned: Iterable[tuple[str, str]]) -> str | None:
        """Return in one line whose code differs from what was planned, or None.

        Every file is read once; from then on only changes on the disk are looked for.

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
        return None

    def _digest(self, factory: str) -> str:
        known = self._known.get(factory)
        if known is not None and all(_stamp(path) == stamp for path, stamp in known[1].items()):
            return known[0]
        files = _files(factory)
        stamps = {path: _stamp(path) for path in files.values()}
        digest = digest_of(files) if files else "nothing"
        self._known[factory] = (digest, stamps)
        return digest


def _files(factory: str) -> Mapping[str, Path]:
    return core_files() if factory == CORE else plugin_sources(factory.partition(":")[0]).files


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = os.stat(path)  # noqa: PTH116 (half the time of Path.stat)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino

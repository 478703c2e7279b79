"""Notices that other versions are installed than a run was planned with: what starts then has these."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Mapping

from priorbench.errors import PriorbenchError

#: seconds between two looks; to exchange a package and to start a process that imports it takes longer
_PAUSE = 1.0


class Installed:
    """The versions that the keys of a run hold.

    Parameters
    ----------
    planned : Mapping[str, str or None]
        versions by distribution; names that no distribution has are left out.
    """

    def __init__(self, planned: Mapping[str, str | None]) -> None:
        self._planned = {name: version for name, version in planned.items() if _version(name) == version}
        self._looked = time.monotonic()

    def check(self) -> None:
        """Look again, now and then.

        Raises
        ------
        PriorbenchError
            Where a version is another one than it was: a trial that ends now may have run with either.
        """
        if time.monotonic() - self._looked < _PAUSE:
            return
        for name, planned in self._planned.items():
            now = _version(name)
            if now != planned:
                raise PriorbenchError(
                    f"{name} {planned or 'was missing'} when the run began, {now or 'missing'} now: the trial"
                    " that has just ended is not stored; run the same command again"
                )
        self._looked = time.monotonic()


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None

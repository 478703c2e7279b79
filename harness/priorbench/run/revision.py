"""Finds the git commit of a plugin under development."""

from __future__ import annotations

import functools
import importlib.util
import subprocess
from pathlib import Path

#: seconds that git may take; a record is not worth waiting longer
_PATIENCE = 10


@functools.cache
def revision(factory: str) -> str:
    """Return the commit of a factory's top-level package, with "+changes" where files differ from it.

    Empty where the package is not under git, as when it was installed from a wheel (also into an environment
    inside somebody's repository), or git is not there. The package is not imported.

    Parameters
    ----------
    factory : str
        ``"module:attribute"``.
    """
    spec = importlib.util.find_spec(factory.partition(":")[0].partition(".")[0])
    if spec is None or spec.origin is None:
        return ""
    origin = Path(spec.origin)
    place = "." if spec.submodule_search_locations else origin.name
    try:
        if not _git(origin.parent, "ls-files", "--", origin.name):
            return ""
        commit = _git(origin.parent, "rev-parse", "--short=12", "HEAD")
        changes = _git(origin.parent, "status", "--porcelain", "--", place)
    except (OSError, subprocess.SubprocessError):
        return ""
    return commit + ("+changes" if changes else "")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True, timeout=_PATIENCE
    )
    return done.stdout.strip()

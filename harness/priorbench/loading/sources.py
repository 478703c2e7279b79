"""The source code that a result depends on, as digests."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from pathlib import Path

#: the core's own folders that take part in a result; their source is in every key
MEASURED_PATH = ("contract", "machine", "parameters", "protocol", "standard", "toolkit", "worker")


@functools.cache
def source_digest(factory: str) -> str:
    """Return a digest of the Python source of a factory's top-level package, without importing it.

    It makes the key of a method under development change with every edit. For the core itself only the
    modules on the measured path count.
    """
    package = factory.partition(":")[0].partition(".")[0]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return ""
    origin = Path(spec.origin)
    if package == __name__.partition(".")[0]:
        files = [path for name in MEASURED_PATH for path in (origin.parent / name).rglob("*.py")]
    else:
        files = list(origin.parent.rglob("*.py")) if spec.submodule_search_locations else [origin]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.relative_to(origin.parent).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]

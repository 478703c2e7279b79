"""What registering a plugin imports, and how long it takes, seen in an interpreter of its own."""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

#: what registering a plugin must not import
HEAVY = ("torch", "numpy")


def heavy_imports(plugin: str) -> tuple[str, ...]:
    """Return those of `HEAVY` that registering a plugin imports."""
    return tuple(_asked(plugin))


@functools.cache  # things of one file ask for the same
def file_seconds(plugin: str) -> float:
    """Return the seconds that importing a plugin of one file takes, without `HEAVY`.

    Waiting for a processor that others have does not count, where the system tells it.
    """
    return float(_asked(plugin, "file")[0])


def _asked(*words: str) -> list[str]:
    command = [sys.executable, "-m", __name__, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [str(one) for one in json.loads(done.stdout.splitlines()[-1])]


def main(words: Sequence[str]) -> None:
    """Load one plugin and print what came with it, or how long its file took."""
    if len(words) > 1:
        print(json.dumps([_timed(words[0])]))
        return
    from priorbench.loading.load import load_registry

    load_registry(allow=[words[0]], strict=False)
    print(json.dumps([module for module in HEAVY if module in sys.modules]))


def _timed(plugin: str) -> float:
    from priorbench.loading.imported_names import imported_names
    from priorbench.loading.plugin_files import plugin_files

    [candidate] = [one for one in plugin_files() if one.name == plugin]
    wanted = {name.partition(".")[0] for name in imported_names(Path(candidate.file))}
    for module in ("priorbench", *wanted.intersection(HEAVY)):  # every method needs them
        importlib.import_module(module)
    start, waited = time.perf_counter(), _waited()
    candidate.load()
    return max(0.0, time.perf_counter() - start - (_waited() - waited))


def _waited() -> float:
    """Return the seconds for which this thread could have run and others had its processor."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    return 0.0


if __name__ == "__main__":
    main(sys.argv[1:])

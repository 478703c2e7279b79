"""What registering a plugin imports, seen in an interpreter of its own."""

from __future__ import annotations

import json
import subprocess
import sys

#: what registering a plugin must not import
HEAVY = ("torch", "numpy")


def heavy_imports(plugin: str) -> tuple[str, ...]:
    """Return those of `HEAVY` that registering a plugin imports."""
    command = [sys.executable, "-m", __name__, plugin]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Load one plugin and print what came with it."""
    from priorbench.loading.load import load_registry

    load_registry(allow=[sys.argv[1]], strict=False)
    print(json.dumps([module for module in HEAVY if module in sys.modules]))


if __name__ == "__main__":
    main()

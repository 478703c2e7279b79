"""How tests start the command line."""

from __future__ import annotations

import os
from pathlib import Path


def command_environment(site: Path) -> dict[str, str]:
    """Return the environment in which the core's own plugin and the one in `site` are all there is."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRIORBENCH_")}
    return {
        **kept,
        "PYTHONPATH": str(site),
        "PRIORBENCH_PLUGINS": "standard,example,hostile",
        "COLUMNS": "200",
    }

"""Say as JSON what a commit has: its methods, plugins that cannot be loaded, suites that cannot be run.

    python -m benchmarks.inventory

`make regressions` asks both commits, so that it can tell a method that went from one that broke.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path

from priorbench.loading.registry import missing_reason

from .cases import REGISTRY


def inventory() -> dict[str, dict[str, str]]:
    """Return four maps.

    `methods`: usable method -> its plugin; `unusable`: other registered method -> why; `plugins`: plugin
    that is not loaded -> why; `modules`: module of the suite that cannot be imported -> why.
    """
    registered = REGISTRY.all("denoiser")
    reasons = {name: missing_reason(method.spec) for name, method in registered.items()}
    return {
        "methods": {name: registered[name].plugin.name for name, why in reasons.items() if why is None},
        "unusable": {name: why for name, why in reasons.items() if why is not None},
        "plugins": {plugin.name: plugin.reason for plugin in REGISTRY.plugins if plugin.status != "ok"},
        "modules": _failing_modules(),
    }


def _failing_modules() -> dict[str, str]:
    failing = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if not module.name.startswith("bench_"):
            continue
        try:
            importlib.import_module(f"{__package__}.{module.name}")
        except Exception as error:
            failing[module.name] = f"{type(error).__name__}: {error}"
    return failing


if __name__ == "__main__":
    print(json.dumps(inventory()))

"""Old module names of version 0.1: they still work, with a warning, for one version."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

#: module at its old place -> module at its new place, both inside `priorbench`
MOVED: Mapping[str, str] = {
    "contract.experiments": "experiments",
    "hookspecs": "contract.hookspecs",
    "images": "contract.images",
    "levels": "parameters.levels",
    "measure": "protocol.measure",
    "metrics": "protocol.metrics",
    "noise": "contract.noise",
    "noise_models": "standard.noise_models",
    "observation": "contract.observation",
    "operators": "contract.operators",
    "records": "contract.records",
    "registry": "loading.registry",
    "specs": "contract.specs",
    "stopping": "contract.stopping",
    "stopping_rules": "standard.stopping_rules",
    "toolkit.least_squares": "protocol.least_squares",
    "trial": "contract.trial",
}

#: names that stand in another module than the rest of their old one
_NAMES: Mapping[str, str] = {
    "OneShot": "contract.methods",
    "Iterative": "contract.methods",
    "Together": "contract.methods",
    "Iterate": "contract.methods",
    "IdentityModel": "standard.operators",
    "record_key": "run.keys",
}


class _Finder(MetaPathFinder, Loader):
    """Finds a module at its old place; asked last, so that a module that is really there comes first."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a stand-in for a moved module."""
        package, _, old = fullname.partition(".")
        return ModuleSpec(fullname, self) if package == "priorbench" and old in MOVED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave the making of the module to Python."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Warn, and let the stand-in hand on the names of the module at its new place."""
        old = module.__name__.partition(".")[2]
        new = f"priorbench.{MOVED[old]}"
        warnings.warn(
            f"'{module.__name__}' is now '{new}', and the next version has it there alone; "
            "what plugins need of it is importable from 'priorbench' itself",
            DeprecationWarning,
            stacklevel=2,
        )
        there = importlib.import_module(new)

        def name_at_its_new_place(name: str) -> object:
            place = _NAMES.get(name)
            return getattr(importlib.import_module(f"priorbench.{place}") if place else there, name)

        module.__doc__ = there.__doc__
        module.__dict__["__getattr__"] = name_at_its_new_place
        module.__dict__["__dir__"] = lambda: dir(there)


def install() -> None:
    """Let old places be found; once, however often this is called."""
    if not any(type(finder).__name__ == _Finder.__name__ for finder in sys.meta_path):
        sys.meta_path.append(_Finder())

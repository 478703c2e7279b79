"""The conformance kit: checks plugins against the contract and says how to correct them.

``priorbench check NAME`` runs it; in a plugin's own tests it is one import and one line (`conformance`).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from priorbench.testing.examination import check as check
    from priorbench.testing.pytest_tests import conformance as conformance
    from priorbench.testing.results import CheckOptions as CheckOptions
    from priorbench.testing.results import CheckResult as CheckResult
    from priorbench.testing.results import Finding as Finding

_PUBLIC = {
    "CheckOptions": "results",
    "CheckResult": "results",
    "Finding": "results",
    "check": "examination",
    "conformance": "pytest_tests",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'priorbench.testing' has no attribute {name!r}")
    return getattr(importlib.import_module(f"priorbench.testing.{_PUBLIC[name]}"), name)

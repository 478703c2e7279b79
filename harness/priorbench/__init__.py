"""priorbench: how good, and how fast, is this training-free denoiser?

The public names are resolved on first use, so that ``import priorbench`` stays cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from priorbench.hookspecs import hookimpl
    from priorbench.images import Image, ImageSet, SkippedImage
    from priorbench.observation import Iterate, NoiseDescriptor, Observation, Operator
    from priorbench.specs import (
        DenoiserSpec,
        ExecutorSpec,
        ExperimentSpec,
        ImageSetSpec,
        MetricSpec,
        NoiseSpec,
        StoppingRuleSpec,
        SuiteSpec,
    )

__version__ = "0.1.0"

_PUBLIC = {
    "hookimpl": "hookspecs",
    "Image": "images",
    "ImageSet": "images",
    "SkippedImage": "images",
    "Iterate": "observation",
    "NoiseDescriptor": "observation",
    "Observation": "observation",
    "Operator": "observation",
    "DenoiserSpec": "specs",
    "ExecutorSpec": "specs",
    "ExperimentSpec": "specs",
    "ImageSetSpec": "specs",
    "MetricSpec": "specs",
    "NoiseSpec": "specs",
    "StoppingRuleSpec": "specs",
    "SuiteSpec": "specs",
    "PriorbenchError": "errors",
    "evaluate": "api",
}

__all__ = sorted(_PUBLIC)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'priorbench' has no attribute {name!r}")
    return getattr(importlib.import_module(f"priorbench.{_PUBLIC[name]}"), name)

"""priorbench: how good, and how fast, is this training-free denoiser?

The public names are resolved on first use, so that ``import priorbench`` stays cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # "X as X" tells type checkers that the name is public
    from priorbench.api import evaluate as evaluate
    from priorbench.errors import PriorbenchError as PriorbenchError
    from priorbench.hookspecs import hookimpl as hookimpl
    from priorbench.images import Image as Image
    from priorbench.images import ImageSet as ImageSet
    from priorbench.images import SkippedImage as SkippedImage
    from priorbench.observation import Iterate as Iterate
    from priorbench.observation import NoiseDescriptor as NoiseDescriptor
    from priorbench.observation import Observation as Observation
    from priorbench.observation import Operator as Operator
    from priorbench.specs import DenoiserSpec as DenoiserSpec
    from priorbench.specs import ExecutorSpec as ExecutorSpec
    from priorbench.specs import ExperimentSpec as ExperimentSpec
    from priorbench.specs import ImageSetSpec as ImageSetSpec
    from priorbench.specs import MetricSpec as MetricSpec
    from priorbench.specs import NoiseSpec as NoiseSpec
    from priorbench.specs import OperatorSpec as OperatorSpec
    from priorbench.specs import StoppingRuleSpec as StoppingRuleSpec
    from priorbench.specs import SuiteSpec as SuiteSpec

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
    "OperatorSpec": "specs",
    "StoppingRuleSpec": "specs",
    "SuiteSpec": "specs",
    "PriorbenchError": "errors",
    "evaluate": "api",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'priorbench' has no attribute {name!r}")
    return getattr(importlib.import_module(f"priorbench.{_PUBLIC[name]}"), name)

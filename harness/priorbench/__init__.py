"""priorbench: how good, and how fast, is this training-free denoiser?

The public names are resolved on first use, so that ``import priorbench`` stays cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # "X as X" tells type checkers that the name is public
    from priorbench.api import evaluate as evaluate
    from priorbench.contract.hookspecs import hookimpl as hookimpl
    from priorbench.contract.images import Image as Image
    from priorbench.contract.images import ImageSet as ImageSet
    from priorbench.contract.images import SkippedImage as SkippedImage
    from priorbench.contract.observation import Iterate as Iterate
    from priorbench.contract.observation import NoiseDescriptor as NoiseDescriptor
    from priorbench.contract.observation import Observation as Observation
    from priorbench.contract.observation import Operator as Operator
    from priorbench.contract.specs import DenoiserSpec as DenoiserSpec
    from priorbench.contract.specs import ExecutorSpec as ExecutorSpec
    from priorbench.contract.specs import ExperimentSpec as ExperimentSpec
    from priorbench.contract.specs import ImageSetSpec as ImageSetSpec
    from priorbench.contract.specs import MetricSpec as MetricSpec
    from priorbench.contract.specs import NoiseSpec as NoiseSpec
    from priorbench.contract.specs import OperatorSpec as OperatorSpec
    from priorbench.contract.specs import StoppingRuleSpec as StoppingRuleSpec
    from priorbench.contract.specs import SuiteSpec as SuiteSpec
    from priorbench.errors import PriorbenchError as PriorbenchError

__version__ = "0.1.0"

_PUBLIC = {
    "hookimpl": "contract.hookspecs",
    "Image": "contract.images",
    "ImageSet": "contract.images",
    "SkippedImage": "contract.images",
    "Iterate": "contract.observation",
    "NoiseDescriptor": "contract.observation",
    "Observation": "contract.observation",
    "Operator": "contract.observation",
    "DenoiserSpec": "contract.specs",
    "ExecutorSpec": "contract.specs",
    "ExperimentSpec": "contract.specs",
    "ImageSetSpec": "contract.specs",
    "MetricSpec": "contract.specs",
    "NoiseSpec": "contract.specs",
    "OperatorSpec": "contract.specs",
    "StoppingRuleSpec": "contract.specs",
    "SuiteSpec": "contract.specs",
    "PriorbenchError": "errors",
    "evaluate": "api",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'priorbench' has no attribute {name!r}")
    return getattr(importlib.import_module(f"priorbench.{_PUBLIC[name]}"), name)

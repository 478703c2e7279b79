"""A small registry of made-up things, and a suite of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from priorbench.contract.specs import (
    DenoiserSpec,
    ImageSetSpec,
    MetricSpec,
    NoiseSpec,
    OperatorSpec,
    Spec,
    StoppingRuleSpec,
    SuiteSpec,
)
from priorbench.loading.registry import PluginStatus, Registered, Registry


def _fraction(value: Any) -> Any:
    numerator, _, denominator = value.partition("/") if isinstance(value, str) else (value, "", "")
    return float(numerator) / float(denominator or 1) if isinstance(value, str) else value


class Decoder:
    def __init__(
        self, *, channels: int = 128, iterations: int = 3000, optimiser: Literal["adam", "sgd"] = "adam"
    ) -> None:
        self.channels = channels


class Photos:
    def __init__(self, *, crop: int | None = None, limit: int | None = None) -> None:
        self.crop = crop


class Folder:
    def __init__(self, *, path: str = "", crop: int | None = None) -> None:
        self.path = path


def gaussian(*, sigma: Annotated[float, BeforeValidator(_fraction)] = 25 / 255, clip: bool = False) -> float:
    return sigma


def identity() -> None:
    """Take no parameters."""


def gain(estimate: Any, clean: Any) -> float:
    return 0.0


def undeclared(*, rate=1):  # type: ignore[no-untyped-def]
    return rate


HERE = __name__
MISSING = ("priorbench-no-such-distribution",)
SPECS: tuple[Spec | SuiteSpec, ...] = (
    DenoiserSpec(name="identity", factory=f"{HERE}:identity"),
    DenoiserSpec(name="deep-decoder", factory=f"{HERE}:Decoder"),
    DenoiserSpec(
        name="deep-decoder-over",
        factory=f"{HERE}:Decoder",
        preset={"channels": 512},
    ),
    DenoiserSpec(
        name="bm3d",
        factory=f"{HERE}:identity",
        requires=MISSING,
        install="pip install 'x[bm3d]'",
        licence="non-commercial",
    ),
    DenoiserSpec(name="broken", factory=f"{HERE}:nothing_of_that_name"),
    DenoiserSpec(name="undeclared", factory=f"{HERE}:undeclared"),
    ImageSetSpec(name="photos", factory=f"{HERE}:Photos"),
    ImageSetSpec(name="folder", factory=f"{HERE}:Folder", label_from="path", takes_folder=True),
    ImageSetSpec(name="paid-photos", factory=f"{HERE}:Photos", requires=MISSING),
    NoiseSpec(name="gaussian", factory=f"{HERE}:gaussian"),
    NoiseSpec(name="gaussian-25", factory=f"{HERE}:gaussian"),
    OperatorSpec(name="identity", factory="priorbench.standard.operators:IdentityModel"),
    StoppingRuleSpec(name="fixed", factory=f"{HERE}:identity"),
    StoppingRuleSpec(name="oracle", factory=f"{HERE}:identity", oracle=True),
    MetricSpec(name="gain", factory=f"{HERE}:gain"),
    MetricSpec(name="lpips", factory=f"{HERE}:gain", requires=MISSING),
    SuiteSpec(name="quick", resource="priorbench_test_suites:quick.yaml"),
    SuiteSpec(name="standard", resource="priorbench_test_suites:standard.yaml"),
    SuiteSpec(name="lost", resource="priorbench_test_suites:lost.yaml"),
    SuiteSpec(name="orphan", resource="priorbench_no_such_package:quick.yaml"),
)

MINIMAL = "name: small\nimages: [photos]\nnoises: [gaussian-25]\ndenoisers: [identity]\n"


def made_up_registry() -> Registry:
    """Return a registry of `SPECS`."""
    plugin = PluginStatus(name="test", module=HERE, distribution="test", version="1")
    records: dict[str, dict[str, Registered]] = {}
    for spec in SPECS:
        records.setdefault(spec.kind, {})[spec.name] = Registered(spec=spec, plugin=plugin)
    return Registry(specs=records)

"""The hooks: this file is the contract between priorbench and its plugins.

Registration hooks yield frozen records (`priorbench.contract.specs`); observers are told what happened.
No hook is ever called inside a timed region.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from priorbench.contract.records import Record, RunSummary
    from priorbench.contract.specs import (
        DenoiserSpec,
        ExecutorSpec,
        ExperimentSpec,
        ImageSetSpec,
        MetricSpec,
        NoiseSpec,
        OperatorSpec,
        StoppingRuleSpec,
        SuiteSpec,
    )

hookspec = pluggy.HookspecMarker("priorbench")
hookimpl = pluggy.HookimplMarker("priorbench")


@hookspec
def priorbench_denoisers() -> Iterable[DenoiserSpec]:  # type: ignore[empty-body]
    """Yield the denoisers of this plugin."""


@hookspec
def priorbench_image_sets() -> Iterable[ImageSetSpec]:  # type: ignore[empty-body]
    """Yield the image sets of this plugin."""


@hookspec
def priorbench_noise_models() -> Iterable[NoiseSpec]:  # type: ignore[empty-body]
    """Yield the noise models and presets of this plugin."""


@hookspec
def priorbench_operators() -> Iterable[OperatorSpec]:  # type: ignore[empty-body]
    """Yield the linear operators of this plugin."""


@hookspec
def priorbench_stopping_rules() -> Iterable[StoppingRuleSpec]:  # type: ignore[empty-body]
    """Yield the stopping rules of this plugin."""


@hookspec
def priorbench_metrics() -> Iterable[MetricSpec]:  # type: ignore[empty-body]
    """Yield the metrics of this plugin."""


@hookspec
def priorbench_suites() -> Iterable[SuiteSpec]:  # type: ignore[empty-body]
    """Yield the suite files of this plugin."""


@hookspec
def priorbench_experiments() -> Iterable[ExperimentSpec]:  # type: ignore[empty-body]
    """Yield the experiments of this plugin."""


@hookspec
def priorbench_executors() -> Iterable[ExecutorSpec]:  # type: ignore[empty-body]
    """Yield the executors of this plugin."""


@hookspec
def priorbench_run_started(suite: str, planned: int) -> None:
    """Told once, in the main process, before the first trial; `planned` is an upper bound of trials."""


@hookspec
def priorbench_trial_finished(records: tuple[Record, ...]) -> None:
    """Told in the main process when a trial's records are in the store."""


@hookspec
def priorbench_run_finished(summary: RunSummary) -> None:
    """Told once, in the main process, after the last trial."""

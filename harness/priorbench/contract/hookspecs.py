"""The hooks: this file is the contract between priorbench and its plugins.

Registration hooks yield specs (`priorbench.contract.specs`); observers are told what happened. No hook is
ever called inside a timed region.

Registration hooks are called once in each process that loads plugins: in the main process when a command
starts, and in every worker when it starts. They must be quick and import nothing heavy: a spec names its code
as ``"module:attribute"``, and that module is imported only where the thing is used. They take no arguments.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from priorbench.contract.records import Record, RunSummary
    from priorbench.contract.requests import Request
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
    """Yield the denoisers of this plugin.

    Called once in each process, when plugins are loaded.

    Examples
    --------
    >>> from priorbench import DenoiserSpec, hookimpl
    >>> @hookimpl
    ... def priorbench_denoisers():
    ...     yield DenoiserSpec(name="median", factory="my_package.median:Median", summary="median of 3 x 3")
    """


@hookspec
def priorbench_image_sets() -> Iterable[ImageSetSpec]:  # type: ignore[empty-body]
    """Yield the image sets of this plugin.

    Called once in each process, when plugins are loaded; no picture may be read here.

    Examples
    --------
    >>> from priorbench import ImageSetSpec, hookimpl
    >>> @hookimpl
    ... def priorbench_image_sets():
    ...     yield ImageSetSpec(name="cells", factory="my_package.cells:Cells", licence="CC-BY-4.0")
    """


@hookspec
def priorbench_noise_models() -> Iterable[NoiseSpec]:  # type: ignore[empty-body]
    """Yield the noise models and presets of this plugin.

    Called once in each process, when plugins are loaded.

    Examples
    --------
    >>> from priorbench import NoiseSpec, hookimpl
    >>> @hookimpl
    ... def priorbench_noise_models():
    ...     yield NoiseSpec(name="uniform", factory="my_package.noise:Uniform", level=("sigma",))
    """


@hookspec
def priorbench_operators() -> Iterable[OperatorSpec]:  # type: ignore[empty-body]
    """Yield the linear operators of this plugin.

    Called once in each process, when plugins are loaded.

    Examples
    --------
    >>> from priorbench import OperatorSpec, hookimpl
    >>> @hookimpl
    ... def priorbench_operators():
    ...     yield OperatorSpec(name="motion-blur", factory="my_package.blur:MotionBlur")
    """


@hookspec
def priorbench_stopping_rules() -> Iterable[StoppingRuleSpec]:  # type: ignore[empty-body]
    """Yield the stopping rules of this plugin.

    Called once in each process, when plugins are loaded.

    Examples
    --------
    >>> from priorbench import StoppingRuleSpec, hookimpl
    >>> @hookimpl
    ... def priorbench_stopping_rules():
    ...     yield StoppingRuleSpec(name="plateau", factory="my_package.rule:Plateau", needs=("loss",))
    """


@hookspec
def priorbench_metrics() -> Iterable[MetricSpec]:  # type: ignore[empty-body]
    """Yield the metrics of this plugin.

    Called once in each process, when plugins are loaded.

    Examples
    --------
    >>> from priorbench import MetricSpec, hookimpl
    >>> @hookimpl
    ... def priorbench_metrics():
    ...     yield MetricSpec(name="edge-error", factory="my_package.edges:error", higher_is_better=False)
    """


@hookspec
def priorbench_suites() -> Iterable[SuiteSpec]:  # type: ignore[empty-body]
    """Yield the suite files of this plugin.

    Called once in each process, when plugins are loaded; the file is read only when the suite is asked for.

    Examples
    --------
    >>> from priorbench import SuiteSpec, hookimpl
    >>> @hookimpl
    ... def priorbench_suites():
    ...     yield SuiteSpec(name="cells-quick", resource="my_package:quick.yaml", summary="three minutes")
    """


@hookspec
def priorbench_experiments() -> Iterable[ExperimentSpec]:  # type: ignore[empty-body]
    """Yield the experiments of this plugin: figures and tables of a paper.

    Called once in each process, when plugins are loaded.

    Examples
    --------
    >>> from priorbench import ExperimentSpec, hookimpl
    >>> @hookimpl
    ... def priorbench_experiments():
    ...     yield ExperimentSpec(name="smith-2027-table-1", factory="my_package.table:Table1")
    """


@hookspec
def priorbench_executors() -> Iterable[ExecutorSpec]:  # type: ignore[empty-body]
    """Yield the executors of this plugin.

    Called once in each process, when plugins are loaded.

    Examples
    --------
    >>> from priorbench import ExecutorSpec, hookimpl
    >>> @hookimpl
    ... def priorbench_executors():
    ...     yield ExecutorSpec(name="queue", factory="my_package.queue:QueueExecutor")
    """


@hookspec
def priorbench_run_started(suite: str, planned: int) -> None:
    """Observe that a run begins.

    Called once a run, in the main process, before the first trial. An observer may leave arguments out.

    Parameters
    ----------
    suite : str
        Name of the suite.
    planned : int
        Upper bound of the number of trials.

    Examples
    --------
    >>> from priorbench import hookimpl
    >>> @hookimpl
    ... def priorbench_run_started(suite, planned):
    ...     print(f"{suite}: at most {planned} trials")
    """


@hookspec
def priorbench_trial_finished(records: tuple[Record, ...], requests: tuple[Request, ...]) -> None:
    """Observe that a trial has ended, well or not.

    Called once a trial, in the main process, when its records are in the store. The next trial may already be
    running in a worker: be quick.

    Parameters
    ----------
    records : tuple of Record
        One for each stopping rule; one for a one-shot method.
    requests : tuple of Request
        What each of them answers, with the labels of the suite.

    Examples
    --------
    >>> from priorbench import hookimpl
    >>> @hookimpl
    ... def priorbench_trial_finished(records, requests):
    ...     for record, request in zip(records, requests, strict=True):
    ...         print(request.denoiser.label, record.image, record.status, record.psnr)
    """


@hookspec
def priorbench_run_finished(summary: RunSummary) -> None:
    """Observe that a run has ended.

    Called once a run, in the main process, after the last trial, also where Ctrl-C ended it.

    Parameters
    ----------
    summary : RunSummary
        How it ended: counts, skipped images, seconds.

    Examples
    --------
    >>> from priorbench import hookimpl
    >>> @hookimpl
    ... def priorbench_run_finished(summary):
    ...     print(f"{summary.finished} trials in {summary.seconds:.0f} s, {summary.failed} failed")
    """

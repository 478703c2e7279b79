"""A thing under examination: what it registered, and its object made and used as the harness would."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from priorbench.contract.methods import Iterate
from priorbench.contract.observation import Observation
from priorbench.contract.specs import DenoiserSpec, Spec
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import Registry, import_factory
from priorbench.machine.leftovers import left_running, running
from priorbench.parameters.signatures import declared_parameters, literal_choices
from priorbench.parameters.values import build, resolve
from priorbench.protocol.failure import classify
from priorbench.testing.advice import advice, check_yields
from priorbench.testing.auditing import Auditor
from priorbench.testing.observations import Problems
from priorbench.testing.results import CheckOptions
from priorbench.testing.surroundings import Surroundings, surroundings


@dataclass(frozen=True, kw_only=True, slots=True)
class Equipment:
    """What a subject is examined with.

    Attributes
    ----------
    registry : Registry
        everything installed.
    plugin : str
        name of the plugin that the subject comes from.
    options : CheckOptions
        how to check.
    auditor : Auditor
        watches network and files.
    """

    registry: Registry
    plugin: str
    options: CheckOptions
    auditor: Auditor


class Subject:
    """Any registered thing.

    Parameters
    ----------
    spec : Spec
        its record.
    given : Mapping[str, Any]
        parameters that differ from its defaults.
    setting : Equipment
        what it is examined with.
    """

    def __init__(self, spec: Spec, given: Mapping[str, Any], setting: Equipment) -> None:
        self.spec, self.setting = spec, setting
        self._given = given

    @cached_property
    def factory(self) -> Any:
        """The factory, imported."""
        return import_factory(self.spec)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """All its parameters, with a short budget where there is one."""
        values = resolve(self.spec, self.factory, self._given)
        if "iterations" in values:
            short = {"iterations": self.setting.options.iterations}
            values = resolve(self.spec, self.factory, {**self._given, **short})
        return values

    def make(self, **changes: Any) -> Any:
        """Return a new object, as for each trial; some parameters may be others."""
        if not changes:
            return build(self.factory, self.parameters)
        return build(self.factory, resolve(self.spec, self.factory, {**self._given, **changes}))

    def other_values(self, name: str) -> list[Any]:
        """Return values to try in the place of the one that a parameter has; it need not take them."""
        value = self.parameters[name]
        if isinstance(value, bool):
            return [not value]
        if isinstance(value, (int, float)):
            return [type(value)(factor * value) for factor in (0.5, 1.5, 4)]
        choices = literal_choices(declared_parameters(self.factory)[name].annotation)
        return [choice for choice in choices if choice != value]


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One run of a denoiser: its output, or the error that it raised and its remedy, and the seconds."""

    output: Any = None
    error: str = ""
    remedy: str = ""
    seconds: float = 0.0

    @property
    def fault(self) -> str:
        """Why this is no usable output; empty if it is."""
        return self.error or output_fault(self.output)


@dataclass(frozen=True, kw_only=True, slots=True)
class Traces:
    """What the first run of a denoiser did around it."""

    run: Run
    before: Surroundings
    after: Surroundings
    left: str
    files: tuple[str, ...]


class DenoiserSubject(Subject):
    """A denoiser."""

    spec: DenoiserSpec

    @cached_property
    def problems(self) -> Problems:
        """Where its observations come from, on the device that is asked for or the first it runs on."""
        device = self.setting.options.device
        devices = self.spec.devices
        taken = devices == "any" or device.partition(":")[0] in devices
        return Problems(self.setting.registry, self.spec, device if taken else devices[0])

    @cached_property
    def iterative(self) -> bool:
        """Whether it has ``iterate``."""
        return hasattr(self.make(), "iterate")

    @cached_property
    def traces(self) -> Traces:
        """The first run: its import, too, happens under watch."""
        auditor = self.setting.auditor
        observation = self.problems.usual()
        before, others = surroundings(), running()
        with auditor.watching():
            self.factory  # noqa: B018
            auditor.writes.clear()  # libraries fill their caches when they are imported
            run = self.attempt(observation)
        files = tuple(dict.fromkeys([*auditor.writes, *sorted(path.name for path in Path.cwd().iterdir())]))
        return Traces(run=run, before=before, after=surroundings(), left=left_running(others), files=files)

    @property
    def first(self) -> torch.Tensor:
        """Output of the first run, before the process saw any other picture."""
        output: torch.Tensor = self.traces.run.output
        return output

    @cached_property
    def second(self) -> Run:
        """The same run again, of a new object, right after the first."""
        self.traces  # noqa: B018
        return self.attempt(self.problems.usual())

    def attempt(self, observation: Observation, method: Any = None) -> Run:
        """Denoise; whatever goes wrong is in the answer.

        Parameters
        ----------
        observation : Observation
            what is denoised.
        method : Any, optional
            the object; default a new one.
        """
        start = time.perf_counter()
        try:
            output = self._denoise(self.make() if method is None else method, observation)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            seconds = time.perf_counter() - start
            return Run(error=classify(error)[1], remedy=advice(error), seconds=seconds)
        return Run(output=output, seconds=time.perf_counter() - start)

    def _denoise(self, method: Any, observation: Observation) -> Any:
        if not hasattr(method, "iterate"):
            return method.denoise(observation)
        with closing(iterated(method, observation)) as iterates:
            made = list(itertools.islice(iterates, self.setting.options.iterations))
            if not made:
                raise PriorbenchError("it yields no iterate at all")
            return estimate_of(made[-1])

    def failures(self, observations: Mapping[str, Callable[[], Observation]]) -> str:
        """Denoise each observation; return the first that fails, as one line."""
        for what, make in observations.items():
            observation = make()
            run = self.attempt(observation)
            fault = run.fault or shape_fault(run.output, observation) or value_fault(run.output)
            if fault:
                return f"{what}: {fault}"
        return ""


class closing:  # noqa: N801
    """Like `contextlib.closing`, for iterators that need not have ``close``."""

    def __init__(self, iterates: Any) -> None:
        self._iterates = iterates

    def __enter__(self) -> Iterator[Any]:
        return iter(self._iterates)

    def __exit__(self, *_: object) -> None:
        getattr(self._iterates, "close", lambda: None)()


def iterated(method: Any, observation: Observation) -> Any:
    """Return what ``iterate`` gives; raise `PriorbenchError` where it returned in the place of yielding."""
    items = method.iterate(observation)
    check_yields(items, "iterate")
    return items


def estimate_of(item: Any) -> Any:
    """Return what the method would return if it were stopped at this iterate."""
    if not isinstance(item, Iterate):
        return item
    return item.output if item.estimate is None else item.estimate()


def output_fault(output: Any) -> str:
    """Say why something is no image; empty if it may be one."""
    if not isinstance(output, torch.Tensor):
        return f"it returned {type(output).__name__}"
    return "" if output.is_floating_point() else f"it returned a tensor of {output.dtype}"


def shape_fault(output: torch.Tensor, observation: Observation) -> str:
    """Say how a shape differs from the observation's; empty if it does not."""
    wanted, got = tuple(observation.image.shape), tuple(output.shape)
    return "" if wanted == got else f"shape {got} for a picture of shape {wanted}"


def value_fault(output: torch.Tensor) -> str:
    """Say how many values are no numbers; empty if all are."""
    bad = int((~torch.isfinite(output)).sum())
    return f"{bad} of {output.numel()} values are NaN or infinite" if bad else ""

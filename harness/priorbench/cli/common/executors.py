"""The executor of a command: its name with parameters, and the options that stand for some of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from priorbench.contract.executor import Executor
    from priorbench.contract.specs import ExecutorSpec
    from priorbench.executors.devices import Devices
    from priorbench.loading.registry import Registry


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenExecutor:
    """An executor with checked parameters.

    Attributes
    ----------
    spec : ExecutorSpec
        what is registered.
    factory : callable
        what makes it.
    parameters : Mapping[str, Any]
        of it.
    """

    spec: ExecutorSpec
    factory: Callable[..., Executor]
    parameters: Mapping[str, Any]

    def make(self, supplied: Mapping[str, Any]) -> Executor:
        """Return a new executor; `supplied` is what the command itself gives."""
        from priorbench.parameters.values import build

        made: Executor = build(self.factory, self.parameters, supplied)
        return made

    def takes(self, name: str) -> bool:
        """Say whether its factory has an argument of this name."""
        return name in inspect.signature(self.factory).parameters

    def check_batch(self, batch: int) -> None:
        """Refuse to fit several images at once with an executor that cannot."""
        from priorbench.errors import PriorbenchError

        if batch > 1 and not self.takes("batch"):
            raise PriorbenchError(
                f"executor '{self.spec.name}' runs one image at a time: leave --batch out, or use 'local'"
            )


def choose_executor(registry: Registry, text: str, options: Mapping[str, Any]) -> ChosenExecutor:
    """Return the executor that a person wrote.

    Parameters
    ----------
    registry : Registry
        what is installed.
    text : str
        for example ``"dask:scheduler=tcp://10.0.0.1:8786"``.
    options : Mapping[str, Any]
        options that were given, each for the parameter of its name.

    Raises
    ------
    PriorbenchError
        For an unknown name, wrong parameters, or an option that this executor has no parameter for.
    """
    from priorbench.contract.specs import ExecutorSpec
    from priorbench.errors import PriorbenchError
    from priorbench.loading.registry import import_factory
    from priorbench.parameters.values import parameters_of, resolve
    from priorbench.suite.notation import ChoiceError, parse_text

    try:
        raw = parse_text(text)
    except ChoiceError as error:
        raise PriorbenchError(f"--executor {text}: {error}") from None
    spec = registry.find(ExecutorSpec.kind, raw.name).spec
    assert isinstance(spec, ExecutorSpec)
    if raw.label is not None:
        raise PriorbenchError(f"--executor {text}: an executor has no label: leave it out")
    factory = import_factory(spec)
    known = {parameter.name for parameter in parameters_of(spec, factory)} if options else set()
    for name in options:
        option = f"--{name.replace('_', '-')}"
        if name not in known:
            others = ", ".join(_with_parameter(registry, name))
            use = f", or use one that has it: {others}" if others else ""
            raise PriorbenchError(f"executor '{raw.name}' has no {option}: leave it out{use}")
        if name in raw.parameters:
            raise PriorbenchError(f"--executor {text} and {option}: '{name}' is given twice")
    parameters = resolve(spec, factory, {**raw.parameters, **options})
    return ChosenExecutor(spec=spec, factory=factory, parameters=parameters)


def chosen_devices(device: str, jobs: int | None, way: ChosenExecutor, *, share: bool) -> Devices:
    """Return the devices of the workers; those of other machines are named, and looked for by them.

    Raises
    ------
    PriorbenchError
        For a device that is not there, or where the executor cannot give each worker one of its own.
    """
    from priorbench.errors import PriorbenchError
    from priorbench.executors.devices import Devices, choose_devices
    from priorbench.suite.inspection import resolved_device, visible_devices

    if way.spec.elsewhere:
        return Devices(device="cpu" if device == "auto" else device, jobs=jobs or 1)
    found = choose_devices(device, jobs, share=share, resolve=resolved_device, count=visible_devices)
    if found.assigned and not way.takes("devices"):
        raise PriorbenchError(
            f"executor '{way.spec.name}' does not give each worker a device of its own: use 'local', or one"
            " worker"
        )
    return found


def crowded(jobs: int, threads: int, there: int) -> list[str]:
    """Say that workers have more threads than there are processors: they would wait for each other."""
    if jobs * threads <= there:
        return []
    own = max(1, there // jobs)
    advice = f"--threads {own} gives each its own" if jobs <= there else f"--jobs {there} would be enough"
    workers = f"{jobs} workers with {threads} threads each" if jobs > 1 else f"{threads} threads"
    return [f"{workers} on {there} processors: they will wait for each other; {advice}"]


def _with_parameter(registry: Registry, name: str) -> Iterator[str]:
    """Yield the executors that can be used here and have a parameter."""
    from priorbench.contract.specs import ExecutorSpec
    from priorbench.errors import PriorbenchError
    from priorbench.loading.registry import import_factory
    from priorbench.parameters.values import parameters_of

    for executor, entry in registry.all(ExecutorSpec.kind).items():
        assert isinstance(entry.spec, ExecutorSpec)
        try:
            found = parameters_of(entry.spec, import_factory(entry.spec))
        except PriorbenchError:  # it cannot be used
            continue
        if any(parameter.name == name for parameter in found):
            yield executor

"""From entries as they were written to checked choices: names, parameters, labels, and what runs here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from priorbench.contract.averages import own_parameters
from priorbench.contract.choice import Choice
from priorbench.contract.specs import DenoiserSpec, Spec, StoppingRuleSpec
from priorbench.errors import PriorbenchError, UnknownNameError
from priorbench.loading.registry import Registry, import_factory, missing_reason
from priorbench.parameters.values import ParameterProblems, build, resolve
from priorbench.suite.hints import (
    of_code,
    of_default_level,
    of_unknown,
    of_unknown_parameter,
    of_unreadable,
)
from priorbench.suite.inspection import check_imports, resolved_parameters
from priorbench.suite.notation import ChoiceError, RawChoice, expand, label_of, parse_setting, parse_text
from priorbench.suite.reporting import rule_choice
from priorbench.suite.yaml_text import KeyPath

#: entries of one list, those of its grids counted: checking them takes milliseconds each
_MOST = 10_000

#: What may be left out with a warning: nothing, things whose package is missing, or all that is not there.
Tolerance = Literal["nothing", "missing package", "not there"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One line for the person who asked.

    Attributes
    ----------
    line : int
        line of the suite file, or 0 for an option of the command line.
    text : str
        the whole message, place included.
    """

    line: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where an entry was written.

    Attributes
    ----------
    shown : str
        how messages call the place: ``denoisers[3]`` or ``--denoiser 'x'``.
    source : str, default ''
        name of the suite file; empty for an option.
    path : tuple[str or int, ...], default ()
        keys that lead to the entry in the file.
    lines : Mapping[tuple[str or int, ...], int], optional
        line of every path of the file.
    tolerance : {'nothing', 'missing package', 'not there'}, default 'nothing'
        what may be left out with a warning.
    """

    shown: str
    source: str = ""
    path: KeyPath = ()
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    tolerance: Tolerance = "nothing"

    def problem(self, message: str, keys: KeyPath = (), name: str = "") -> Fault:
        """Return a message with its place; `keys` lead from the entry to what is wrong."""
        place = f"{self.shown} {name}" if name and self.source else self.shown
        if not self.source:
            return Fault(line=0, text=f"{place}: {message}")
        line = line_at(self.lines, (*self.path, *keys))
        return Fault(line=line, text=f"{self.source}:{line}: {place}: {message}")

    def parameter_problem(self, message: str, name: str, parameter: str) -> Fault:
        """Return a message about a parameter, which may be written in the entry's grid."""
        keys: KeyPath = (name, parameter)
        if (*self.path, *keys) not in self.lines:
            keys = (name, "grid", parameter)
        return self.problem(message, keys, name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolved:
    """What became of the entries of one list."""

    choices: tuple[Choice, ...] = ()
    warnings: tuple[Fault, ...] = ()
    remarks: tuple[Fault, ...] = ()
    problems: tuple[Fault, ...] = ()


class _UnusableError(Exception):
    """A named thing cannot be used; `tolerated` says whether that is only worth a warning."""

    def __init__(self, reason: str, tolerated: bool) -> None:
        self.tolerated = tolerated
        super().__init__(reason)


def line_at(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """Return the line of a path, or of the nearest entry around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def resolve_list(kind: str, entries: Iterable[tuple[RawChoice, Origin]], registry: Registry) -> Resolved:
    """Check the entries of one list and complete their parameters; all problems are collected.

    A grid repeats the problem of a parameter beside it in each of its combinations.

    Parameters
    ----------
    kind : str
        a key of `priorbench.contract.specs.KINDS`.
    entries : Iterable[tuple[RawChoice, Origin]]
        each entry and where it was written.
    registry : Registry
        what is installed.
    """
    choices: list[tuple[Choice, Origin]] = []
    warnings: list[Fault] = []
    remarks: list[Fault] = []
    problems: list[Fault] = []
    left = _MOST
    for raw, origin in entries:
        left -= math.prod(map(len, raw.grid.values()))
        if left < 0:
            problems.append(
                origin.problem(f"the list has more than {_MOST} entries, with those of its grids")
            )
            break
        try:
            spec, completed = _usable(kind, raw, registry, origin.tolerance)
        except _UnusableError as error:
            if error.tolerated:
                warnings.append(origin.problem(f"left out: {error}", name=raw.name))
            else:
                problems.append(origin.problem(str(error)))
            continue
        for combination in expand(raw):
            try:
                choice = _choice(spec, completed, combination)
                choices.append((choice, origin))
                if hint := of_default_level(combination, spec, choice.parameters):
                    remarks.append(origin.problem(hint, name=raw.name))
            except ParameterProblems as error:
                problems += [
                    origin.parameter_problem(_hinted(text, key), raw.name, key)
                    for key, text in error.problems
                ]
            except PriorbenchError as error:
                problems.append(origin.problem(str(error)))
    problems += _same_labels(choices)
    return Resolved(
        choices=tuple(choice for choice, _ in choices),
        warnings=tuple(warnings),
        remarks=tuple(remarks),
        problems=tuple(problems),
    )


def _hinted(text: str, parameter: str) -> str:
    """Add to what is said of an unknown parameter that a key of every entry may be meant."""
    hint = of_unknown_parameter(parameter)
    return text.replace(f"'{parameter}'. Allowed", f"'{parameter}'; {hint} Allowed", 1) if hint else text


def check_usable(kind: str, name: str, registry: Registry) -> str:
    """Return why a named thing cannot be used, or an empty string."""
    try:
        _usable(kind, RawChoice(name=name), registry, "nothing")
    except _UnusableError as error:
        return str(error)
    return ""


def choose(registry: Registry, kind: str, text: str, settings: Sequence[str] = ()) -> Choice:
    """Return the checked choice of a command-line text.

    Parameters
    ----------
    registry : Registry
        what is installed.
    kind : str
        key of `priorbench.contract.specs.KINDS`.
    text : str
        for example ``"gaussian:sigma=15/255"``.
    settings : Sequence[str], optional
        further parameters, each ``"key=value"``.

    Raises
    ------
    PriorbenchError
        For a text that cannot be read, an unknown name, an unusable thing, or bad parameters (all at once).
    """
    try:
        raw = parse_text(text)
        more = dict(parse_setting(setting) for setting in settings)
    except ChoiceError as error:
        told = "; ".join(of_unreadable(kind, text, error, registry))
        raise PriorbenchError(f"{kind} '{text}': {told}") from None
    try:
        spec = registry.find(kind, raw.name).spec
    except UnknownNameError as error:
        told = of_unknown(error, kind, raw.name, registry, path=text)
        if told == str(error):
            raise
        raise PriorbenchError(told) from error
    assert isinstance(spec, Spec)
    given = replace(raw, parameters={**raw.parameters, **more})
    return replace(
        _choice(spec, partial(resolve, spec, import_factory(spec)), given), label=label_of(raw, spec)
    )


def instantiate(registry: Registry, kind: str, choice: Choice) -> Any:
    """Return a new object of what was chosen."""
    spec = registry.find(kind, choice.name).spec
    assert isinstance(spec, Spec)
    own = isinstance(spec, StoppingRuleSpec)
    return build(import_factory(spec), own_parameters(choice.parameters) if own else choice.parameters)


def _usable(
    kind: str, raw: RawChoice, registry: Registry, tolerance: Tolerance
) -> tuple[Spec, Callable[[Mapping[str, Any]], Mapping[str, Any]]]:
    """Return what a name stands for, and what checks and completes its parameters.

    A method is never imported here: a child process is asked.
    """
    try:
        spec = registry.find(kind, raw.name).spec
    except UnknownNameError as error:
        hint = ""
        if ":" in raw.name and not raw.parameters and not of_code(kind, raw.name, registry):
            hint = (
                f" (in a suite file, parameters are written '{raw.name.partition(':')[0]}: {{key: value}}')"
            )
        told = of_unknown(error, kind, raw.name, registry, hint=hint)
        raise _UnusableError(told, tolerance == "not there") from error
    if reason := missing_reason(spec):
        raise _UnusableError(reason, tolerance != "nothing")
    if not isinstance(spec, Spec):
        raise _UnusableError(f"'{raw.name}' is a {spec.kind}, which has no parameters", False)
    try:
        if isinstance(spec, DenoiserSpec):
            check_imports(spec)
            return spec, partial(resolved_parameters, spec)
        return spec, partial(resolve, spec, import_factory(spec))
    except PriorbenchError as error:
        raise _UnusableError(str(error), tolerance == "not there") from error


def _choice(
    spec: Spec, completed: Callable[[Mapping[str, Any]], Mapping[str, Any]], raw: RawChoice
) -> Choice:
    if isinstance(spec, StoppingRuleSpec):
        return rule_choice(spec, completed, raw)
    return Choice(name=raw.name, label=label_of(raw, spec), parameters=completed(raw.parameters))


def _same_labels(choices: Sequence[tuple[Choice, Origin]]) -> Iterable[Fault]:
    first: dict[str, Origin] = {}
    for choice, origin in choices:
        if choice.label in first:
            other = first[choice.label].shown
            message = (
                f"the label '{choice.label}' is already that of {other}: give one of them another 'label'"
            )
            yield origin.problem(message, name=choice.name)
        else:
            first[choice.label] = origin

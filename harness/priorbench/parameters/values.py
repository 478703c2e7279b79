"""Parameters of a factory: listed for people, checked and completed for suites, turned back into a call.

The signature is the only declaration. Types are strict: ``true`` is no number, ``"3"`` is no number, and
``3000.0`` is no int (write 3000); an int is welcome where a float is asked for. Other spellings are the
plugin's business, through ``Annotated[float, BeforeValidator(...)]``; such a validator must leave alone what
it has returned, because checked values are stored and checked again. One that refuses what a person should
not write, but what may well be stored, finds `priorbench.parameters.levels.WRITTEN` in pydantic's context.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import ValidationError

from priorbench.contract.specs import DenoiserSpec, Spec, StoppingRuleSpec
from priorbench.errors import PriorbenchError, suggestion
from priorbench.parameters.docstrings import parameter_summaries
from priorbench.parameters.levels import WRITTEN
from priorbench.parameters.signatures import (
    DeclarationError,
    Declared,
    declared_parameters,
    literal_choices,
    readable_type,
)

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One parameter, as ``priorbench show`` prints it.

    Attributes
    ----------
    name : str
        its name.
    type : str
        readable text: ``int``, ``'adam' | 'sgd'``, ``float | None``.
    default : JSON
        the value it has when nothing is given (a preset counts), as a JSON value.
    summary : str, default ''
        first sentence of its description; empty where the plugin gives none.
    """

    name: str
    type: str
    default: JSON
    summary: str = ""


class ParameterProblems(PriorbenchError):  # noqa: N818
    """Everything that is wrong with the parameters given to one factory.

    Attributes
    ----------
    problems : tuple[tuple[str, str], ...]
        (parameter name, message) for each; the message names the parameter, too.
    """

    def __init__(self, subject: str, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{subject}: {message}" for _, message in problems))


class _InvalidValueError(Exception):
    """A value that a parameter does not take; the text is the message."""


def parameters_of(spec: Spec, factory: Any) -> tuple[Parameter, ...]:
    """List a factory's parameters with the defaults that `spec` gives them.

    Raises
    ------
    DeclarationError
        Where the factory does not declare its parameters properly.
    """
    summaries = parameter_summaries(factory)
    declared = _declared(spec, factory)
    return tuple(
        Parameter(
            name=name,
            type=readable_type(parameter.annotation),
            default=_default(spec, parameter),
            summary=summaries.get(name, ""),
        )
        for name, parameter in declared.items()
    )


def resolve(spec: Spec, factory: Any, given: Mapping[str, Any]) -> dict[str, JSON]:
    """Return every parameter's value: the default, replaced by the spec's preset, replaced by `given`.

    Parameters
    ----------
    spec : Spec
        the registered record; its preset counts as defaults.
    factory : Any
        what ``spec.factory`` names, a class or a function.
    given : Mapping[str, Any]
        values that a person gave, as YAML or JSON scalars and lists.

    Returns
    -------
    dict
        In the signature's order; JSON values only, all numbers finite. Resolving it again changes nothing.

    Raises
    ------
    ParameterProblems
        Every unknown name and every bad value of `given`, at once.
    DeclarationError
        Where the plugin is at fault.
    """
    declared = _declared(spec, factory)
    problems = list(_unknown(given, declared))
    values: dict[str, JSON] = {}
    for name, parameter in declared.items():
        if name not in given:
            values[name] = _default(spec, parameter)
            continue
        try:
            values[name] = _plain_value(spec, parameter, given[name], written=True)
        except _InvalidValueError as error:
            problems.append((name, str(error)))
    problems += _no_budget(spec, values)
    if problems:
        raise ParameterProblems(f"{spec.kind} '{spec.name}'", problems)
    return values


def build(factory: Any, parameters: Mapping[str, Any], supplied: Mapping[str, Any] | None = None) -> Any:
    """Call a factory with resolved parameters; parameters left out take the signature's defaults.

    Parameters
    ----------
    factory : Any
        a class or a function.
    parameters : Mapping[str, Any]
        what `resolve` returned, possibly after a round trip through JSON.
    supplied : mapping or None, optional
        further keyword arguments, which are no parameters (`Spec.supplied`).
    """
    supplied = supplied or {}
    declared = declared_parameters(factory, frozenset(supplied))
    problems = list(_unknown(parameters, declared))
    values = {}
    for name, value in parameters.items():
        try:
            if name in declared:
                values[name] = _python_value(declared[name], value)
        except _InvalidValueError as error:
            problems.append((name, str(error)))
    if problems:
        raise ParameterProblems(getattr(factory, "__qualname__", "factory"), problems)
    return factory(**supplied, **values)


def _declared(spec: Spec, factory: Any) -> Mapping[str, Declared]:
    try:
        declared = declared_parameters(factory, spec.supplied)
    except DeclarationError as error:
        raise DeclarationError(f"{spec.kind} '{spec.name}': {error}") from error
    for _, message in _unknown(spec.preset, declared):
        raise DeclarationError(f"{spec.kind} '{spec.name}': preset: {message}")
    return declared


def _unknown(given: Iterable[str], declared: Mapping[str, Declared]) -> Iterable[tuple[str, str]]:
    for name in given:
        if name not in declared:
            yield name, f"unknown parameter '{name}'{suggestion(name, declared)}"


def _no_budget(spec: Spec, values: Mapping[str, JSON]) -> Iterable[tuple[str, str]]:
    """Yield the problem of a number of iterations that no fit reaches: it would run for ever."""
    budget = values.get("iterations")
    if isinstance(spec, (DenoiserSpec, StoppingRuleSpec)) and isinstance(budget, int) and budget < 1:
        yield "iterations", f"'iterations': it should be 1 or more, not {_shown(budget)}"


def _default(spec: Spec, parameter: Declared) -> JSON:
    value = spec.preset.get(parameter.name, parameter.default)
    try:
        return _plain_value(spec, parameter, value)
    except _InvalidValueError as error:
        raise DeclarationError(
            f"{spec.kind} '{spec.name}': the default of a parameter is not valid: {error}. "
            "The plugin must be mended"
        ) from error


def _plain_value(spec: Spec, parameter: Declared, given: Any, *, written: bool = False) -> JSON:
    """Check a value and return it in JSON form; `written` says that a person has just given it."""
    plain = _dump(parameter, given, written=written)
    if _dump(parameter, plain) != plain:
        raise DeclarationError(
            f"{spec.kind} '{spec.name}': the validator of '{parameter.name}' turns {_shown(given)} into "
            f"{_shown(plain)}, and that into something else again; it must leave its own results alone. "
            "The plugin must be mended"
        )
    return plain


def _dump(parameter: Declared, given: Any, *, written: bool = False) -> JSON:
    value = parameter.adapter.dump_python(_python_value(parameter, given, written=written), mode="json")
    if not _finite(value):
        raise _InvalidValueError(f"'{parameter.name}' must be finite, not {_shown(given)}")
    plain: JSON = value
    return plain


def _python_value(parameter: Declared, given: Any, *, written: bool = False) -> Any:
    """Check a JSON value against a parameter's type and return the Python value for the call."""
    if not _finite(given):
        raise _InvalidValueError(f"'{parameter.name}' must be finite, not {_shown(given)}")
    try:
        text = json.dumps(given)
    except (TypeError, ValueError, RecursionError) as error:
        raise _InvalidValueError(
            f"'{parameter.name}' must be numbers, text, true, false, null or lists"
        ) from error
    try:
        # JSON mode is strict about scalars and yet takes a list where the annotation says tuple.
        context = {WRITTEN: True} if written else None
        value = parameter.adapter.validate_json(text, strict=True, context=context)
    except ValidationError as error:
        raise _InvalidValueError(_explain(parameter, given, error)) from error
    except Exception as error:  # a plugin's own validator may raise anything
        raise _InvalidValueError(
            f"'{parameter.name}': {_shown(given)}: {type(error).__name__}: {error}"
        ) from error
    if isinstance(given, bool) and type(value) in (int, float):  # Literal[0, 1] compares true with 1
        raise _InvalidValueError(_type_message(parameter, given))
    return value


def _explain(parameter: Declared, given: Any, error: ValidationError) -> str:
    """Say in one line why pydantic refused a value."""
    name, choices = parameter.name, literal_choices(parameter.annotation)
    details = error.errors(include_url=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        return f"'{name}' must be text in UTF-8"
    for detail in details:
        if detail["type"] in ("value_error", "assertion_error"):
            return f"'{name}': {detail['msg'].partition(', ')[2]}"
    if choices and isinstance(given, str):
        return f"'{name}' cannot be '{given}'{suggestion(given, map(str, choices))}"
    for detail in details:
        if not detail["type"].endswith(("_type", "literal_error")):
            return f"'{name}': {detail['msg'].replace('Input should', 'it should')}, not {_shown(given)}"
    return _type_message(parameter, given)


def _type_message(parameter: Declared, given: Any) -> str:
    wanted = readable_type(parameter.annotation)
    hint = ""
    if isinstance(given, float) and given.is_integer() and "int" in wanted:
        hint = f" (write {int(given)})"
    elif isinstance(given, bool | int | float) and wanted.startswith("str"):
        hint = f' (text that looks like something else is written in quotes: "{_shown(given)}")'
    return f"'{parameter.name}' must be {wanted}, not {_shown(given)}{hint}"


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(_finite(item) for item in value.values())
    if isinstance(value, list | tuple):
        return all(_finite(item) for item in value)
    return True


def _shown(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

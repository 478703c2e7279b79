"""Reads entries such as ``name`` or ``name:width=128``, in YAML and on the command line.

In YAML: ``my-method``, ``{my-method: {width: 128, label: wide}}``, and a grid, whose lists span all
combinations: ``{my-method: {iterations: 800, grid: {width: [32, 64]}}}``. On the command line: ``my-method``,
``my-method:width=128,label=wide``; values are read as in YAML, and one that holds a comma is quoted or a list
in brackets.
"""

from __future__ import annotations

import itertools
import os
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from priorbench.contract.specs import ImageSetSpec, Spec, SuiteSpec
from priorbench.suite.yaml_text import YamlError, quoted, read_value, write_value

_MAX_GRID = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class RawChoice:
    """An entry of a list as it was written; nothing is known yet of the name.

    Attributes
    ----------
    name : str
        what is chosen.
    label : str or None, optional
        the label given to it, or None.
    parameters : Mapping[str, Any], optional
        the parameters given.
    grid : Mapping[str, tuple[Any, ...]], optional
        parameter -> its values; all combinations are meant.
    """

    name: str
    label: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    grid: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


class ChoiceError(ValueError):
    """An entry that does not follow the syntax.

    Attributes
    ----------
    problems : tuple[tuple[tuple[str or int, ...], str], ...]
        (keys inside the entry, message) for each problem.
    """

    def __init__(self, problems: Iterable[tuple[tuple[str | int, ...], str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(message for _, message in self.problems))


def parse_entry(entry: Any) -> RawChoice:
    """Read an entry of a YAML list.

    Raises
    ------
    ChoiceError
        With every problem of the entry, each with the keys that lead to it.
    """
    if isinstance(entry, str) and entry.strip():
        return RawChoice(name=entry.strip())
    if not isinstance(entry, dict):
        raise ChoiceError([((), f"an entry is a name, or a name with parameters, not {write_value(entry)}")])
    if len(entry) != 1:
        keys = ", ".join(entry) or "none"
        message = f"an entry has one name as its only key, this one has: {keys} (indent the parameters?)"
        raise ChoiceError([((), message)])
    [(name, given)] = entry.items()
    if given is None:
        return RawChoice(name=name)
    if not isinstance(given, dict):
        message = f"the parameters of '{name}' must be written 'key: value', not {write_value(given)}"
        raise ChoiceError([((name,), message)])
    parameters = {key: value for key, value in given.items() if key not in ("label", "grid")}
    problems = [
        *([((name, "label"), fault)] if (fault := _label_fault(given)) else []),
        *(((name, *keys), message) for keys, message in _grid_faults(given, parameters)),
    ]
    if problems:
        raise ChoiceError(problems)
    grid = {key: tuple(values) for key, values in given.get("grid", {}).items()}
    return RawChoice(name=name, label=given.get("label"), parameters=parameters, grid=grid)


def parse_text(text: str) -> RawChoice:
    """Read an entry of a command line: ``name`` or ``name:key=value,key=value``.

    Raises
    ------
    ChoiceError
        With the first problem.
    """
    name, colon, rest = text.partition(":")
    if not name.strip():
        raise ChoiceError([((), "a name is missing")])
    if not colon:
        return RawChoice(name=name.strip())
    parameters: dict[str, Any] = {}
    for setting in _split(rest):
        key, value = parse_setting(setting)
        if key in parameters:
            raise ChoiceError([((key,), f"'{key}' is given twice")])
        parameters[key] = value
    if "grid" in parameters:
        raise ChoiceError(
            [(("grid",), "a grid is written in a suite file; here, give the option several times")]
        )
    if fault := _label_fault(parameters):
        raise ChoiceError([(("label",), fault)])
    return RawChoice(name=name.strip(), label=parameters.pop("label", None), parameters=parameters)


def parse_setting(text: str) -> tuple[str, Any]:
    """Read one ``key=value``; the value of ``label`` is text, whatever it looks like.

    Raises
    ------
    ChoiceError
        Where there is no ``=``, no key, or brackets or quotes are not closed.
    """
    key, equals, value = text.partition("=")
    key, value = key.strip(), value.strip()
    if not equals or not key:
        message = f"'{text.strip()}' is not written key=value (a value with a comma is quoted: key=\"a,b\")"
        raise ChoiceError([((), message)])
    if key == "label" and value[:1] not in ("'", '"'):
        return key, value
    try:
        return key, read_value(value)
    except YamlError as error:
        raise ChoiceError([((key,), f"the value of '{key}' cannot be read: {value}: {error}")]) from error


def format_choice(raw: RawChoice) -> str:
    """Write an entry (without a grid) in the command line's spelling; `parse_text` gives it back."""
    settings = [f"{key}={write_value(value)}" for key, value in raw.parameters.items()]
    if raw.label is not None:
        plain = raw.label == raw.label.strip() and "," not in raw.label and raw.label[:1] not in "'\"[{"
        settings.append(f"label={raw.label if plain else quoted(raw.label)}")
    return f"{raw.name}:{','.join(settings)}" if settings else raw.name


def expand(raw: RawChoice) -> tuple[RawChoice, ...]:
    """Return the combinations of an entry's grid, the last key varying fastest.

    A label is completed with the grid's values, so that each combination has its own.
    """
    if not raw.grid:
        return (raw,)
    combinations = [
        dict(zip(raw.grid, values, strict=True)) for values in itertools.product(*raw.grid.values())
    ]
    return tuple(
        RawChoice(
            name=raw.name,
            label=raw.label and format_choice(RawChoice(name=raw.label, parameters=combination)),
            parameters={**raw.parameters, **combination},
        )
        for combination in combinations
    )


def label_of(raw: RawChoice, spec: Spec | SuiteSpec) -> str:
    """Return what tables call an entry: its label, its folder's name, its name, or its spelling.

    Parameters that only select among a set's images are left out of its spelling.
    """
    if raw.label is not None:
        return raw.label
    if isinstance(spec, ImageSetSpec):
        kept = {key: value for key, value in raw.parameters.items() if key not in spec.selection}
        raw = replace(raw, parameters=kept)
    if (
        isinstance(spec, ImageSetSpec)
        and isinstance(path := raw.parameters.get(spec.label_from), str)
        and path
    ):
        return _last_part(path)
    return format_choice(raw)


def _last_part(path: str) -> str:
    name = PurePath(path).name
    return (
        name if name not in ("", "..") else PurePath(os.path.realpath(path)).name or path
    )  # links may lead in a circle


def _split(settings: str) -> Iterable[str]:
    """Cut at the commas between settings; one inside quotes or brackets belongs to the value."""
    pieces = settings.split(",")
    while pieces:
        setting = pieces.pop(0)
        while pieces and _is_open(setting.partition("=")[2].strip()):
            setting = f"{setting},{pieces.pop(0)}"
        yield setting


def _is_open(value: str) -> bool:
    try:
        read_value(value)
    except YamlError:
        return True
    return False


def _label_fault(given: Mapping[str, Any]) -> str:
    if "label" not in given:
        return ""
    label = given["label"]
    if not isinstance(label, str):
        return f'a label is text: write "{write_value(label)}" in quotes'
    return label_fault(label)


def label_fault(label: str) -> str:
    """Return what is wrong with a label, or an empty string."""
    if not (label.strip() and label.isprintable() and not set(label) & set("<>")):
        return "a label is one line of printable text, without < and >"
    if not unicodedata.is_normalized("NFC", label):
        return "a label is written in Unicode's composed form (NFC): no two may look the same"
    if label.endswith("@previous"):
        return "no label ends in @previous: 'compare' calls the version before the last so"
    return ""


def _grid_faults(
    given: Mapping[str, Any], parameters: Mapping[str, Any]
) -> Iterable[tuple[tuple[str, ...], str]]:
    grid = given.get("grid", {})
    if "grid" in given and (not isinstance(grid, dict) or not grid):
        yield ("grid",), "a grid is written 'parameter: [value, value]'"
        return
    size = 1
    for key, values in grid.items():
        if not isinstance(values, list) or not values:
            yield ("grid", key), f"the grid of '{key}' must be a list of values, not {write_value(values)}"
            continue
        size *= len(values)
        if key in parameters:
            yield ("grid", key), f"'{key}' is given inside the grid and outside of it"
    if size > _MAX_GRID:
        yield ("grid",), f"the grid spans {size} combinations; at most {_MAX_GRID} are allowed in one entry"

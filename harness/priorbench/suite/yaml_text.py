"""YAML as priorbench reads and writes it: the core schema of YAML 1.2, with the line of every entry.

PyYAML's own rules are those of YAML 1.1, where ``1e-3`` is text, ``no`` is false, ``3:30`` is 210 and
``2020-01-01`` a date. Here only ``true``, ``false``, ``null``, ``~`` and numbers are special; the rest is
text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.resolver import BaseResolver

KeyPath = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_MAX_DEPTH = 20
_MAX_NODES = 20_000
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_SPECIAL_FLOAT = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_INT = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")


class _CoreResolver(BaseResolver):
    """Gives plain scalars the types of YAML 1.2's core schema."""


_CoreResolver.add_implicit_resolver(
    f"{_TAG}null", re.compile(r"(?:~|null|Null|NULL)?\Z"), ["~", "n", "N", ""]
)
_CoreResolver.add_implicit_resolver(
    f"{_TAG}bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")
)
_CoreResolver.add_implicit_resolver(f"{_TAG}int", _INT, list("-+0123456789"))
_CoreResolver.add_implicit_resolver(f"{_TAG}float", _FLOAT, list("-+.0123456789"))
_CoreResolver.add_implicit_resolver(f"{_TAG}float", _SPECIAL_FLOAT, list("-+."))


class _CoreLoader(yaml.SafeLoader):
    """Composes nodes with the core schema; nothing is ever constructed with it."""

    yaml_implicit_resolvers = _CoreResolver.yaml_implicit_resolvers


class _CoreDumper(yaml.SafeDumper):
    """Quotes what either version of YAML would take for something else than text; writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Escape line breaks and other invisible characters: PyYAML folds some of them away."""
    return dumper.represent_scalar(f"{_TAG}str", text, style=None if text.isprintable() else '"')


_CoreDumper.add_representer(str, _represent_text)
_CoreDumper.add_implicit_resolver(f"{_TAG}int", _INT, list("-+0123456789"))
_CoreDumper.add_implicit_resolver(f"{_TAG}float", _FLOAT, list("-+.0123456789"))


class YamlError(ValueError):
    """Text that is not YAML; `line` counts from 1."""

    def __init__(self, message: str, line: int = 1) -> None:
        self.line = line
        super().__init__(message)


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkedYaml:
    """A YAML document and where its entries were written.

    Attributes
    ----------
    data : Any
        plain values, lists and dicts with text keys.
    lines : Mapping[tuple[str or int, ...], int]
        path of an entry (keys and list positions) -> line, counted from 1.
    problems : tuple[tuple[int, str], ...], default ()
        (line, message) for what is well-formed but not accepted: duplicate keys, tags, ...
    """

    data: Any
    lines: Mapping[KeyPath, int]
    problems: tuple[tuple[int, str], ...] = ()


def read_yaml(text: str) -> MarkedYaml:
    """Read one YAML document with the line of every entry.

    Raises
    ------
    YamlError
        Where the text is not one well-formed YAML document.
    """
    walker = _Walker()
    root = _compose(text)
    data = None if root is None else walker.value(root, ())
    return MarkedYaml(data=data, lines=walker.lines, problems=tuple(walker.problems))


def read_value(text: str) -> Any:
    """Read one value of a command line: a YAML scalar, or a list in brackets.

    Text that starts with a quote, ``[`` or ``{`` is YAML; any other text is taken whole, so that
    ``a #1``, ``a: b``, ``*.png`` and ``@x`` need no quotes.

    Raises
    ------
    YamlError
        Where quotes or brackets are not closed, or are followed by something.
    """
    if text[:1] not in ("'", '"', "[", "{"):
        tag: str = _CoreResolver().resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
        try:
            return _scalar(tag, text)
        except ValueError as error:
            raise YamlError(f"'{text[:40]}' is not a number") from error
    marked = read_yaml(text)
    if marked.problems:
        raise YamlError(marked.problems[0][1])
    return marked.data


def write_yaml(data: Any) -> str:
    """Write a document in block style, in the order given."""
    return _dump(data, default_flow_style=False, indent=2)


def write_value(value: Any) -> str:
    """Write one value in one line, such that `read_value` gives it back, with as few quotes as possible."""
    if isinstance(value, str):
        return value if _needs_no_quotes(value) else quoted(value)
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else _dump(value).partition("\n")[0]
    return _dump(value, default_flow_style=True).rstrip("\n")


def quoted(text: str) -> str:
    """Write text in double quotes, in one line."""
    return _dump(text, default_style='"').rstrip("\n")


def _needs_no_quotes(text: str) -> bool:
    if not text or text != text.strip() or "," in text or text[0] in "'\"[{" or not text.isprintable():
        return False
    return isinstance(read_value(text), str)


def _dump(data: Any, **style: Any) -> str:
    text: str = yaml.dump(
        data, Dumper=_CoreDumper, allow_unicode=True, width=math.inf, sort_keys=False, **style
    )
    return text


def _compose(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, _CoreLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(part for part in (error.context, error.problem) if part)
        hint = " (indent with spaces, not with tabs)" if "'\\t'" in message else ""
        raise YamlError(f"this is not YAML: {message}{hint}", mark.line + 1 if mark else 1) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(f"this is not YAML: {error.reason} (#x{error.character:04x})", line) from error
    except RecursionError as error:
        raise YamlError("this is nested too deeply") from error


def _scalar(tag: str, text: str) -> Any:
    kind = tag.removeprefix(_TAG)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
    if kind == "float":
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


class _Walker:
    """Turns nodes into plain values; notes lines and problems on the way."""

    def __init__(self) -> None:
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[tuple[int, str]] = []
        self._nodes = 0
        self._full = False

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        """Return the plain value of a node; what cannot be had is None and a problem."""
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self._nodes += 1
        if self._nodes > _MAX_NODES or len(path) > _MAX_DEPTH:  # aliases can make a small file endless
            if not self._full:
                self._refuse(line, "this is too large or nested too deeply, or an alias (*) refers to itself")
            self._full = True
            return None
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.value(item, (*path, number)) for number, item in enumerate(node.value)]
        known = {f"{_TAG}{kind}" for kind in ("null", "bool", "int", "float", "str")}
        if not isinstance(node, yaml.ScalarNode) or node.tag not in known:
            return self._refuse(line, f"the tag {node.tag.replace(_TAG, '!!')} is not allowed here")
        try:
            return _scalar(node.tag, node.value)
        except ValueError:
            return self._refuse(line, f"'{node.value[:40]}' is not a number")

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != f"{_TAG}str":
                shown = f"'{key}'" if isinstance(key, str) else "a list or mapping"
                self._refuse(line, f"a key must be text, not {shown}")
            elif key == "<<":
                self._refuse(line, "merge keys (<<) are not supported: write the entries out")
            elif key in mapping:
                first = self.lines[(*path, key)]
                self._refuse(line, f"the key '{key}' is given twice (first in line {first})")
            else:
                self.lines[(*path, key)] = line
                mapping[key] = self.value(value_node, (*path, key))
        return mapping

    def _refuse(self, line: int, message: str) -> None:
        self.problems.append((line, message))

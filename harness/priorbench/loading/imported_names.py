"""What a Python file imports, and which files beside it it names, read from its text: nothing is run."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

#: a factory written as text, ``"package.module:attribute"``
_FACTORY = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*\Z")
#: a module written as text
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")
#: functions whose argument is the name of a module
_IMPORTERS = ("import_module", "__import__", "importorskip")
#: letters of a text that may name a file
_LETTERS = 200


def imported_names(path: Path, package: str = "") -> Iterator[str]:
    """Yield the dotted names that a file imports, anywhere in it, and each name that it takes from them.

    ``from a.b import c`` gives ``a.b`` and ``a.b.c``, since `c` may be a module. Modules named by text count
    too: arguments of ``import_module``, and factories such as ``"a.b:C"``. What cannot be read as Python
    imports nothing.

    Parameters
    ----------
    path : Path
        The file.
    package : str
        The package that it is in, for its relative imports.
    """
    for node in _nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = absolute(node, package)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and _called(node.func) in _IMPORTERS:
            yield from _text(node.args[0], _MODULE)
        else:
            yield from _text(node, _FACTORY)


def files_beside(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name, file) of each file in a file's folder, or below it, that a text in it names."""
    for node in _nodes(path):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            continue
        text = node.value
        if 0 < len(text) <= _LETTERS and text.isprintable() and not Path(text).is_absolute():
            file = path.parent / text
            with contextlib.suppress(OSError, ValueError):
                if file.is_file():
                    yield text, file


def _nodes(path: Path) -> Iterator[ast.AST]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return
    yield from ast.walk(tree)


def absolute(node: ast.ImportFrom, package: str) -> str:
    """Return the dotted name of the module that names are taken from, seen from a package."""
    above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
    return ".".join(filter(None, [*above, node.module or ""]))


def _called(function: ast.expr) -> str:
    return str(getattr(function, "attr", None) or getattr(function, "id", ""))


def _text(node: ast.AST, pattern: re.Pattern[str]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and pattern.match(node.value):
        yield node.value.partition(":")[0]

"""What a Python file imports, read from its text: nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

#: a factory written as text, ``"package.module:attribute"``
_FACTORY = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*\Z")
#: a module written as text
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")
#: functions whose argument is the name of a module
_IMPORTERS = ("import_module", "__import__", "importorskip")


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
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return
    for node in ast.walk(tree):
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


def absolute(node: ast.ImportFrom, package: str) -> str:
    """Return the dotted name of the module that names are taken from, seen from a package."""
    above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
    return ".".join(filter(None, [*above, node.module or ""]))


def _called(function: ast.expr) -> str:
    return str(getattr(function, "attr", None) or getattr(function, "id", ""))


def _text(node: ast.AST, pattern: re.Pattern[str]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and pattern.match(node.value):
        yield node.value.partition(":")[0]

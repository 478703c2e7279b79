"""What a plugin's code imports though nobody has said that it is needed, read from its text alone."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from priorbench.loading.absent import file_of
from priorbench.loading.imported_names import absolute
from priorbench.loading.registry import alternatives

_CORE = "priorbench"
#: the name in a requirement, which may go on with versions
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*|_\w+")
#: errors that are caught where a package may be missing
_CAUGHT = ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")


def undeclared(factory: str, requires: Iterable[str], distribution: str) -> Mapping[str, str]:
    """Return module -> distribution of what the code of a thing imports and nobody has asked pip for.

    Known are the standard library, what priorbench depends on, what the plugin's own distribution depends on
    and what the spec requires, each with all that it brings. What is imported only where it is there (inside
    ``try``), or for type checkers, does not count.

    Parameters
    ----------
    factory : str
        as the spec has it.
    requires : Iterable[str]
        of the spec: distributions or modules.
    distribution : str
        the plugin's own, or the name of its file.
    """
    owners = importlib.metadata.packages_distributions()
    named = [name for text in requires for part in alternatives(text) if (name := _name_of(part))]
    named += [owner for name in named for owner in owners.get(name, ())]
    known = _with_all_they_bring([_CORE, distribution, *named])
    found: dict[str, str] = {}
    for top in _foreign(factory.partition(":")[0], canonicalize_name(distribution), owners):
        theirs = owners.get(top, [])
        if theirs and not known & set(map(canonicalize_name, theirs)):
            found[top] = theirs[0]
    return dict(sorted(found.items()))


def _name_of(requirement: str) -> str:
    found = _NAME.match(requirement.strip())
    return found[0] if found else ""


def _foreign(module: str, distribution: str, owners: Mapping[str, list[str]]) -> set[str]:
    """Return the outermost names of all that a module and what it imports of its own plugin import."""
    folder = _folder_of(module)
    tops, waiting, seen = set(), [module], set()
    while waiting:
        name = waiting.pop()
        top = name.partition(".")[0]
        if name in seen or top in sys.stdlib_module_names or top == _CORE:
            continue
        seen.add(name)
        theirs = set(map(canonicalize_name, owners.get(top, ())))
        if (theirs and distribution not in theirs) or _folder_of(top) != folder:
            tops.add(top)
            continue
        if (file := file_of(name)) is not None and file.suffix == ".py":
            inside = name if file.name == "__init__.py" else name.rpartition(".")[0]
            waiting += _imported(file, inside)
        if "." in name:
            waiting.append(name.rpartition(".")[0])  # its package's __init__.py runs too
    return tops


def _folder_of(module: str) -> Path | None:
    """Return the folder that the outermost package or module of a name lies in."""
    file = file_of(module.partition(".")[0])
    if file is None:
        return None
    return file.parents[1] if file.name == "__init__.py" else file.parent


def _imported(file: Path, package: str) -> Iterator[str]:
    """Yield the dotted names that a file imports for certain, and each name that it takes from them."""
    try:
        waiting: list[ast.AST] = [ast.parse(file.read_bytes())]
    except (SyntaxError, ValueError, OSError):
        return
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = absolute(node, package)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Try) and any(map(_catches, node.handlers)):
            continue
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def _catches(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or any(f"'{name}'" in ast.dump(handler.type) for name in _CAUGHT)


def _with_all_they_bring(names: Iterable[str]) -> set[str]:
    """Return the canonical names of distributions and of all that they depend on."""
    waiting, found = [Requirement(name) for name in names if _NAME.fullmatch(name)], set[str]()
    while waiting:
        one = waiting.pop()
        extras = ("", *sorted(one.extras))
        if (key := canonicalize_name(one.name)) not in found:
            found.add(key)
            waiting += [
                each
                for each in _depends_on(key)
                if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras)
            ]
    return found


@functools.cache
def _depends_on(distribution: str) -> tuple[Requirement, ...]:
    try:
        return tuple(map(Requirement, importlib.metadata.requires(distribution) or ()))
    except (importlib.metadata.PackageNotFoundError, InvalidRequirement):
        return ()

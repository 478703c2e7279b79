"""Adds one more thing to a plugin's package: its module, test and suite, and its spec beside the others."""

from __future__ import annotations

import ast
import contextlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from priorbench.errors import PriorbenchError, nearest_path
from priorbench.loading.discovery import GROUP
from priorbench.loading.registry import Registry
from priorbench.outputs import whole_file
from priorbench.scaffold.kinds import SCAFFOLDS
from priorbench.scaffold.making import check_name, identifier, rendered, template_of_test


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """What was added.

    Attributes
    ----------
    files : tuple of str
        new files, relative to the folder.
    changed : str
        the file with the hooks, which has the new spec.
    needs : tuple of str
        distributions that the new code imports and ``pyproject.toml`` does not name yet.
    """

    files: tuple[str, ...]
    changed: str
    needs: tuple[str, ...]


def add(name: str, kind: str, registry: Registry, folder: Path) -> Added:
    """Add a thing to the package that a folder makes.

    Parameters
    ----------
    name : str
        of the thing.
    kind : str
        key of `priorbench.scaffold.kinds.SCAFFOLDS`.
    registry : Registry
        what is installed; its names are taken.
    folder : Path
        with the ``pyproject.toml`` of a plugin.

    Raises
    ------
    PriorbenchError
        If the name will not do, the folder makes no plugin, or its hooks are not written so that one can be
        added; then everything is as it was.
    """
    chosen = SCAFFOLDS[kind]
    check_name(name, chosen, registry)
    project = _project(folder)
    hooks, package = _hooks_of(folder, project)
    module = identifier(name)
    own = replace(chosen, module=module if chosen.module else "")
    inside = hooks.parent.relative_to(folder).as_posix()
    templates = {
        f"{inside}/{name}.yaml" if kind == "suite" else f"suite-{name}.yaml": "suite.yaml",
        f"tests/test_{module}.py": template_of_test(kind),
        **({f"{inside}/{module}.py": f"{kind}.py"} if chosen.module else {}),
    }
    for path in templates:
        if (folder / path).exists():
            raise PriorbenchError(f"{folder / path} exists already: choose another name, or remove it")
    spec = rendered({"hooks": "hooks.py"}, name, kind, package, own)["hooks"]
    text = _with_spec(hooks, spec, chosen.spec.hook, name)
    _write(rendered(templates, name, kind, package, own), folder, hooks, text)
    named = {
        re.split(r"[^\w.-]", str(text), maxsplit=1)[0].lower() for text in project.get("dependencies", ())
    }
    return Added(
        files=tuple(sorted(templates)),
        changed=hooks.relative_to(folder).as_posix(),
        needs=tuple(need for need in chosen.needs if need not in named),
    )


def _project(folder: Path) -> Mapping[str, Any]:
    file = folder / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    except FileNotFoundError:
        near = "" if folder.is_dir() else nearest_path(folder)
        raise PriorbenchError(f"{folder} has no pyproject.toml, so it makes no plugin{near}") from None
    except (OSError, ValueError) as error:
        raise PriorbenchError(f"{file} cannot be read: {error}") from None
    return project if isinstance(project, dict) else {}


def _hooks_of(folder: Path, project: Mapping[str, Any]) -> tuple[Path, str]:
    """Return the file with the hooks, which the entry point of a plugin names, and the package it is in."""
    for value in project.get("entry-points", {}).get(GROUP, {}).values():
        parts = str(value).partition(":")[0].split(".")
        for place in (folder, folder / "src"):
            for file in (place.joinpath(*parts, "__init__.py"), place.joinpath(*parts).with_suffix(".py")):
                if file.is_file() and (package := ".".join(file.parent.relative_to(place).parts)):
                    return file, package
    raise PriorbenchError(f"{folder}/pyproject.toml names no package here in [project.entry-points.{GROUP}]")


def _with_spec(hooks: Path, new: str, hook: str, name: str) -> str:
    """Return the text of the hooks with one more spec, in the hook that is there or in a new one."""
    text = hooks.read_text(encoding="utf-8")
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise PriorbenchError(f"{hooks} cannot be read as Python: {error}") from None
    lines = text.splitlines()
    [function] = [node for node in ast.parse(new).body if isinstance(node, ast.FunctionDef)]
    there = next(
        (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == hook), None
    )
    if there is None:
        block = new.splitlines()[function.decorator_list[0].lineno - 1 : function.end_lineno]
        lines += ["", "", *block]
    elif any(isinstance(node, ast.Constant) and node.value == name for node in ast.walk(there)):
        raise PriorbenchError(f"{hooks}: '{hook}' has '{name}' already: choose another name")
    elif any(isinstance(node, ast.Yield) for node in ast.walk(there)) and there.end_lineno is not None:
        last = function.body[-1]
        lines[there.end_lineno : there.end_lineno] = new.splitlines()[last.lineno - 1 : last.end_lineno]
    else:
        raise PriorbenchError(f"{hooks}: '{hook}' does not yield its specs: add the new one by hand")
    return "\n".join([*_with_imports(lines, tree, new), ""])


def _with_imports(lines: list[str], tree: ast.Module, new: str) -> list[str]:
    """Return lines that import from `priorbench` what the new text does, too."""
    [wanted] = _imports(ast.parse(new))
    found = _imports(tree)
    names = {alias.asname or alias.name for node in found for alias in node.names}
    missing = [alias.name for alias in wanted.names if alias.name not in names]
    if not missing:
        return lines
    if found and found[-1].lineno == found[-1].end_lineno and "#" not in lines[found[-1].lineno - 1]:
        node = found[-1]
        every = sorted({*(ast.unparse(alias) for alias in node.names), *missing}, key=_as_ruff)
        merged = f"from priorbench import {', '.join(every)}"
        return [*lines[: node.lineno - 1], merged, *lines[node.lineno :]]
    place = max((node.end_lineno or 0 for node in tree.body if _may_precede(node)), default=0)
    return [*lines[:place], f"from priorbench import {', '.join(missing)}", *lines[place:]]


def _imports(tree: ast.Module) -> list[ast.ImportFrom]:
    return [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "priorbench"]


def _may_precede(node: ast.stmt) -> bool:
    """Say whether a statement may stand before imports: a docstring, or an import."""
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or isinstance(node, (ast.Import, ast.ImportFrom))


def _as_ruff(name: str) -> tuple[bool, str]:
    return (name[0].islower(), name)  # classes first


def _write(files: Mapping[str, str], folder: Path, hooks: Path, text: str) -> None:
    """Write the new files and then the hooks; where something fails, nothing is left."""
    made: list[Path] = []
    try:
        for path, content in files.items():
            file = folder / path
            file.parent.mkdir(exist_ok=True)
            made.append(file)
            file.write_text(content, encoding="utf-8")
        with whole_file(hooks) as stream:
            stream.write(text.encode())
    except OSError as error:
        for file in made:
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)
        raise PriorbenchError(f"cannot write to {folder}: {error.strerror or error}") from error

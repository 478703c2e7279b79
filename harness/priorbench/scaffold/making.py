"""Writes the folder of a new distribution, as a whole or not at all."""

from __future__ import annotations

import importlib.util
import keyword
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import jinja2

from priorbench import __version__
from priorbench.errors import PriorbenchError
from priorbench.loading.admission import called
from priorbench.loading.registry import Registry
from priorbench.scaffold.kinds import SCAFFOLDS, Kind

_NAME = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*\Z")
_LONGEST = 60
#: what the templates import: no class of theirs may be called so
_TAKEN_CLASSES = (
    *("Chart", "Claim", "Conclusion", "Figure", "Line", "Quantity", "Size", "Table", "Trials"),
    *("Image", "NoiseDescriptor", "Path", "PriorbenchError", "Verdict"),
)


def make(name: str, kind: str, registry: Registry, folder: Path | None = None) -> tuple[Path, list[str]]:
    """Make a distribution ``priorbench-NAME``.

    Parameters
    ----------
    name : str
        of the thing it will register.
    kind : str
        key of `priorbench.scaffold.kinds.SCAFFOLDS`.
    registry : Registry
        what is installed; its names are taken.
    folder : Path or None, optional
        what to make; default ``priorbench-NAME`` in the working folder.

    Returns
    -------
    tuple[Path, list[str]]
        The folder, and the files in it, relative to it.

    Raises
    ------
    PriorbenchError
        If the name is not valid or taken, the folder exists or cannot be made; then nothing is left behind.
    """
    target = folder or Path(f"priorbench-{name}")
    check_name(name, SCAFFOLDS[kind], registry)
    _check_package(name, registry)
    if target.exists() or target.is_symlink():
        raise PriorbenchError(f"{target} exists already: choose another folder with -o DIR, or remove it")
    files = _render(name, kind)
    _write(files, target)
    return target, sorted(files)


def check_name(name: str, kind: Kind, registry: Registry) -> None:
    """Raise `PriorbenchError` for a name that a thing of this kind cannot have here."""
    if not _NAME.match(name) or len(name) > _LONGEST:
        better = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")[:_LONGEST]
        hint = f", for example '{better}'" if _NAME.match(better) else ""
        raise PriorbenchError(
            f"name '{name}' is not valid: at most {_LONGEST} lower-case letters, digits, '-' and '.'{hint}"
        )
    if name.startswith("priorbench-"):
        rest = name.removeprefix("priorbench-")
        raise PriorbenchError(f"name '{name}': leave 'priorbench-' out, it is added: priorbench new {rest}")
    owner = registry.all(kind.spec.kind).get(name)
    if owner is not None:
        raise PriorbenchError(f"{kind.spec.kind} '{name}' is already provided by {called(owner.plugin)}")


def _check_package(name: str, registry: Registry) -> None:
    for plugin in registry.plugins:
        if plugin.name == name and plugin.status != "unknown":
            raise PriorbenchError(f"the plugin name '{name}' is already taken by {called(plugin)}")
    if importlib.util.find_spec(_package(name)) is not None:
        raise PriorbenchError(f"the package {_package(name)} is already installed: choose another name")


def _render(name: str, kind: str) -> Mapping[str, str]:
    """Return path -> text of every file."""
    package, chosen = _package(name), SCAFFOLDS[kind]
    templates = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        ".gitignore": "gitignore",
        f"{package}/{name}.yaml" if kind == "suite" else "suite.yaml": "suite.yaml",
        f"tests/{template_of_test(kind)}": template_of_test(kind),
        f"{package}/__init__.py": "hooks.py",
        **({f"{package}/{chosen.module}.py": f"{kind}.py"} if chosen.module else {}),
    }
    return rendered(templates, name, kind, package, chosen)


def template_of_test(kind: str) -> str:
    """Return the name of the test of a kind."""
    return "test_executor.py" if kind == "executor" else "test_conformance.py"


def rendered(
    templates: Mapping[str, str], name: str, kind: str, package: str, chosen: Kind
) -> dict[str, str]:
    """Return path -> text of templates.

    Parameters
    ----------
    templates : Mapping[str, str]
        path -> name of its template.
    name, kind : str
        of the thing.
    package : str
        that it will be in.
    chosen : Kind
        what its kind has of its own.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("priorbench.scaffold"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    values = {
        "name": name,
        "kind": kind,
        "chosen": chosen,
        "package": package,
        "class_name": _class_name(name),
        "identifier": identifier(name),
        "version": __version__,
    }
    return {
        path: environment.get_template(f"{template}.j2").render(values)
        for path, template in templates.items()
    }


def _write(files: Mapping[str, str], target: Path) -> None:
    """Write beside the target first, so that a half-made folder never has its name."""
    draft = None
    try:
        draft = Path(tempfile.mkdtemp(prefix=".priorbench-new-", dir=target.parent))
        for path, text in files.items():
            (draft / path).parent.mkdir(exist_ok=True)
            (draft / path).write_text(text, encoding="utf-8")
        draft.chmod(0o755)
        draft.rename(target)
    except OSError as error:
        raise PriorbenchError(f"cannot make {target}: {error.strerror or error}") from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)


def identifier(name: str) -> str:
    """Return a name as Python may have it in the middle of one."""
    return re.sub(r"[-.]", "_", name)


def _package(name: str) -> str:
    return f"priorbench_{identifier(name)}"


def _class_name(name: str) -> str:
    text = "".join(part[:1].upper() + part[1:] for part in re.split(r"[-.]", name))
    text = f"The{text}" if text[0].isdigit() else text
    return f"{text}Plugin" if keyword.iskeyword(text) or text in _TAKEN_CLASSES else text

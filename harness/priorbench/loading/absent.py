"""What imports lack: packages and how pip calls them, misspelt factories, what would be imported in vain."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from priorbench.loading.rejection import EndedProcessError, describe

#: module -> how pip calls it, where that differs: what people write in `requires`
_PIP_NAMES = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "pywt": "PyWavelets",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}
#: an import statement at the beginning of a line: nothing indented is seen, for that may never run
_IMPORT = re.compile(
    r"^(?:from[ \t]+(\.*[\w.]*)[ \t]+import\b[ \t(]*([\w, \t]*)|import[ \t]+([\w., \t]+))", re.MULTILINE
)


def pip_name(package: str) -> str:
    """Return what to give to pip for a package or module."""
    return _PIP_NAMES.get(package, package)


def absent_package(error: BaseException | None) -> str:
    """Return the package that an import lacked, as it is imported; empty where that was not the cause."""
    if not isinstance(error, ModuleNotFoundError) or type(error.name) is not str:
        return ""
    top = error.name.partition(".")[0]
    return top if top.isidentifier() and not _is_there(top) else ""  # it may be any text of the plugin


def told_import_error(error: BaseException) -> str:
    """Return an error of an import in one line, and what to install, where that was the cause."""
    package = absent_package(error)
    return describe(error) + (f": pip install {pip_name(package)}" if package else "")


def misnamed(error: BaseException | None, factory: str, plugin: str = "") -> str:
    """Say that a factory names what is not there, and what may be meant; empty where its name is right.

    Parameters
    ----------
    error : BaseException or None
        what importing the factory raised.
    factory : str
        as the spec has it, ``"module:attribute"``.
    plugin : str, default ''
        the plugin's module: what is there has a name near it, or is in its package.
    """
    module, _, attribute = factory.partition(":")
    if isinstance(error, ModuleNotFoundError):
        if type(error.name) is str and f"{module}.".startswith(f"{error.name}."):
            return f"no module '{error.name}'{_near(error.name, _modules_near(error.name, plugin))}"
    elif isinstance(error, AttributeError) and type(error.name) is str and error.name == attribute:
        if error.obj is None or error.obj is not sys.modules.get(module):
            return ""
        names = [name for name in vars(error.obj) if type(name) is str and name[:1] != "_"]
        return f"'{module}' has no '{attribute}'{_near(attribute, names)}"
    return ""


def _modules_near(name: str, plugin: str) -> list[str]:
    """Return the modules among which one that is not there may have been meant."""
    package = name.rpartition(".")[0] or plugin.partition(":")[0].partition(".")[0]
    inside = pkgutil.iter_modules(getattr(sys.modules.get(package), "__path__", ()))
    return [*filter(None, [package]), *(f"{package}.{one.name}" for one in inside)]


def _near(name: str, names: Iterable[str]) -> str:
    """Say which of some names is meant: the one whose last part is most like that of what was written."""
    ends = {one.rpartition(".")[2]: one for one in names}
    near = difflib.get_close_matches(name.rpartition(".")[2], ends, n=1)
    return f"; did you mean '{ends[near[0]]}'?" if near else "; correct 'factory' in the spec"


def describe_import(error: BaseException, target: str) -> str:
    """Say why importing a plugin failed.

    Parameters
    ----------
    error : BaseException
        what the import raised.
    target : str
        what the entry point names.
    """
    if isinstance(error, (SystemExit, EndedProcessError)):
        return f"stops the interpreter when it is imported: {describe(error)}"
    if isinstance(error, ModuleNotFoundError) and error.name:
        if target.partition(":")[0] == error.name or target.startswith(f"{error.name}."):
            return f"there is no module '{error.name}': reinstall the plugin"
        return f"needs the module '{error.name}', which is not installed: {told_import_error(error)}"
    return f"cannot be imported: {describe(error)}"


class Scan:
    """Finds what modules would import in vain, by the text of their files; nothing is imported.

    What was found of a file is remembered: plugins share them. What is imported inside functions, or only if
    something is so, does not count.
    """

    def __init__(self) -> None:
        self._there: dict[str, bool] = {}
        self._known: dict[str, tuple[set[str], set[str]]] = {}

    def absent(self, module: str) -> tuple[str, ...]:
        """Return the packages that a module of a plugin would import in vain, with all of its own package."""
        found: set[str] = set()
        waiting, seen = [module], {module}
        while waiting and module.partition(".")[0] != "priorbench":  # what the core imports came with it
            name = waiting.pop()
            if name not in self._known:
                self._known[name] = self._look(name)
            own, absent = self._known[name]
            found |= absent
            waiting += own - seen
            seen |= own
        return tuple(sorted(found))

    def _look(self, module: str) -> tuple[set[str], set[str]]:
        """Return what a module imports of its own package, and the packages that are not there."""
        file, top = file_of(module), module.partition(".")[0]
        if file is None:
            return set(), set()
        text = _text(file)
        names = set(_imported(text, module if file.name == "__init__.py" else module.rpartition(".")[0]))
        own = {name for name in names if name.partition(".")[0] == top}
        vain = {one for name in names - own if (one := name.partition(".")[0]) and not self._is_there(one)}
        return own, vain & _confirmed(text) if vain else vain

    def _is_there(self, top: str) -> bool:
        if top not in self._there:
            self._there[top] = _is_there(top)
        return self._there[top]


def _is_there(top: str) -> bool:
    try:
        known = top in sys.stdlib_module_names or top in sys.modules
        return known or importlib.util.find_spec(top) is not None
    except (ImportError, ValueError, AttributeError):
        return True  # half there: who imports it will see


def file_of(module: str) -> Path | None:
    """Return the file of a module; None where it is not found without importing anything."""
    top, *inner = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None:
        return None
    if not inner:
        return Path(spec.origin) if spec.has_location and spec.origin else None
    for place in spec.submodule_search_locations or ():
        for file in (Path(place, *inner).with_suffix(".py"), Path(place, *inner, "__init__.py")):
            if file.is_file():
                return file
    return None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _imported(text: str, package: str) -> Iterator[str]:
    """Yield the dotted names that lines of a text seem to import, and what they take from them."""
    for module, names, plain in _IMPORT.findall(text):
        if plain:
            yield from (part.split()[0] for part in plain.split(",") if part.split())
            continue
        level = len(module) - len(module.lstrip("."))
        above = package.split(".")[: len(package.split(".")) - level + 1] if level else []
        whole = ".".join(filter(None, [*above, module.lstrip(".")]))
        yield whole
        yield from (f"{whole}.{part.split()[0]}" for part in names.split(",") if part.split())


def _confirmed(text: str) -> set[str]:
    """Return the packages that a text imports as Python reads it: a line of prose may look like an import."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return set()
    names = [alias.name for node in body if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in body if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in names}

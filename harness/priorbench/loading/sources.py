"""Which files a result depends on: those of the measured path, and those of a plugin with what it imports.

Nothing is imported to find out: packages are located, and their files are read as text.
"""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES
from pathlib import Path

from priorbench.loading.imported_names import files_beside, imported_names

#: folders of the core that take part in every result: their files are in every key
MEASURED_PATH = ("contract", "machine", "parameters", "player", "protocol", "standard", "worker")
#: parts of the core that no digest needs: words of messages, how output files are written, and how plugins
#: are found (a key names the factories that were found, and holds the digests of their code)
WITHOUT_INFLUENCE = ("__init__", "__main__", "_moved", "errors", "outputs", "words", "loading", "experiments")
#: packages whose versions a plugin's own digest need not name: they are in every key (see
#: `priorbench.machine.description.NUMERICAL`), or only declare parameters, whose values are in the key
_SPOKEN_FOR = frozenset(
    {
        "torch",
        "numpy",
        "scipy",
        "numba",
        "llvmlite",
        "skimage",
        "PIL",
        "pydantic",
        "annotated_types",
        "pluggy",
    }
)
#: what grows in a package's folder without being part of it
_NOT_SOURCE = ("__pycache__", ".pyo", ".nbi", ".nbc", "~")
#: what the files of modules end with
_MODULES = (*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES)

CORE = Path(__file__).parents[1]


@dataclass(kw_only=True, slots=True)
class Sources:
    """What a plugin's code is made of.

    Attributes
    ----------
    files : dict of str to Path
        Name such as ``"package/module.py"`` -> the file.
    distributions : set of str
        Other people's installed distributions that it imports: their versions say what they are.
    """

    files: dict[str, Path] = field(default_factory=dict)
    distributions: set[str] = field(default_factory=set)


def core_files() -> Mapping[str, Path]:
    """Return the files of the measured path, by name."""
    return {f"priorbench/{name}": path for folder in MEASURED_PATH for name, path in _inside(CORE / folder)}


def plugin_sources(module: str) -> Sources:
    """Return what the code of a plugin is made of.

    Every file of its package counts, data files too, and every file of what it imports, directly or not, as
    far as that is its own distribution's or was not installed from an index (so that no version speaks for
    it). Of a single module that are also the files beside it that it names. Of the core it takes the modules
    outside the measured path that it uses, such as parts of the toolkit.

    Parameters
    ----------
    module : str
        Dotted name of the module that holds the factory.
    """
    owner = _owner(module)
    walk = _Walk(own=frozenset() if owner is None else _distributions_of(owner.name))
    walk.follow([module])
    return walk.found


class _Walk:
    """Follows imports from file to file, each once."""

    def __init__(self, own: frozenset[str]) -> None:
        self.found = Sources()
        self._own = own
        self._seen: set[str] = set()

    def follow(self, names: Iterable[str]) -> None:
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            owner = _core_module(name) if name.partition(".")[0] == "priorbench" else _owner(name)
            if owner is None or owner.name in self._seen:
                continue
            self._seen.add(owner.name)
            if owner.name.partition(".")[0] != "priorbench" and self._is_foreign(owner):
                continue
            if owner.name.startswith("priorbench.") and owner.name.count(".") > 1:
                waiting.append(owner.name.rpartition(".")[0])  # its package's __init__.py runs too
            for file, path in (pair for root in owner.roots for pair in _inside(root)):
                self.found.files[f"{owner.prefix}{file}"] = path
                if path.suffix == ".py":
                    waiting += imported_names(path, owner.package_of(file))
                    if path in owner.roots and not owner.name.startswith("priorbench."):
                        beside = files_beside(path)
                        self.found.files |= {f"{owner.prefix}{name}": one for name, one in beside}

    def _is_foreign(self, owner: _Owner) -> bool:
        """Say whether versions of distributions that are not the plugin's own speak for this; note these."""
        if not owner.installed:
            return False
        distributions = _distributions_of(owner.name)
        if not distributions or distributions & self._own or any(map(_has_no_index, distributions)):
            return False
        self.found.distributions |= distributions
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class _Owner:
    """The package or single module that a dotted name belongs to.

    Attributes
    ----------
    name : str
        Its dotted name.
    roots : tuple of Path
        Its folder (several for a package without ``__init__.py``), or its file.
    installed : bool
        It lies where wheels are installed.
    """

    name: str
    roots: tuple[Path, ...]
    installed: bool = False

    @property
    def prefix(self) -> str:
        """What stands before the names of its files: the folders of the packages around it."""
        return "".join(f"{part}/" for part in self.name.split(".")[:-1])

    def package_of(self, file: str) -> str:
        """Return the package that one of its files is in."""
        if self.roots[0].is_file():
            return self.name.rpartition(".")[0]
        return ".".join([*self.name.split(".")[:-1], *file.split("/")[:-1]])


def _owner(name: str) -> _Owner | None:
    """Return the owner of an imported name; None for the standard library and what is not there.

    It is the outermost package; of packages without ``__init__.py``, which several distributions may share,
    the innermost. Such a folder counts only where the name goes on to a module in it.
    """
    top, *inner = name.split(".")
    if top in sys.stdlib_module_names or top in _SPOKEN_FOR:
        return None
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None:
        return None
    if spec.origin is not None and spec.origin not in ("built-in", "frozen", "namespace"):
        origin = Path(spec.origin)
        root = origin.parent if spec.submodule_search_locations else origin
        return _Owner(name=top, roots=(root,), installed=_is_installed(root))
    roots = tuple(Path(place) for place in spec.submodule_search_locations or () if Path(place).is_dir())
    for part in inner:
        if any((root / f"{part}.py").is_file() for root in roots):
            return _Owner(name=top, roots=roots, installed=any(map(_is_installed, roots)))
        top, roots = f"{top}.{part}", tuple(root / part for root in roots if (root / part).is_dir())
        if any((root / "__init__.py").is_file() for root in roots):
            return _Owner(name=top, roots=roots, installed=any(map(_is_installed, roots)))
    return None


def _core_module(name: str) -> _Owner | None:
    """Return the module of the core that a name belongs to; None where no digest of a plugin needs it."""
    parts = name.split(".")[1:]
    if len(parts) == 1 and parts[0] in _public_face():
        parts = _public_face()[parts[0]].split(".")
    while parts and parts[0] not in (*MEASURED_PATH, *WITHOUT_INFLUENCE):
        path = CORE.joinpath(*parts)
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                shown = [*parts[:-1], file.stem] if file.stem == parts[-1] else [*parts, file.stem]
                return _Owner(name=".".join(["priorbench", *shown]), roots=(file,))
        parts = parts[:-1]  # the last part was no module but a name in one
    return None


@functools.cache
def _public_face() -> Mapping[str, str]:
    """Return name -> module, inside the core, of what is importable from `priorbench` itself."""
    tree = ast.parse((CORE / "__init__.pyi").read_bytes())
    return {
        alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def _inside(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name from the folder around it, file) of a file, or of every file in a folder."""
    for path in _files(root) if root.is_dir() else [root]:
        yield path.relative_to(root.parent).as_posix(), path


def _files(folder: Path, around: tuple[Path, ...] = (), *, linked: bool = False) -> Iterator[Path]:
    """Yield the files of a folder that count, those of the folders in it too.

    Python imports through links to folders. What else is behind one may be a whole data set: there only
    modules count, as far as there are some in each folder on the way.
    """
    with os.scandir(folder) as found:
        inside = sorted((one for one in found if _counts(folder, one.name)), key=lambda one: one.name)
    if linked and (not any(_is_module(one.name) for one in inside) or any(map(folder.samefile, around))):
        return
    for one in inside:
        if one.is_dir():
            yield from _files(folder / one.name, (*around, folder), linked=linked or one.is_symlink())
        elif one.is_file() and (not linked or _is_module(one.name)):
            yield folder / one.name


def _counts(folder: Path, name: str) -> bool:
    """Say whether something in a package's folder may be part of it; compiled code is where it is alone."""
    if name.startswith(".") or name.endswith(_NOT_SOURCE):
        return False
    return not name.endswith(".pyc") or not (folder / f"{name[:-1]}").exists()


def _is_module(name: str) -> bool:
    return name.endswith(_MODULES)


def _is_installed(path: Path) -> bool:
    return any(part in ("site-packages", "dist-packages") for part in path.parts)


@functools.cache
def _distributions_of(name: str) -> frozenset[str]:
    """Return the installed distributions whose wheels have a package; none where no wheel says so.

    Several may share the outermost package. Then those count that have files in the inner one.
    """
    owners = frozenset(_distributions().get(name.partition(".")[0], ()))
    if len(owners) < 2:
        return owners
    place = name.replace(".", "/")
    beginnings = (f"{place}/", f"{place}.")
    return frozenset(one for one in owners if _has_file(one, beginnings)) or owners


def _has_file(distribution: str, beginnings: tuple[str, ...]) -> bool:
    files = importlib.metadata.files(distribution) or ()
    return any(file.as_posix().startswith(beginnings) for file in files)


@functools.cache
def _has_no_index(distribution: str) -> bool:
    """Say whether a distribution came from a folder, a repository or an address: its version may stay.

    Conda says that of what it has built itself.
    """
    about = importlib.metadata.distribution(distribution)
    return (
        bool(about.read_text("direct_url.json")) and (about.read_text("INSTALLER") or "").strip() != "conda"
    )


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()

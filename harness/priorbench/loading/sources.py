"""Which files a result depends on: those of the measured path, and those of a plugin with what it imports.

Nothing is imported to find out: packages are located, and their files are read as text.
"""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from priorbench.loading.imported_names import imported_names

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
_NOT_SOURCE = ("__pycache__", ".pyc", ".pyo", ".nbi", ".nbc", "~")

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
    far as that is its own distribution's or was not installed from a wheel (so that no version speaks for
    it). Of the core it takes the modules outside the measured path that it uses, such as parts of the
    toolkit.

    Parameters
    ----------
    module : str
        Dotted name of the module that holds the factory.
    """
    walk = _Walk(distribution=_distribution(module.partition(".")[0]))
    walk.follow([module])
    return walk.found


class _Walk:
    """Follows imports from file to file, each once."""

    def __init__(self, distribution: str | None) -> None:
        self.found = Sources()
        self._distribution = distribution
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

    def _is_foreign(self, owner: _Owner) -> bool:
        """Say whether an installed distribution other than the plugin's own has this; note its name."""
        if not owner.installed:
            return False
        distribution = _distribution(owner.name.partition(".")[0])
        if distribution is None or distribution == self._distribution:
            return False
        self.found.distributions.add(distribution)
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
    for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
        below = path.relative_to(root.parent)
        if path.is_file() and not any(
            part.startswith(".") or part.endswith(_NOT_SOURCE) for part in below.parts
        ):
            yield below.as_posix(), path


def _is_installed(path: Path) -> bool:
    return any(part in ("site-packages", "dist-packages") for part in path.parts)


def _distribution(package: str) -> str | None:
    """Return the installed distribution whose wheel has a top-level package; None where none says so."""
    owners = _distributions().get(package)
    return owners[0] if owners else None


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()

"""Computes the digests of source code that go into keys; `sources` decides which files count."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import marshal
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from priorbench.errors import PriorbenchError
from priorbench.loading.sources import core_files, plugin_sources
from priorbench.machine.description import NUMERICAL

_IN_EVERY_KEY = frozenset(NUMERICAL)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeDigest:
    """What stands for the code of one factory in a key.

    Attributes
    ----------
    digest : str
        Of every file of it; ``"core"`` for what belongs to the measured path, whose digest is in every key.
    distributions : tuple of str
        Other installed distributions that it imports, and what those require; their versions belong in the
        key.
    files : frozenset of str
        Names of the files that the digest is of; none for the measured path.
    """

    digest: str
    distributions: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()

    def holds(self, module: str) -> bool:
        """Say whether a module is among the files, or part of the core as they are."""
        place = module.replace(".", "/")
        if not self.files:
            return place.partition("/")[0] == "priorbench"
        return not self.files.isdisjoint((f"{place}.py", f"{place}/__init__.py"))


@functools.cache
def core_digest() -> str:
    """Return the digest of the measured path of the core."""
    return digest_of(core_files())


@functools.cache
def code_digest(factory: str) -> CodeDigest:
    """Return the digest of the code behind a factory, without importing it.

    Parameters
    ----------
    factory : str
        ``"module:attribute"``.

    Raises
    ------
    PriorbenchError
        Where no file of it can be found: its results would have keys that no edit changes.
    """
    module = factory.partition(":")[0]
    sources = plugin_sources(module)
    if sources.files:
        distributions = with_requirements(sources.distributions)
        return CodeDigest(
            digest=digest_of(sources.files), distributions=distributions, files=frozenset(sources.files)
        )
    if f"{module.replace('.', '/')}.py" in core_files():
        return CodeDigest(digest="core")
    raise PriorbenchError(
        f"no source file of {factory} can be found, so that an edit of it would go unnoticed: "
        "install it as a package or as a file on the import path"
    )


def with_requirements(distributions: Iterable[str]) -> tuple[str, ...]:
    """Return distributions with everything that they require, directly or not, sorted.

    What is in every key, such as torch, is left out, with its own requirements; so is what only an extra asks
    for. An adapter imports one package, and its results may hang on the packages below that.
    """
    found: set[str] = set()
    waiting = list(distributions)
    while waiting:
        name = waiting.pop()
        if name in found or name in _IN_EVERY_KEY:
            continue
        found.add(name)
        try:
            required = importlib.metadata.requires(name) or ()
        except importlib.metadata.PackageNotFoundError:
            continue
        plain = (line for line in required if "extra ==" not in line)
        waiting += [
            re.sub(r"[-_.]+", "-", match[0]).lower() for line in plain if (match := _NAME.match(line))
        ]
    return tuple(sorted(found))


def digest_of(files: Mapping[str, Path]) -> str:
    """Return a digest of the names and contents of files; compiled code that may be of other texts goes.

    Parameters
    ----------
    files : mapping of str to Path
        Name, which does not depend on where things are installed -> file.

    Raises
    ------
    PriorbenchError
        Where compiled code is of another text, and cannot be removed.
    """
    digest = hashlib.sha256()
    for name in sorted(files):
        if name.endswith(".py"):
            _forget_outdated(files[name])
        with files[name].open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{name}\0{content}\n".encode("utf-8", "backslashreplace"))
    return digest.hexdigest()[:16]


def _forget_outdated(path: Path) -> None:
    """Remove a module's compiled code if its text was changed after that.

    Python takes compiled code for current if the text has the size and the time, in seconds, that it had.
    Nobody can set when a file was changed last in any way, and that is what is compared here.
    """
    compiled = Path(importlib.util.cache_from_source(str(path), optimization=""))
    try:
        about = compiled.stat()
        if min(about.st_mtime_ns, about.st_ctime_ns) > path.stat().st_ctime_ns:
            return
    except OSError:  # there is none
        return
    try:
        compiled.unlink(missing_ok=True)
    except OSError:
        if not _is_of(compiled, path):
            raise PriorbenchError(
                f"the compiled code {compiled} is not that of {path}, and cannot be removed: "
                "Python would run it, and the key would say otherwise"
            ) from None


def _is_of(compiled: Path, path: Path) -> bool:
    """Say whether compiled code is that of a module's text."""
    try:
        code = marshal.loads(compiled.read_bytes()[16:])  # what Python would run
        return bool(code == compile(path.read_bytes(), str(path), "exec", dont_inherit=True, optimize=0))
    except (OSError, ValueError, EOFError, TypeError, SyntaxError):
        return False

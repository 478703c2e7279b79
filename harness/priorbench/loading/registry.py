"""What is installed: every registered spec, by kind and name, with the plugin it came from."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from priorbench.contract.specs import KINDS, AnySpec, Spec
from priorbench.errors import PriorbenchError, UnknownNameError
from priorbench.loading.absent import misnamed, pip_name, told_import_error

if TYPE_CHECKING:
    import pluggy

#: the name of a distribution or a module, and nothing more
_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|[A-Za-z_]\w*")


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginStatus:
    """One plugin, whether it works or not.

    Attributes
    ----------
    name : str
        name of its entry point.
    module : str
        what the entry point names.
    distribution, version : str
        where it comes from.
    status : str, default 'ok'
        "ok", "broken", "conflict", "blocked" or, for a name that only an allow-list or a block-list has,
        "unknown".
    reason : str, default ''
        empty when ok; otherwise one line.
    provides : Mapping[str, tuple[str, ...]], optional
        kind -> names.
    file : str, default ''
        its file, where it is a single file that was named and not installed.
    """

    name: str
    module: str
    distribution: str
    version: str
    status: str = "ok"
    reason: str = ""
    provides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    file: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """A spec and the plugin that gave it."""

    spec: AnySpec
    plugin: PluginStatus


@dataclass(frozen=True, kw_only=True)
class Registry:
    """Everything that plugins registered. Made by `priorbench.loading.load.load_registry`.

    Attributes
    ----------
    specs : Mapping[str, Mapping[str, Registered]]
        kind -> name -> spec, with the plugin that gave it.
    plugins : Sequence[PluginStatus], default ()
        every plugin found, in load order.
    manager : pluggy.PluginManager or None, optional
        the pluggy manager, for observers.
    """

    specs: Mapping[str, Mapping[str, Registered]]
    plugins: Sequence[PluginStatus] = ()
    manager: pluggy.PluginManager | None = None

    def all(self, kind: str) -> Mapping[str, Registered]:
        """Return name -> spec, with its plugin, for a kind (a key of `priorbench.contract.specs.KINDS`)."""
        return self.specs.get(kind, {})

    def find(self, kind: str, name: str) -> Registered:
        """Return the spec called `name`; raise `UnknownNameError` with the nearest name."""
        known = self.all(kind)
        if name not in known:
            raise UnknownNameError(kind, name, known, f"priorbench list {KINDS[kind].plural}")
        return known[name]


def missing_reason(spec: AnySpec) -> str | None:
    """Say why a thing cannot be used here (a required package is missing), or return None."""
    missing = missing_packages(spec)
    if not missing:
        return None
    first = [pip_name(names[0]) for names in missing]
    install = getattr(spec, "install", "") or f"pip install {shlex.join(first)}"
    named = getattr(spec, "licence", "")
    licence = f" (licence of '{spec.name}': {named})" if named else ""
    told = ", ".join(" or ".join(names) for names in missing)
    what = "the package" if len(missing) == 1 else "the packages"
    return f"needs {what} {told}: {install}{licence}"


def missing_packages(spec: AnySpec) -> list[tuple[str, ...]]:
    """Return what a spec requires and is not installed, each with its alternatives."""
    needed = [alternatives(text) for text in getattr(spec, "requires", ())]
    return [names for names in needed if not any(map(is_installed, names))]


def alternatives(requirement: str) -> tuple[str, ...]:
    """Return the names in an entry of `Spec.requires`, any of which will do."""
    return tuple(name.strip() for name in requirement.split("|"))


def is_installed(requirement: str) -> bool:
    """Say whether a distribution is installed, as ``scipy>=1.12`` may ask for it, or a module importable."""
    if not _PLAIN.fullmatch(requirement):
        return _is_installed_so(requirement)
    if _version(requirement) is not None:
        return True
    try:
        return requirement.isidentifier() and importlib.util.find_spec(requirement) is not None
    except (ImportError, ValueError):  # a module that is half there
        return False


def import_factory(spec: Spec) -> Any:
    """Import and return a spec's factory; raise `PriorbenchError` with the reason if that fails."""
    reason = missing_reason(spec)
    if reason:
        raise PriorbenchError(f"{spec.kind} '{spec.name}' cannot be used: {reason}")
    module, _, attribute = spec.factory.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as error:
        told = misnamed(error, spec.factory) or told_import_error(error)
        raise PriorbenchError(
            f"{spec.kind} '{spec.name}' cannot be loaded from {spec.factory}: {told}"
        ) from error


def _is_installed_so(requirement: str) -> bool:
    from packaging.requirements import InvalidRequirement, Requirement  # takes as long as all else here

    try:
        wanted = Requirement(requirement)
    except InvalidRequirement:
        return False
    version = _version(wanted.name)
    return version is not None and wanted.specifier.contains(version, prereleases=True)


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None

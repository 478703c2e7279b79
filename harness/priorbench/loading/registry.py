"""What is installed: every registered spec, by kind and name, with the plugin it came from."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from priorbench.contract.specs import AnySpec, Spec
from priorbench.errors import PriorbenchError, UnknownNameError

if TYPE_CHECKING:
    import pluggy


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
            raise UnknownNameError(kind, name, known)
        return known[name]


def missing_reason(spec: AnySpec) -> str | None:
    """Say why a thing cannot be used here (a required distribution is missing), or return None."""
    missing = [name for name in getattr(spec, "requires", ()) if _version(name) is None]
    if not missing:
        return None
    install = getattr(spec, "install", "") or f"pip install {' '.join(missing)}"
    licence = f" (licence: {spec.licence})" if isinstance(spec, Spec) and spec.licence else ""
    return f"needs the package {', '.join(missing)}: {install}{licence}"


def import_factory(spec: Spec) -> Any:
    """Import and return a spec's factory; raise `PriorbenchError` with the reason if that fails."""
    reason = missing_reason(spec)
    if reason:
        raise PriorbenchError(f"{spec.kind} '{spec.name}' cannot be used: {reason}")
    module, _, attribute = spec.factory.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise PriorbenchError(
            f"{spec.kind} '{spec.name}' cannot be loaded from {spec.factory}: {type(error).__name__}: {error}"
        ) from error


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None

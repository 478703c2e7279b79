"""Where plugins are announced: the ``priorbench`` entry points of the installed distributions."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

#: Entry-point group of the plugins; also the name of our own distribution.
GROUP = "priorbench"
#: plugins that one distribution may announce
MOST_PLUGINS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A plugin that is announced but not loaded yet.

    Attributes
    ----------
    name : str
        name of its entry point.
    module : str
        what the entry point names, ``"module"`` or ``"module:object"``.
    distribution, version : str
        where it comes from.
    load : callable
        imports and returns the plugin; raises whatever the plugin's own code raises.
    file : str, default ''
        its file, where it is a single file that was named and not installed.
    """

    name: str
    module: str
    distribution: str
    version: str
    load: Callable[[], object]
    file: str = ""


def candidates() -> list[Candidate]:
    """Return every announced plugin: our own distribution first, then by distribution and entry-point name.

    A distribution that is found twice on `sys.path` counts once, where import would find it. One whose
    announcement cannot be read becomes a candidate that raises when it is loaded.
    """
    found: dict[str, importlib.metadata.Distribution] = {}
    for distribution in importlib.metadata.distributions():
        if _announces(distribution):
            found.setdefault(_normalised(_name(distribution)), distribution)
    order = sorted(found, key=lambda name: (name != GROUP, name))
    return [candidate for name in order for candidate in _of_distribution(found[name])]


def in_process(plugin: object) -> Candidate:
    """Return the candidate of a plugin object that the caller holds already."""
    name = str(getattr(plugin, "__name__", type(plugin).__name__))
    return Candidate(name=name, module=name, distribution="(in process)", version="", load=lambda: plugin)


def _announces(distribution: importlib.metadata.Distribution) -> bool:
    """Say whether a distribution has our entry-point group, parsing nothing of the many that have not."""
    try:
        text = distribution.read_text("entry_points.txt")
    except Exception:  # somebody else's damaged metadata is not our business
        return False
    return f"[{GROUP}]" in (text or "")


def _of_distribution(distribution: importlib.metadata.Distribution) -> Iterator[Candidate]:
    """Yield the candidates of one distribution, by entry-point name."""
    name, version = _name(distribution), _version(distribution)
    try:
        points = list(distribution.entry_points.select(group=GROUP))
    except Exception as error:
        reason = f"the entry_points.txt of {name} cannot be read ({error}); reinstall it"
        yield Candidate(name=name, module="", distribution=name, version=version, load=_raising(reason))
        return
    if len(points) > MOST_PLUGINS:
        reason = f"{name} announces {len(points):,} plugins; at most {MOST_PLUGINS:,} are allowed"
        yield Candidate(name=name, module="", distribution=name, version=version, load=_raising(reason))
        return
    for point in sorted(points, key=lambda point: (point.name, point.value)):
        yield Candidate(
            name=point.name,
            module=point.value,
            distribution=name,
            version=version,
            load=_loader(point),
        )


def _loader(point: importlib.metadata.EntryPoint) -> Callable[[], object]:
    """Return what imports an entry point, or what says that it cannot be understood."""
    if importlib.metadata.EntryPoint.pattern.match(point.value) is None:
        return _raising(f"the entry point {point.value!r} must be written 'module' or 'module:object'")
    return point.load


def _raising(reason: str) -> Callable[[], object]:
    def load() -> object:
        raise ImportError(reason)

    return load


def _name(distribution: importlib.metadata.Distribution) -> str:
    try:
        return str(distribution.metadata["Name"] or "(unnamed)")
    except Exception:  # no METADATA, or one that is not text
        return "(unnamed)"


def _version(distribution: importlib.metadata.Distribution) -> str:
    try:
        return str(distribution.metadata["Version"] or "")
    except Exception:
        return ""


def _normalised(name: str) -> str:
    """Return the name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()

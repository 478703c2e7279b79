"""What is said of common slips: a bare or a missing noise level, a crop in a name, a lost folder or file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from priorbench.contract.specs import AnySpec, ImageSetSpec, NoiseSpec, Spec
from priorbench.errors import PriorbenchError, UnknownNameError, nearest_path
from priorbench.loading.registry import Registry, import_factory
from priorbench.parameters.levels import checked_level
from priorbench.parameters.values import parameters_of
from priorbench.suite.notation import ChoiceError, RawChoice
from priorbench.words import visible

#: keys of every entry that are no parameters
_RESERVED = ("label", "grid")
#: a file in a package, as ``package:file``
_RESOURCE = re.compile(r"[A-Za-z_][\w.]+:")
#: Python files of the working folder that are searched for a name, and bytes of each
_FILES, _FILE_BYTES = 50, 2**18
#: how like a known name one is that is only misspelt
_MISSPELT = 0.75
#: how a spec names its code, as ``module:attribute``
_CODE = re.compile(r"[^\W\d][\w.]*:[^\W\d]\w*")
_SIZE = re.compile(r"(?P<name>.+)-(?P<size>\d+)\Z")


def of_unknown_name(kind: str, name: str, registry: Registry) -> str:
    """Return what is to be written in the place of an unknown name; empty where there is no telling.

    Parameters
    ----------
    kind : str
        a key of `priorbench.contract.specs.KINDS`.
    name : str
        as it was written.
    registry : Registry
        what is installed.
    """
    if kind == NoiseSpec.kind and _is_level(name):
        levels = {
            spec.name: spec.level[0]
            for one in registry.all(kind).values()
            if isinstance(spec := one.spec, NoiseSpec) and spec.level and not spec.preset
        }
        some = next(iter(sorted(levels)), "")
        return f"'{name}' is a level: name the noise, too, as '{some}:{levels[some]}={name}'" if some else ""
    found = _SIZE.match(name)
    if kind == NoiseSpec.kind and found and found["name"] in registry.all(kind):
        spec = registry.find(kind, found["name"]).spec
        if isinstance(spec, NoiseSpec) and spec.level and not spec.preset:
            return f"there is no '{name}' by name: write '{found['name']}:{spec.level[0]}={found['size']}'"
    if kind == ImageSetSpec.kind and found and found["name"] in registry.all(kind):
        spec = registry.find(kind, found["name"]).spec
        if isinstance(spec, Spec) and "crop" in _parameters(spec):
            return f"write '{found['name']}:crop={found['size']}' for its middles of that size"
    return ""


def of_unknown(
    error: UnknownNameError, kind: str, name: str, registry: Registry, *, path: str = "", hint: str = ""
) -> str:
    """Return what is said of an unknown name: of a path, of a common slip, or which names there are.

    Parameters
    ----------
    error : UnknownNameError
        what `priorbench.loading.registry.Registry.find` raised.
    kind : str
        a key of `priorbench.contract.specs.KINDS`.
    name : str
        as it was written.
    registry : Registry
        what is installed.
    path : str, default ''
        what may be a path; the name where it is empty.
    hint : str, default ''
        what is added, unless it is a path.
    """
    if told := of_a_path(kind, path or name, registry):
        return told
    if slip := of_unknown_name(kind, name, registry) or of_code(kind, name, registry):
        return f"unknown {kind} '{visible(name)}': {slip}{hint}"
    return f"{told_with_file(error, registry)}{hint}"


def of_unreadable(kind: str, text: str, error: ChoiceError, registry: Registry) -> list[str]:
    """Return what is wrong with a command-line text that cannot be read: with its name, too.

    Parameters
    ----------
    kind : str
        a key of `priorbench.contract.specs.KINDS`.
    text : str
        as it was written.
    error : ChoiceError
        why it cannot be read.
    registry : Registry
        what is installed.
    """
    messages = [message for _, message in error.problems]
    name = text.partition(":")[0].strip()
    try:
        registry.find(kind, name)
    except UnknownNameError as unknown:
        if code := of_code(kind, text.strip(), registry):
            return [code]
        if name:
            return [of_unknown(unknown, kind, name, registry), *messages]
    return messages


def of_code(kind: str, text: str, registry: Registry) -> str:
    """Return the name of the thing whose code a text names as ``module:attribute``; empty where it does not.

    Parameters
    ----------
    kind : str
        a key of `priorbench.contract.specs.KINDS`.
    text : str
        as it was written; the code may be misspelt, too.
    registry : Registry
        what is installed.
    """
    if not _CODE.fullmatch(text):
        return ""
    specs = (one.spec for one in registry.all(kind).values())
    names = {spec.factory: spec.name for spec in specs if isinstance(spec, Spec)}
    near = difflib.get_close_matches(text, names, n=1, cutoff=_MISSPELT)
    if not near:
        return ""
    return f"a {kind} is named, not its code: did you mean '{names[near[0]]}', whose code is {near[0]}?"


def of_a_path(kind: str, name: str, registry: Registry) -> str:
    """Return what is said of a path where an image set is wanted; empty where there is nothing to say.

    Parameters
    ----------
    kind : str
        a key of `priorbench.contract.specs.KINDS`.
    name : str
        as it was written.
    registry : Registry
        what is installed.
    """
    if kind != ImageSetSpec.kind:
        return ""
    path, shown = Path(name).expanduser(), visible(name)
    if path.is_dir():
        return _of_a_folder(shown, registry)
    if path.is_file():
        return (
            f"'{shown}' is a file, not an image set: give the folder it is in "
            f"({visible(str(path.parent))}); 'priorbench denoise' takes single pictures"
        )
    if not (set("/.~") & set(name)):
        return ""
    near = f"{nearest_path(path)} Image sets" if nearest_path(path) else ""
    lost = f"there is no folder '{shown}', and no image set of that name{visible(near)}"
    return f"{lost}: {', '.join(sorted(registry.all(kind)))}"


def _of_a_folder(shown: str, registry: Registry) -> str:
    """Return how the folder of a path becomes an image set."""
    specs = (one.spec for one in registry.all(ImageSetSpec.kind).values())
    takes = next((spec for spec in specs if isinstance(spec, ImageSetSpec) and spec.takes_folder), None)
    if takes is None:
        return f"'{shown}' is a folder, and no image set that is installed takes one"
    name, parameter = takes.name, takes.label_from
    typed = f"{name}:{parameter}={shown}"
    return f"'{shown}' is a folder: write '{name}: {{{parameter}: {shown}}}' (on the command line '{typed}')"


def told_with_file(error: UnknownNameError, registry: Registry) -> str:
    """Return what is said of an unknown name: a plugin that is broken, or a file, may be what has it."""
    broken = [plugin for plugin in registry.plugins if plugin.status == "broken"]
    if broken:
        told = "; ".join(f"plugin '{plugin.name}' is broken: {plugin.reason}" for plugin in broken)
        return f"{error}; what a broken plugin has is missing here ({told})"
    hint = _of_a_file(error.name)
    misspelt = difflib.get_close_matches(error.name.lower(), error.known, n=1, cutoff=_MISSPELT)
    if not hint and (misspelt or ":" in error.name):
        return str(error)
    return f"{error}; {hint or 'if a file of yours registers it, add --plugin FILE.py'}"


def _of_a_file(name: str) -> str:
    """Return what to add to the command line for a name that a file of the working folder registers."""
    for file in sorted(Path().glob("*.py"))[:_FILES]:
        try:
            with file.open("rb") as stream:
                text = stream.read(_FILE_BYTES).decode("utf-8", "replace")
        except OSError:
            continue
        if "hookimpl" in text and re.search(rf"""(["']){re.escape(name)}\1""", text):
            return f"{visible(str(file))} has it: add --plugin {visible(str(file))}"
    return ""


def of_default_level(raw: RawChoice, spec: AnySpec, parameters: Mapping[str, Any]) -> str:
    """Return what is said of a noise whose level was not written; empty where it was.

    Parameters
    ----------
    raw : RawChoice
        as it was written.
    spec : AnySpec
        of the noise; the level of a preset is in its name.
    parameters : Mapping[str, Any]
        all its parameters.
    """
    if not isinstance(spec, NoiseSpec) or spec.preset:
        return ""
    levels = [name for name in spec.level if name in parameters]
    if not levels or {*raw.parameters, *raw.grid} & set(levels):
        return ""
    told = ",".join(f"{name}={_level_text(parameters[name])}" for name in levels)
    return f"no level is written, so it is the default: {raw.name}:{told}"


def _level_text(value: Any) -> str:
    """Return a level as people write it: 25/255 where it is one of these."""
    if isinstance(value, float) and 0 < value < 1 and abs(value * 255 - round(value * 255)) < 1e-9:
        return f"{round(value * 255)}/255"
    return f"{value:g}" if isinstance(value, float) else str(value)


def of_unknown_parameter(name: str) -> str:
    """Return a hint for a parameter that may be meant for a key of every entry; empty where it is none."""
    near = difflib.get_close_matches(name.lower(), _RESERVED, n=1, cutoff=0.7)
    return f"did you mean '{near[0]}'?" if near else ""


def placed_beside(raw: RawChoice, registry: Registry, folder: Path | None) -> tuple[RawChoice, str]:
    """Return an entry with the relative path of its image set taken from a folder, and what is wrong with it.

    Parameters
    ----------
    raw : RawChoice
        as it was written; what is no image set with a path is returned as it is.
    registry : Registry
        what is installed.
    folder : Path or None
        of the suite file; None = paths stay as they are.
    """
    registered = registry.all(ImageSetSpec.kind).get(raw.name)
    spec = None if registered is None else registered.spec
    if not isinstance(spec, ImageSetSpec):
        return raw, ""
    moved = dict(raw.parameters)
    for name in dict.fromkeys((spec.label_from, *spec.places, *spec.files)):
        written = raw.parameters.get(name)
        if not isinstance(written, str) or not written or _RESOURCE.match(written):
            continue
        place = Path(written).expanduser() if folder is None else folder / Path(written).expanduser()
        if not place.exists():
            return raw, _missing(name, place, written)
        if folder is not None and not written.startswith("~"):  # other machines have other homes
            # a place is not part of what a set is, and a list is as it was written
            moved[name] = str(place if name in spec.files else place.absolute())
    return replace(raw, parameters=moved), ""


def _missing(parameter: str, place: Path, written: str) -> str:
    here = Path(written).expanduser()
    lost = f"{parameter}: there is no '{visible(str(place))}'{visible(nearest_path(place))}"
    if here == place or not here.exists():
        return lost
    return (
        f"{lost}: a path in a suite file is relative to the file's folder; the working folder has one: write"
        f" {visible(str(here.absolute()))}"
    )


def _is_level(name: str) -> bool:
    try:
        checked_level(name)
    except (ValueError, TypeError):
        return False
    return True


def _parameters(spec: Spec) -> set[str]:
    try:
        return {one.name for one in parameters_of(spec, import_factory(spec))}
    except PriorbenchError:
        return set()

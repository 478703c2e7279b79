"""What registering a plugin and importing its code bring in, and what they lack: for every kind of thing."""

from __future__ import annotations

from priorbench.errors import PriorbenchError
from priorbench.loading.absent import absent_package, misnamed, pip_name
from priorbench.loading.registry import PluginStatus, missing_packages
from priorbench.loading.rejection import describe
from priorbench.testing.registering import file_seconds, heavy_imports
from priorbench.testing.results import Check, Finding, Skip
from priorbench.testing.subject import Subject
from priorbench.testing.undeclared import undeclared
from priorbench.words import one_line

#: seconds for the import of a plugin file, beyond torch and numpy, that are worth a word
_SLOW = 1.0
#: what a factory names, where a plugin is one file
_FILE_MODULE = "The module of a plugin file is the file's name without .py"


def lazy_registration(subject: Subject) -> Finding | Skip | None:
    """`priorbench list` must stay instant, whatever is installed."""
    if _plugin(subject).file:
        return _slow_file(subject.setting.plugin)
    heavy = heavy_imports(subject.setting.plugin)
    if not heavy:
        return None
    return Finding(
        expected="registering the plugin imports neither torch nor numpy",
        seen=f"it imports {' and '.join(heavy)}",
        mend="move the imports to the module that the factory names; the module of the hooks imports only "
        "priorbench",
    )


def _slow_file(plugin: str) -> Finding | Skip:
    """Methods and hooks of one file come together, so that it may import torch; each command waits for it."""
    seconds = file_seconds(plugin)
    if seconds < _SLOW:
        return Skip("it is one file, which is not installed, and it is imported quickly")
    return Finding(
        expected=f"a plugin file is imported in less than {_SLOW:g} s, torch and numpy apart",
        seen=f"importing it takes {seconds:.1f} s, in each command and each process",
        mend="import what is slow inside denoise, iterate or __init__: "
        f"python -X importtime -c 'import {plugin}' tells what is",
        warning=True,
    )


def imports(subject: Subject) -> Finding | None:
    """Nothing can be said of code that is not there, or needs what is not there."""
    try:
        subject.factory  # noqa: B018
    except PriorbenchError as error:
        return Finding(
            expected=f"{subject.spec.factory} can be imported",
            seen=one_line(error if error.__cause__ is None else describe(error.__cause__)),
            mend=_mend_import(subject, error.__cause__),
        )
    return None


def dependencies(subject: Subject) -> Finding | None:
    """Who installs the plugin gets what it imports, or is told what is missing."""
    plugin = _plugin(subject)
    found = undeclared(subject.spec.factory, subject.spec.requires, plugin.distribution)
    if not found:
        return None
    verb = "is" if len(found) == 1 else "are"
    names = ", ".join(f'"{name}"' for name in dict.fromkeys(found.values()))
    also = "" if plugin.file else f"; and {names} to 'dependencies' in pyproject.toml, so that pip brings it"
    return Finding(
        expected="what it imports is in 'requires', or comes with priorbench or with the plugin",
        seen=f"it imports {', '.join(found)}, which {verb} neither in 'requires' nor among the dependencies "
        f"of {'priorbench' if plugin.file else 'priorbench and of the plugin'}",
        mend=f"add requires=({names},) to the spec{also}",
        warning=True,
    )


def _mend_import(subject: Subject, cause: BaseException | None) -> str:
    """Say what to do about a factory that cannot be imported: mostly a package is missing."""
    plugin = _plugin(subject)
    if missing_packages(subject.spec):
        there = "" if plugin.file else "; name it in 'dependencies' of pyproject.toml, too, and pip brings it"
        return f"install it, or correct 'requires' in the spec{there}"
    if wrong := misnamed(cause, subject.spec.factory, plugin.module):
        of_a_file = plugin.file and isinstance(cause, ModuleNotFoundError)
        stop = "" if wrong.endswith("?") else "."
        return f"{wrong}{stop} {_FILE_MODULE}" if of_a_file else wrong
    package = absent_package(cause)
    if not package:
        return f"python -c 'import {subject.spec.factory.partition(':')[0]}' shows where it fails"
    name = pip_name(package)
    also = "" if plugin.file else f" and \"{name}\" to 'dependencies' in pyproject.toml"
    return f'pip install {name}; so that others are told: add requires=("{name}",) to the spec{also}'


def _plugin(subject: Subject) -> PluginStatus:
    """Return the plugin that registered a thing."""
    plugins = subject.setting.registry.plugins
    return next(plugin for plugin in plugins if plugin.name == subject.setting.plugin)


LAZY = Check(
    name="lazy-registration", what="registering it imports neither torch nor numpy", run=lazy_registration
)
IMPORTS = Check(name="imports", what="its factory can be imported", run=imports)
DEPENDENCIES = Check(
    name="dependencies", what="what it imports is declared", run=dependencies, needs=("imports",)
)

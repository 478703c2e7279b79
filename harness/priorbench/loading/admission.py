"""Adds plugins to the registry one by one; a plugin with an error is left out completely."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import itertools
import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pluggy

from priorbench.contract import hookspecs
from priorbench.contract.specs import KINDS, AnySpec
from priorbench.errors import suggestion
from priorbench.loading.absent import describe_import
from priorbench.loading.confinement import confined
from priorbench.loading.discovery import GROUP, Candidate
from priorbench.loading.patience import Patience
from priorbench.loading.plain_specs import plain_spec
from priorbench.loading.registry import PluginStatus, Registered
from priorbench.loading.rejection import (
    RejectionError,
    TooLongError,
    describe,
    place_of,
)
from priorbench.words import one_line

#: specs that one hook of a plugin may give
MOST_SPECS = 1000
#: characters of a message that are looked at
_MESSAGE = 200
#: what Python says of a field that a spec does not have
_NO_FIELD = re.compile(r"(?P<spec>\w+)\.__init__\(\) got an unexpected keyword argument '(?P<field>\w+)'")
_log = logging.getLogger(__name__)
_HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("priorbench_"))
_Found = Mapping[str, Mapping[str, AnySpec]]


class PluginManager(pluggy.PluginManager):
    """A pluggy manager that knows our hooks and remembers which observers were reported as failing."""

    def __init__(self) -> None:
        super().__init__("priorbench")
        self.add_hookspecs(hookspecs)
        self.reported: set[tuple[str, str]] = set()


class Admission:
    """What has been admitted so far: `manager`, `specs` (kind -> name -> spec) and `statuses`.

    Parameters
    ----------
    patience : Patience
        watches how long each plugin takes.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self.manager = PluginManager()
        self.specs: dict[str, dict[str, Registered]] = {kind: {} for kind in KINDS}
        self.statuses: list[PluginStatus] = []

    def admit(self, candidate: Candidate, *, left_out: str = "") -> None:
        """Load one plugin, unless there is a reason to leave it out, and note how that went."""
        status = PluginStatus(
            name=candidate.name,
            module=candidate.module,
            distribution=candidate.distribution,
            version=candidate.version,
            file=candidate.file,
        )
        if left_out:
            self.statuses.append(dataclasses.replace(status, status="blocked", reason=left_out))
            return
        try:
            found = self._confined(candidate)
        except RejectionError as rejection:
            self.statuses.append(
                dataclasses.replace(status, status=rejection.status, reason=rejection.reason)
            )
            return
        status = dataclasses.replace(
            status, provides={kind: tuple(named) for kind, named in found.items() if named}
        )
        self.statuses.append(status)
        for kind, named in found.items():
            registered = {name: Registered(spec=spec, plugin=status) for name, spec in named.items()}
            self.specs[kind].update(registered)

    def _confined(self, candidate: Candidate) -> _Found:
        """Load a plugin, whatever its code does; only Ctrl-C passes.

        Raises
        ------
        RejectionError
            Where it cannot be used.
        """
        try:
            # What a plugin prints while it loads must not end up in output meant for scripts.
            with (
                confined() as changes,
                contextlib.redirect_stdout(sys.stderr),
                self._patience.turn(candidate.name),
            ):
                found = self._load(candidate)
        except RejectionError:
            raise
        except TooLongError as error:
            place = place_of(error)
            reason = f"{one_line(error)}, and was interrupted" + (f" ({place})" if place else "")
            raise RejectionError("broken", reason) from error
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and self._patience.signalled:
                raise
            raise RejectionError("broken", f"cannot be loaded: {describe(error)}") from error
        for change in changes:
            _log.warning(
                "priorbench: plugin '%s' changes %s when it is loaded; it has been put back",
                candidate.name,
                change,
            )
        return found

    def _load(self, candidate: Candidate) -> _Found:
        """Import, register and question a plugin; leave no trace of one that is rejected."""
        for status in self.statuses:
            if status.name == candidate.name and status.status != "blocked":
                way_out = _way_out(candidate, status)
                raise RejectionError(
                    "conflict", f"the plugin name is already taken by {called(status)}: {way_out}"
                )
        plugin = _import(candidate)
        known_as = self.manager.get_name(plugin)
        if known_as is not None:
            raise RejectionError("conflict", f"{candidate.module} is already loaded as plugin '{known_as}'")
        try:
            _register(self.manager, plugin, candidate.name)
            return {kind: self._collect(plugin, kind, candidate) for kind in KINDS}
        except BaseException:
            # pluggy before 1.7 leaves a plugin with a wrong signature half registered.
            if self.manager.get_plugin(candidate.name) is not None:
                self.manager.unregister(name=candidate.name)
            raise

    def _collect(self, plugin: object, kind: str, candidate: Candidate) -> Mapping[str, AnySpec]:
        """Call a plugin's own hooks of one kind; return name -> spec."""
        hook = KINDS[kind].hook
        found: dict[str, AnySpec] = {}
        for impl in _own_impls(getattr(self.manager.hook, hook), plugin):
            for spec in _call(impl.function, hook, KINDS[kind]):
                if spec.name in found:
                    raise RejectionError("broken", f"hook '{hook}' gives {kind} '{spec.name}' twice")
                taken = self.specs[kind].get(spec.name)
                if taken is not None:
                    ours = taken.plugin.distribution == GROUP
                    way_out = "" if ours else f", or {_way_out(candidate, taken.plugin)}"
                    reason = (
                        f"{kind} '{spec.name}' is already provided by {called(taken.plugin)}: "
                        f"give it another name in its spec{way_out}"
                    )
                    raise RejectionError("conflict", reason)
                found[spec.name] = spec
        return found


def called(status: PluginStatus) -> str:
    """Return a plugin's name and where it comes from, for messages."""
    origin = f"{status.distribution} {status.version}".strip()
    return f"plugin '{status.name}' ({origin})" if origin else f"plugin '{status.name}'"


def _way_out(candidate: Candidate, other: PluginStatus) -> str:
    """Say how to do without one of two plugins that want the same name."""
    if candidate.file or other.file:
        return "leave the file out (--plugin, PRIORBENCH_PLUGIN_FILES) if it is installed, too"
    here = f"{candidate.distribution} {candidate.version}".strip()
    if candidate.name == other.name or other.distribution == GROUP:
        return f"uninstall {here}" + ("" if other.distribution == GROUP else f" or {other.distribution}")
    return f"leave one out: PRIORBENCH_BLOCK_PLUGINS={candidate.name} or ={other.name}"


def _import(candidate: Candidate) -> object:
    """Import a plugin; an interruption is not taken for its failure."""
    try:
        return candidate.load()
    except (KeyboardInterrupt, TooLongError):
        raise
    except BaseException as error:
        raise RejectionError("broken", describe_import(error, candidate.module)) from error


def _register(manager: PluginManager, plugin: object, name: str) -> None:
    """Register a plugin's hooks; reject unknown, unmarked and wrapping ones."""
    try:
        manager.register(plugin, name)
    except pluggy.PluginValidationError as error:
        reason = f"a hook has the wrong signature: {one_line(error)}"
        raise RejectionError("broken", f"{reason}; `priorbench.contract.hookspecs` has it") from error
    except Exception as error:
        raise RejectionError("broken", f"cannot be registered: {describe(error)}") from error
    for hook in _HOOKS:
        function = inspect.getattr_static(plugin, hook, None)
        if inspect.isroutine(function) and not hasattr(function, f"{manager.project_name}_impl"):
            raise RejectionError("broken", f"function '{hook}' is not marked with @priorbench.hookimpl")
    callers = manager.get_hookcallers(plugin) or []
    if not callers:
        raise RejectionError("broken", "registers nothing: no function is marked with @priorbench.hookimpl")
    for caller in callers:
        for impl in _own_impls(caller, plugin):
            if not caller.has_spec() and not impl.optionalhook:
                raise RejectionError(
                    "broken", f"unknown hook '{caller.name}'{suggestion(caller.name, _HOOKS)}"
                )
            if impl.hookwrapper or impl.wrapper:
                raise RejectionError(
                    "broken", f"hook '{caller.name}' must not wrap the hooks of other plugins"
                )


def _own_impls(caller: pluggy.HookCaller, plugin: object) -> list[pluggy.HookImpl]:
    return [impl for impl in caller.get_hookimpls() if impl.plugin is plugin]


def _call(function: Callable[[], object], hook: str, spec_type: type[AnySpec]) -> Iterator[Any]:
    """Call a registration hook and yield its specs, each checked to be of the right type."""
    wanted = f"it must yield {spec_type.__name__}"
    try:
        result = function()
        given = list(itertools.islice(result, MOST_SPECS + 1)) if isinstance(result, Iterable) else None
    except (KeyboardInterrupt, TooLongError):
        raise
    except BaseException as error:
        reason = f"hook '{hook}' raised {describe(error)}{_of_fields(error, spec_type)}"
        raise RejectionError("broken", reason) from error
    if given is None:
        raise RejectionError("broken", f"hook '{hook}' returned {_what(result)}; {wanted}")
    if len(given) > MOST_SPECS:
        raise RejectionError("broken", f"hook '{hook}' gives more than {MOST_SPECS:,} specs, or never ends")
    for spec in given:
        if not isinstance(spec, spec_type):
            raise RejectionError("broken", f"hook '{hook}' gave {_what(spec)}; {wanted}")
        yield plain_spec(spec, spec_type, f"hook '{hook}' gave {_what(spec)}")


def _of_fields(error: BaseException, spec_type: type[AnySpec]) -> str:
    """Return the nearest name, where a spec was given what is no field of it."""
    found = _NO_FIELD.match(str(error)[:_MESSAGE]) if type(error) is TypeError else None
    if found is None or not found["spec"].endswith(spec_type.__name__):
        return ""
    return suggestion(found["field"], [field.name for field in dataclasses.fields(spec_type)])


def _what(value: object) -> str:
    """Name a value that a plugin gave in the place of a spec."""
    if value is None:
        return "nothing (None)"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = getattr(value, "name", None)
    kind = type(value).__name__
    return f"the {kind} '{name[:60]}'" if isinstance(name, str) else f"a value of type {kind}"

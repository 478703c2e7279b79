"""Find and load the plugins; one that is broken is reported with its reason and the rest goes on.

A plugin is an entry point of the group ``priorbench`` naming a module with functions marked `hookimpl`
(see `priorbench.contract.hookspecs`). Each is imported, checked and asked for its specs on its own, so that
whatever goes wrong in it concerns it alone.

The environment decides which plugins are loaded: ``PRIORBENCH_PLUGINS=a,b`` only these (empty: none),
``PRIORBENCH_BLOCK_PLUGINS=x,y`` not these, ``PRIORBENCH_STRICT_PLUGINS=1`` makes every plugin that
cannot be used an error. ``PRIORBENCH_PLUGIN_SECONDS`` limits the time for one plugin (see
`priorbench.loading.patience`). ``PRIORBENCH_PLUGIN_FILES=my_method.py`` names plugins that are single files
(see `priorbench.loading.plugin_files`): they are asked for, so that one which cannot be used is an error.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from priorbench.errors import RequestError, suggestion
from priorbench.loading.admission import Admission, PluginManager, called
from priorbench.loading.discovery import candidates, in_process
from priorbench.loading.patience import Patience
from priorbench.loading.plugin_files import plugin_files
from priorbench.loading.registry import PluginStatus, Registry
from priorbench.loading.rejection import describe

ALLOW_VARIABLE = "PRIORBENCH_PLUGINS"
BLOCK_VARIABLE = "PRIORBENCH_BLOCK_PLUGINS"
STRICT_VARIABLE = "PRIORBENCH_STRICT_PLUGINS"

#: how messages say that a plugin is in a state
_STATES = {"conflict": "cannot be used"}
_log = logging.getLogger(__name__)


def load_registry(
    *,
    allow: Sequence[str] | None = None,
    block: Sequence[str] = (),
    strict: bool | None = None,
    extra_modules: Sequence[object] = (),
) -> Registry:
    """Load the installed plugins and return what they register.

    Parameters
    ----------
    allow : Sequence[str] or None, optional
        names of the only plugins to load; default PRIORBENCH_PLUGINS, and all where that is not set.
    block : Sequence[str], optional
        names of plugins to leave out, in addition to those of PRIORBENCH_BLOCK_PLUGINS.
    strict : bool or None, optional
        whether a plugin that cannot be used is an error; default PRIORBENCH_STRICT_PLUGINS.
    extra_modules : Sequence[object], optional
        plugin objects of this process, loaded after the installed ones whatever the lists say.

    Returns
    -------
    Registry
        The registry. Its `plugins` tell of every plugin, also of those left out, in load order, and of names
        in the lists that no plugin has.

    Raises
    ------
    RequestError
        With one line for each plugin that cannot be used: of single files that were named, and in strict mode
        of all.
    """
    selection = _Selection(allow, block)
    installed = candidates()
    with Patience() as patience:
        admission = Admission(patience)
        for candidate in installed:
            admission.admit(candidate, left_out=selection.reason_against(candidate.name))
        for candidate in plugin_files():
            admission.admit(candidate)
        for plugin in extra_modules:
            admission.admit(in_process(plugin))
    _raise_if_rejected(status for status in admission.statuses if status.file)
    statuses = [*admission.statuses, *selection.unknown_names({candidate.name for candidate in installed})]
    if _strict_by_environment() if strict is None else strict:
        _raise_if_rejected(statuses, f"({STRICT_VARIABLE} makes these errors)")
    return Registry(specs=admission.specs, plugins=tuple(statuses), manager=admission.manager)


def notify(registry: Registry, hook_name: str, **kwargs: Any) -> None:
    """Tell every observer of a hook, one by one; one that raises is logged once and stops no other.

    Parameters
    ----------
    registry : Registry
        whose plugins are told.
    hook_name : str
        an observer hook of `priorbench.contract.hookspecs`.
    **kwargs : Any
        the arguments of the hook, all of them.
    """
    manager = registry.manager
    if manager is None:
        return
    for impl in reversed(getattr(manager.hook, hook_name).get_hookimpls()):  # pluggy's order: last first
        arguments = [kwargs[name] for name in impl.argnames]
        try:
            impl.function(*arguments)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            reported = manager.reported if isinstance(manager, PluginManager) else set()
            if (impl.plugin_name, hook_name) not in reported:
                reported.add((impl.plugin_name, hook_name))
                _log.warning(
                    "priorbench: plugin '%s': its observer %s raised %s (reported once; the run goes on)",
                    impl.plugin_name,
                    hook_name,
                    describe(error),
                )


class _Selection:
    """Which plugins the caller and the environment want."""

    def __init__(self, allow: Sequence[str] | None, block: Sequence[str]) -> None:
        variable = os.environ.get(ALLOW_VARIABLE)
        self._allow_source = "`allow`"
        if allow is None and variable is not None:
            allow, self._allow_source = _names(variable), ALLOW_VARIABLE
        self._allow = allow
        self._block = dict.fromkeys(block, "`block`")
        self._block.update(dict.fromkeys(_names(os.environ.get(BLOCK_VARIABLE, "")), BLOCK_VARIABLE))

    def reason_against(self, name: str) -> str:
        """Say why a plugin is left out; empty if it is not."""
        if name in self._block:
            return f"left out by {self._block[name]}"
        if self._allow is not None and name not in self._allow:
            return f"left out: not among the names of {self._allow_source}"
        return ""

    def unknown_names(self, known: Iterable[str]) -> Iterator[PluginStatus]:
        """Yield a status for each name in the lists that no installed plugin has."""
        known = set(known)
        listed = [*((name, self._allow_source) for name in self._allow or ()), *self._block.items()]
        for name, source in listed:
            if name not in known:
                hint = suggestion(name, known)
                reason = f"{source} names '{name}', but no installed plugin is called that{hint}"
                yield PluginStatus(
                    name=name, module="", distribution="", version="", status="unknown", reason=reason
                )


def _names(text: str) -> tuple[str, ...]:
    """Return the names in a comma-separated list; none for an empty one."""
    return tuple(name for part in text.split(",") if (name := part.strip()))


def _strict_by_environment() -> bool:
    return os.environ.get(STRICT_VARIABLE, "").strip().lower() not in ("", "0", "false", "no", "off")


def _raise_if_rejected(statuses: Iterable[PluginStatus], remark: str = "") -> None:
    """Raise one error that tells of every plugin that cannot be used."""
    problems = [
        f"{called(status)} {_STATES.get(status.status, f'is {status.status}')}: {status.reason}"
        for status in statuses
        if status.status not in ("ok", "blocked")
    ]
    if problems:
        raise RequestError([*problems, remark] if remark else problems)

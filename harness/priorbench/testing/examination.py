"""Makes the checks of one thing in order; skips those that rest on a failed one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from priorbench.contract.specs import KINDS, SuiteSpec
from priorbench.errors import PriorbenchError, UnknownNameError
from priorbench.loading.registry import Registry
from priorbench.suite.hints import told_with_file
from priorbench.suite.resolution import choose
from priorbench.testing.process import CheckHost, DeadError
from priorbench.testing.results import CHECKED, CheckOptions, CheckResult, Finding

#: runs that one check makes at most, each of which may take the time limit
_RUNS = 12
#: what to do with a file that was given in the place of a name
_FILES = {
    ".py": "check what it registers: priorbench check NAME --plugin {}",
    ".yaml": "a suite is checked by: priorbench run {} --dry-run",
    ".yml": "a suite is checked by: priorbench run {} --dry-run",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """One registered thing, the plugin that it comes from, and its parameters (``key=value,...``)."""

    kind: str
    name: str
    plugin: str
    parameters: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A check as the parent knows it: see `priorbench.testing.results.Check`."""

    name: str
    what: str
    needs: Sequence[str] = ()


#: what is told where a process does not get as far as any check
_STARTS = Question(name="starts", what="its plugin can be loaded in a process of its own")


def find(registry: Registry, name: str) -> tuple[Named, ...]:
    """Return what a name means: things that are called so, or everything of the plugin that is.

    Parameters
    ----------
    registry : Registry
        what is installed.
    name : str
        also with parameters, as on the command line: ``my-method:width=32``.

    Raises
    ------
    PriorbenchError
        If there is none, or nothing of it that has checks, or the plugin is broken, or for bad parameters.
    """
    text, (name, colon, parameters) = name, name.partition(":")
    everything = [
        Named(kind=kind, name=each, plugin=entry.plugin.name, parameters=parameters)
        for kind in KINDS
        for each, entry in registry.all(kind).items()
    ]
    status = next((plugin for plugin in registry.plugins if plugin.name == name), None)
    found = [one for one in everything if name in (one.name, one.plugin)]
    called_so = tuple(one for one in found if one.name == name and one.kind in CHECKED)
    if not found and status is not None:
        raise PriorbenchError(
            f"plugin '{name}' is {status.status}: {status.reason or 'it registers nothing'}"
        )
    if not found:
        if (advice := _FILES.get(Path(text).suffix.lower())) and Path(text).is_file():
            raise PriorbenchError(f"'{text}' is a file; {advice.format(text)}")
        plugins = {plugin.name for plugin in registry.plugins}
        error = UnknownNameError("name", name, {one.name for one in everything} | plugins, "priorbench list")
        raise PriorbenchError(told_with_file(error, registry)) from error
    checked = called_so or tuple(one for one in found if one.kind in CHECKED)
    if not checked:
        raise PriorbenchError(f"{found[0].kind} '{name}': there are no checks for this kind")
    if colon and any(one.kind == SuiteSpec.kind for one in checked):
        raise PriorbenchError(f"'{name}' is a suite, which has no parameters: check '{name}' alone")
    if colon:
        for one in checked:
            choose(registry, one.kind, text if one.name == name else f"{one.name}:{parameters}")
    return checked


class Examination:
    """The checks of one thing; results are kept, so that each check is made once.

    Parameters
    ----------
    host : CheckHost
        where they are made; it examines one thing at a time.
    named : Named
        what is examined.
    options : CheckOptions
        how.
    """

    def __init__(self, host: CheckHost, named: Named, options: CheckOptions) -> None:
        self.named = named
        self._host, self._options = host, options
        self._subject = {**asdict(named), "options": asdict(options)}
        self._results: dict[str, CheckResult] = {}
        self.checks = self._begun()

    def results(self, only: Collection[str] = ()) -> Iterator[CheckResult]:
        """Make the checks, all or those named, and yield each result when it is there.

        Raises
        ------
        UnknownNameError
            For a name in `only` that this kind does not have.
        """
        for name in () if _STARTS.name in self.checks else only:
            if name not in self.checks:
                raise UnknownNameError("check", name, self.checks)
        for name in self.checks:
            if not only or name in only or name == _STARTS.name:
                yield self.result(name)
        self._host.release()

    def result(self, name: str) -> CheckResult:
        """Make one check, after those that it needs."""
        if name not in self._results:
            self._results[name] = self._make(self.checks[name])
        return self._results[name]

    def _make(self, check: Question) -> CheckResult:
        for needed in check.needs:
            before = self.result(needed)
            if before.status not in ("passed", "warned"):
                cause = before.reason if before.status == "skipped" else f"the check '{needed}' failed"
                return self._result(check, status="skipped", reason=cause)
        timeout = self._options.timeout
        try:
            if self._host.serving is not self._subject:
                self._host.examine(self._subject)
            answer = self._host.ask(
                check.name, _RUNS * self._options.time_limit if timeout is None else timeout
            )
        except DeadError as death:
            return self._death(check, f"{check.what}, and the process lives on", death)
        found = answer.pop("finding", None)
        warned = answer["status"] == "warned"
        return self._result(check, finding=found and Finding(**found, warning=warned), **answer)

    def _begun(self) -> dict[str, Question]:
        """Return the checks; the one that cannot be passed, where the process does not get so far."""
        try:
            return {check["name"]: Question(**check) for check in self._host.examine(self._subject)}
        except DeadError as death:
            self._results[_STARTS.name] = self._death(_STARTS, _STARTS.what, death)
            return {_STARTS.name: _STARTS}

    def _death(self, check: Question, expected: str, death: DeadError) -> CheckResult:
        finding = Finding(
            expected=expected,
            seen=str(death),
            mend="run it by itself (priorbench denoise), under a debugger; mind memory in C code",
        )
        return self._result(check, status="failed", finding=finding)

    def _result(self, check: Question, **fields: Any) -> CheckResult:
        named = self.named
        return CheckResult(kind=named.kind, name=named.name, check=check.name, what=check.what, **fields)


def check(name: str, options: CheckOptions | None = None, only: Collection[str] = ()) -> list[CheckResult]:
    """Examine what a name means, and return every result.

    Parameters
    ----------
    name : str
        of a denoiser, image set, noise model, operator, stopping rule, metric, experiment or plugin that is
        installed.
    options : CheckOptions or None, optional
        how.
    only : Collection[str], optional
        names of checks; default all.

    Raises
    ------
    PriorbenchError
        If nothing is called so.
    """
    from priorbench.loading.load import load_registry

    results: list[CheckResult] = []
    with CheckHost() as host:
        for named in find(load_registry(), name):
            results += Examination(host, named, options or CheckOptions()).results(only)
    return results

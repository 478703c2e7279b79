"""Asks a child process about a method: its parameters, and what it can do. Nothing of it is imported here.

Nor is torch, which most methods import: to import it takes seconds, and the process that plans needs it only
to know which devices there are. The child has imported it and is asked that, too.

So whatever a method's module does when it is imported, ends the interpreter, changes the working folder or
the environment, prints, it does not do to the process that runs the others. Nor to other methods: each has a
process of its own, so that it cannot answer for another one.
"""

from __future__ import annotations

import functools
import json
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from priorbench.children.hosted import DeadError, Hosted
from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError
from priorbench.machine.devices import device_count, resolve_device
from priorbench.machine.settings import import_path
from priorbench.parameters.values import ParameterProblems

#: characters of an error that are told
_LONGEST = 2000
#: seconds that importing a method may take
PATIENCE = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Abilities:
    """What a method has.

    Attributes
    ----------
    iterative : bool
        ``iterate``: a stopping rule chooses the iterate.
    together : bool
        ``iterate_together``: it can fit several images at once.
    """

    iterative: bool
    together: bool


def abilities(spec: DenoiserSpec) -> Abilities:
    """Return what a method can do: what its spec says, or what a child process finds.

    Raises
    ------
    PriorbenchError
        Where the child cannot import the factory.
    """
    if spec.iterative is False:
        return Abilities(iterative=False, together=False)
    if spec.iterative is not None and spec.together is not None:
        return Abilities(iterative=spec.iterative, together=spec.together)
    found = _asked("abilities", spec)
    return Abilities(
        iterative=found["iterative"] if spec.iterative is None else spec.iterative,
        together=found["together"] if spec.together is None else spec.together,
    )


def check_imports(spec: DenoiserSpec) -> None:
    """Raise `PriorbenchError` with the reason where the factory cannot be imported."""
    _asked("abilities", spec)


def resolved_parameters(spec: DenoiserSpec, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return every parameter of a method, checked and completed: see `priorbench.parameters.values.resolve`.

    Raises
    ------
    ParameterProblems
        With everything that is wrong with what was given.
    PriorbenchError
        Where the factory cannot be imported, or declares its parameters badly.
    """
    parameters: Mapping[str, Any] = _asked("resolve", spec, given=dict(given))["parameters"]
    return parameters


def listed_parameters(spec: DenoiserSpec) -> list[dict[str, Any]]:
    """Return name, type, default and summary of each parameter of a method.

    Raises
    ------
    PriorbenchError
        Where the factory cannot be imported, or declares its parameters badly.
    """
    parameters: list[dict[str, Any]] = _asked("list", spec)["parameters"]
    return parameters


def resolved_device(name: str) -> str:
    """Return the torch device to run on: see `priorbench.machine.devices.resolve_device`.

    Raises
    ------
    PriorbenchError
        If torch does not know the device, it is not there, or torch cannot be imported.
    """
    if name == "cpu" or "torch" in sys.modules:
        return resolve_device(name)
    match _inspector().ask({"question": "device", "name": name}, "torch"):
        case {"error": str() as error}:
            raise PriorbenchError(error[:_LONGEST])
        case {"device": str() as device}:
            return device
    raise PriorbenchError(f"device '{name}': the process that was asked for it gives no answer")


def visible_devices(kind: str) -> int:
    """Return how many devices of a kind this process sees.

    Raises
    ------
    PriorbenchError
        If nobody tells.
    """
    if kind == "cpu" or "torch" in sys.modules:
        return device_count(kind)
    match _inspector().ask({"question": "devices", "kind": kind}, "torch"):
        case {"error": str() as error}:
            raise PriorbenchError(error[:_LONGEST])
        case {"devices": int() as count}:
            return count
    raise PriorbenchError(f"devices of kind '{kind}': the process that was asked for them gives no answer")


def _asked(question: str, spec: DenoiserSpec, **more: Any) -> Mapping[str, Any]:
    request = {"question": question, "spec": asdict(spec), **more}
    answer = _inspector().ask(request, spec.factory)
    match answer:
        case {"subject": str() as subject, "problems": list() as pairs} if all(map(_is_problem, pairs)):
            raise ParameterProblems(subject, [(name, text) for name, text in pairs])
        case {"error": str() as error}:
            raise PriorbenchError(error[:_LONGEST])
        case {"parameters": dict()} if question == "resolve":
            return answer
        case {"parameters": list() as listed} if question == "list" and all(map(_is_parameter, listed)):
            return answer
        case {"iterative": bool(), "together": bool()} if question == "abilities":
            return answer
    raise PriorbenchError(f"importing {spec.factory} writes into the answer")


def _is_problem(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)


def _is_parameter(parameter: Any) -> bool:
    texts = ("name", "type", "summary")
    return (
        isinstance(parameter, dict)
        and {*parameter} == {*texts, "default"}
        and all(isinstance(parameter[name], str) for name in texts)
    )


@functools.cache
def _inspector() -> _Inspector:
    """Return the child of this process."""
    return _Inspector()


class _Inspector:
    """A child process that forks one process for each method, started when it is first asked.

    A forked process imports what this process would at the moment: the import path goes with the question.
    """

    def __init__(self) -> None:
        self._hosted = Hosted("priorbench.suite.inspector")
        self._lock = threading.Lock()
        self._serving = ("", "")
        self._known: dict[str, Mapping[str, Any]] = {}

    def ask(self, request: Mapping[str, Any], factory: str) -> Mapping[str, Any]:
        """Return the answer of the factory's process; what ends or silences that is an answer too."""
        text = json.dumps({**request, "path": import_path()}, default=str)
        with self._lock:
            if text not in self._known:
                answer = self._answer(json.loads(text), factory)
                if "error" in answer:
                    return answer
                self._known[text] = answer
            return self._known[text]

    def _answer(self, request: Mapping[str, Any], factory: str) -> Mapping[str, Any]:
        wanted = (factory, request["path"])
        begun, self._serving = self._serving == wanted, ("", "")
        try:
            answer = (self._hosted.ask if begun else self._hosted.begin)(request, PATIENCE)
        except DeadError as death:
            return {"error": f"importing {factory} gives no answer: {death}"}
        self._serving = wanted
        return answer

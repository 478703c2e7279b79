"""The child process of `inspection`: imports methods, each in a fork of its own, and answers what they take.

What a module prints goes nowhere, but for its last words, where it ends its process.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from priorbench.children.host import serve
from priorbench.children.line import Line
from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import import_factory
from priorbench.loading.rejection import describe
from priorbench.machine.devices import device_count, resolve_device
from priorbench.parameters.values import ParameterProblems, parameters_of, resolve


def main() -> None:
    """Answer until the parent closes the pipe."""
    serve(_prepare, _attend)


def _prepare() -> None:
    """Import what most methods and their parameters need, once for all: that takes most of the time."""
    with contextlib.suppress(Exception):  # a method that needs it says so
        import pydantic  # noqa: F401
        import torch  # noqa: F401


def _attend(request: Mapping[str, Any], line: Line) -> None:
    """Answer what is asked about one method."""
    silence()
    sys.path[:] = request["path"].split(os.pathsep)
    importlib.invalidate_caches()
    asked: Mapping[str, Any] | None = request
    while asked is not None:
        try:
            line.say(answer(asked))
        except (TypeError, ValueError, RecursionError) as error:
            where = asked["spec"]["factory"] if "spec" in asked else "torch"
            line.say({"error": f"{where} has what cannot be told: {describe(error)}"})
        asked = line.hear()


def silence() -> None:
    """Let nothing be read from standard input, and what is printed go nowhere."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(null, standard)


def told_spec(told: Mapping[str, Any]) -> DenoiserSpec:
    """Return a method's spec from a message."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in told.items()
    }
    return DenoiserSpec(**fields)


def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a request asks for, or ``error``, or ``problems`` with the parameters that were given."""
    if request["question"] == "device":
        return _device(lambda: {"device": resolve_device(request["name"])})
    if request["question"] == "devices":
        return _device(lambda: {"devices": device_count(request["kind"])})
    spec = told_spec(request["spec"])
    try:
        return _answer(spec, request)
    except ParameterProblems as error:
        return {"subject": f"{spec.kind} '{spec.name}'", "problems": error.problems}
    except PriorbenchError as error:
        return {"error": str(error)}
    except BaseException as error:
        reason = describe(error)
        return {"error": f"{spec.kind} '{spec.name}' cannot be loaded from {spec.factory}: {reason}"}


def _device(ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return ask()
    except PriorbenchError as error:
        return {"error": str(error)}
    except Exception as error:
        return {"error": f"torch cannot say which devices are there: {describe(error)}"}


def _answer(spec: DenoiserSpec, request: Mapping[str, Any]) -> Mapping[str, Any]:
    factory = import_factory(spec)
    if request["question"] == "resolve":
        return {"parameters": resolve(spec, factory, request["given"])}
    if request["question"] == "list":
        listed = parameters_of(spec, factory)
        return {
            "parameters": [
                {"name": each.name, "type": each.type, "default": each.default, "summary": each.summary}
                for each in listed
            ]
        }
    return {"iterative": hasattr(factory, "iterate"), "together": hasattr(factory, "iterate_together")}

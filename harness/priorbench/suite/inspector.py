"""The child process of `inspection`: imports methods and answers what they take and can do.

One JSON line in, one out. What a module prints goes nowhere.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from priorbench.contract.specs import DenoiserSpec
from priorbench.errors import PriorbenchError
from priorbench.loading.registry import import_factory
from priorbench.loading.rejection import describe
from priorbench.parameters.values import ParameterProblems, parameters_of, resolve


def main() -> None:
    """Answer until the parent closes the pipe."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    for line in requests:
        answers.write(json.dumps(answer(json.loads(line))) + "\n")
        answers.flush()
    os._exit(0)  # threads and handlers that a module left behind have no say


def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a request asks for, or ``error``, or ``problems`` with the parameters that were given."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in request["spec"].items()
    }
    spec = DenoiserSpec(**fields)
    try:
        return _answer(spec, request)
    except ParameterProblems as error:
        return {"subject": f"{spec.kind} '{spec.name}'", "problems": error.problems}
    except PriorbenchError as error:
        return {"error": str(error)}
    except BaseException as error:
        reason = describe(error)
        return {"error": f"{spec.kind} '{spec.name}' cannot be loaded from {spec.factory}: {reason}"}


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


if __name__ == "__main__":
    sys.modules.setdefault("priorbench.suite.inspector", sys.modules["__main__"])
    main()
